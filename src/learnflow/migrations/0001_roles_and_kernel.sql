-- The kernel's own tables: the log that is also the outbox, cursors, inbox, claimed work, attempts.
-- The roles lf_* exist already: `migrate.upgrade` makes them before any file runs.

-- (xid, seq) is the order of reading. seq alone would lose events, since numbers are taken before the commit;
-- a row is read only when every transaction that could still come before it has ended (xid < snapshot xmin).
create table bus_log (
    topic text collate "C" not null,
    part smallint not null,
    xid xid8 not null default pg_current_xact_id(),
    seq bigint generated always as identity,
    key text collate "C" not null,
    ce jsonb not null,
    ts timestamptz not null default clock_timestamp(),
    primary key (topic, part, xid, seq)
);

-- One row for each reading group and partition: where it stands, and (by its row lock) who reads.
-- retry_at: a failed event waits, and with it its partition, so that the order of a key is kept.
create table bus_cursor (
    grp text collate "C" not null,
    topic text collate "C" not null,
    part smallint not null,
    xid xid8 not null default '0',
    seq bigint not null default 0,
    retry_at timestamptz,
    moved_at timestamptz not null default clock_timestamp(),
    primary key (grp, topic, part)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- An event that a group has handled (or given up on), written with the effect.
create table inbox (
    grp text collate "C" not null,
    event_id uuid not null,
    at timestamptz not null default now(),
    primary key (grp, event_id)
);
create index inbox_at on inbox using brin (at);

-- Failed attempts of an event that is neither handled nor dead yet.
create table bus_attempts (
    grp text collate "C" not null,
    event_id uuid not null,
    attempts smallint not null,
    at timestamptz not null default now(),
    primary key (grp, event_id)
);

-- Slow work: claimable when lease_until has passed.
create table work (
    grp text collate "C" not null,
    event_id uuid not null,
    ce jsonb not null,
    state text not null default 'waiting' check (state in ('waiting', 'running')),
    lease_token uuid,
    lease_until timestamptz not null default now(),
    attempts smallint not null default 0,
    created_at timestamptz not null default now(),
    primary key (grp, event_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index work_next on work (grp, lease_until);

do $$
declare
    service_role text;
begin
    for service_role in select rolname from pg_roles where rolname like 'lf\_%' loop
        execute format('grant usage on schema public to %I', service_role);
        -- nobody changes what is in the log
        execute format('grant select, insert on bus_log to %I', service_role);
        execute format('grant select, insert, update on bus_cursor to %I', service_role);
        execute format('grant select, insert on inbox to %I', service_role);
        execute format('grant select, insert, update, delete on bus_attempts, work to %I', service_role);
    end loop;
end
$$;

-- progress keeps the log of all facts, so it is the one that trims what everybody has read (kit.bus.retention)
grant delete on bus_log, inbox to lf_progress;
