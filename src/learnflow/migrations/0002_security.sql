-- Keys, accounts, sessions, limits, state and idempotency. Personal text is sealed (lf1.…) or an HMAC.

-- The students' keys have a schema of their own, so that the ordinary backup (pg_dump --exclude-schema=keys)
-- leaves them out: without this table every sealed text of every table is noise.
create schema keys;

create table keys.student_keys (
    student_id uuid primary key,
    wrapped bytea not null check (octet_length(wrapped) = 60),
    created_at timestamptz not null default now()
);
comment on table keys.student_keys is 'one AES-256 key per student, wrapped by the master key; deleting a row erases the student';

-- Who seals and opens texts of the walk reads the keys; only the gateway makes and deletes them.
grant usage on schema keys to lf_api_gateway, lf_triage, lf_concepts, lf_debug, lf_progress, lf_websocket;
grant select on keys.student_keys to lf_api_gateway, lf_triage, lf_concepts, lf_debug, lf_progress, lf_websocket;
grant insert, delete on keys.student_keys to lf_api_gateway;

create table users (
    id uuid primary key,
    role text not null check (role in ('student', 'teacher', 'admin')),
    email_index bytea not null constraint users_email_index_key unique check (octet_length(email_index) = 32),
    email text not null check (email like 'lf1.%'),
    name text not null check (name like 'lf1.%'),
    password_hash text not null,
    language text not null default 'en',
    timezone text not null default 'UTC',
    created_at timestamptz not null default now()
);
comment on column users.email_index is 'HMAC of the normalised address: finds it without holding it';
grant select, insert, update, delete on users to lf_api_gateway;

create table sessions (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text check (end_reason in ('signed_out', 'token_reused', 'password_changed', 'ended_by_user')),
    check ((ended_at is null) = (end_reason is null))
);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);
grant select, insert, update, delete on sessions to lf_api_gateway;

create table refresh_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz
);
comment on table refresh_tokens is 'used ones stay as long as their session, so that a reuse is seen';
create index refresh_tokens_session_id_idx on refresh_tokens (session_id);
grant select, insert, update, delete on refresh_tokens to lf_api_gateway;

create table revoked_sessions (
    session_id uuid primary key,
    until timestamptz not null
);
comment on table revoked_sessions is 'ended sessions whose last access token has not expired yet';
create index revoked_sessions_until_idx on revoked_sessions (until);
grant select, insert, update, delete on revoked_sessions to lf_api_gateway;
-- Every service refuses the tokens of an ended session.
grant select on revoked_sessions to lf_triage, lf_concepts, lf_debug, lf_progress, lf_websocket;

create table signing_keys (
    kid text primary key,
    public_key bytea not null check (octet_length(public_key) = 32),
    private_key bytea,
    created_at timestamptz not null default now(),
    verify_until timestamptz,
    check ((private_key is null) = (verify_until is not null))
);
comment on column signing_keys.private_key is 'wrapped by the master key; null once rotated out';
comment on column signing_keys.verify_until is 'of a rotated key: when its last token has expired; null while it signs';
create unique index signing_keys_one_signs on signing_keys ((true)) where verify_until is null;
grant select, insert, update, delete on signing_keys to lf_api_gateway;

create table service_accounts (
    name text primary key,
    secret_hash bytea not null check (octet_length(secret_hash) = 32)
);
comment on table service_accounts is 'sha256 of a 256 bit secret; written by the migration owner';
grant select on service_accounts to lf_api_gateway;

create table idempotency (
    scope bytea not null,
    route text not null,
    key_hash bytea not null,
    body_hash bytea not null,
    claim uuid not null,
    claimed_until timestamptz not null,
    answer text check (answer like 'lf1.%'),
    expires_at timestamptz not null,
    primary key (scope, route, key_hash)
);
create index idempotency_expires_at_idx on idempotency (expires_at);
grant select, insert, update, delete on idempotency to lf_api_gateway;

-- Kernel tables: shared by the services, each with the least that works.
create table limits (
    name text not null,
    subject text not null,
    hits timestamptz[] not null,
    expires_at timestamptz not null,
    primary key (name, subject)
);
comment on table limits is 'the times of the last uses within the window: exact, and in sum over all instances';
create index limits_expires_at_idx on limits (expires_at);
grant select, insert, update, delete on limits
    to lf_api_gateway, lf_triage, lf_concepts, lf_debug, lf_progress, lf_websocket;

create table state (
    owner name not null default current_user,
    key text not null,
    value jsonb not null,
    etag uuid not null default gen_random_uuid(),
    expires_at timestamptz,
    primary key (owner, key)
);
create index state_expires_at_idx on state (expires_at) where expires_at is not null;
alter table state enable row level security;
create policy own_rows on state using (owner = current_user) with check (owner = current_user);
grant select, insert, update, delete on state
    to lf_api_gateway, lf_triage, lf_concepts, lf_debug, lf_progress, lf_websocket;
