-- Frames for the students' sockets. Texts in `data` stay sealed; they are opened on the way out.

-- The last number given to a student. Its row is locked until the frame is committed, so numbers of one
-- student appear in their order: whoever has read up to n never misses n - 1.
create table socket_streams (
    user_id uuid primary key,
    last_seq bigint not null check (last_seq > 0)
) with (fillfactor = 70);

create table socket_frames (
    user_id uuid not null,
    seq bigint not null,
    type text collate "C" not null check (type in ('agent', 'part', 'answer', 'notice')),
    data jsonb not null,
    created_at timestamptz not null default now(),
    primary key (user_id, seq)
);
comment on table socket_frames is 'kept for 24 hours, so that a socket can go on where the last one ended';
create index socket_frames_created_at on socket_frames using brin (created_at) with (pages_per_range = 16);

-- Questions that a client named itself: asking again under the same name is the same question.
create table socket_asks (
    query_id uuid primary key,
    user_id uuid not null,
    created_at timestamptz not null default now()
);
create index socket_asks_created_at on socket_asks (created_at);

grant select, insert, update, delete on socket_streams, socket_frames, socket_asks to lf_websocket;
