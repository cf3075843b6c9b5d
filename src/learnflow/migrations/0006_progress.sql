-- Progress: the log of all facts, and what is counted from it.

-- Every fact of every topic, once. Personal text in `data` stays sealed under the student's key.
create table events (
    event_id uuid primary key,
    user_id uuid not null,
    type text collate "C" not null,
    topic text collate "C" not null,
    data jsonb not null,
    time timestamptz not null,
    service text collate "C" not null,
    correlation_id uuid not null,
    traceparent text collate "C",
    received_at timestamptz not null default clock_timestamp()
);
comment on table events is 'the log of all facts; kept for the record''s retention time';
-- one student's facts of a type in their order: counts, struggle rules, rebuilding progress
create index events_of_a_student on events (user_id, type, time);
-- the way of one question, in order
create index events_of_a_question on events (correlation_id, time);
-- retention deletes the oldest: rows arrive in this order, so a block range is enough
create index events_received_at on events using brin (received_at);

create table progress (
    user_id uuid not null,
    topic_id text collate "C" not null,
    mastery numeric(5, 2) not null check (mastery between 0 and 100),
    updated_at timestamptz not null default now(),
    primary key (user_id, topic_id)
);

create table progress_components (
    user_id uuid not null,
    topic_id text collate "C" not null,
    component text collate "C" not null check (component in ('exercises', 'quiz', 'quality', 'consistency')),
    score numeric(5, 2) not null check (score between 0 and 100),
    updated_at timestamptz not null default now(),
    primary key (user_id, topic_id, component)
);

-- Days on which a student did something, in the time zone they had then.
create table activity_days (
    user_id uuid not null,
    day date not null,
    facts integer not null check (facts > 0),
    primary key (user_id, day)
);

grant select, insert, update, delete on events, progress, progress_components, activity_days to lf_progress;
-- Days are counted in the student's own time zone, which stands on the user: these two columns, nothing else.
grant select (id, timezone) on users to lf_progress;
