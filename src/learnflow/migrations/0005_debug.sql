-- Debug: where each student stands on the ladder of hints, and which errors they meet.

-- One ladder per student and exercise, conversation, or line of programs. No personal text: `scope` is an id or a
-- digest, `spent` and `sketch` are digests salted with the student's id, `finding` names a misconception.
create table rungs (
    student_id uuid not null,
    scope text collate "C" not null,
    open smallint not null check (open between 1 and 4),
    opened_at timestamptz not null,
    shown smallint not null check (shown between 1 and open),
    finding text collate "C" not null,
    spent text[] not null default '{}',
    sketch integer[] not null default '{}',
    updated_at timestamptz not null default now(),
    primary key (student_id, scope)
);
comment on table rungs is 'the open rung of each student''s ladder; the next opens after a new attempt or two minutes';
-- the latest programs of a student: does a new one belong to the same line?
create index rungs_of_late on rungs (student_id, updated_at desc);

create table error_patterns (
    student_id uuid not null,
    error_type text collate "C" not null,
    misconception text collate "C" not null,
    seen integer not null check (seen > 0),
    last_seen_at timestamptz not null,
    primary key (student_id, error_type, misconception)
);
comment on table error_patterns is 'how often a student met an error type, by the cause that was found';

grant select, insert, update, delete on rungs, error_patterns to lf_debug;
