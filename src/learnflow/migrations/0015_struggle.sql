-- Struggle: alerts, and the exercises that students are at without having passed them.

create table alerts (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    trigger text collate "C" not null
        check (trigger in ('same_error', 'no_progress', 'low_quiz', 'says_stuck', 'failed_runs')),
    topic_id text collate "C",
    exercise_id text collate "C",
    exercises text[] collate "C" not null default '{}',
    severity text collate "C" not null check (severity in ('low', 'medium', 'high')),
    state text collate "C" not null default 'open' check (state in ('open', 'acknowledged', 'snoozed', 'resolved')),
    since timestamptz not null,
    last_seen_at timestamptz not null,
    times integer not null check (times > 0),
    evidence jsonb not null,
    seen_ids text[] collate "C" not null default '{}',
    acknowledged_by uuid,
    acknowledged_at timestamptz,
    snoozed_until timestamptz,
    resolved_at timestamptz,
    resolved_by uuid,
    resolution text collate "C" check (resolution in ('passed', 'resolved_by_teacher')),
    check ((state = 'resolved') = (resolved_at is not null))
);
comment on table alerts is 'a student who needs help: one open alert per student, trigger and topic';
comment on column alerts.evidence is 'counts, error types and phrases of our own list; never the student''s words or code';
comment on column alerts.seen_ids is 'runs, submissions, attempts and questions that it was seen in, the latest of them';
comment on column alerts.exercises is 'passing one of them closes the alert: those it was seen in, and those assigned since';
-- one open alert per student, trigger and topic
create unique index alerts_one_open on alerts (user_id, trigger, coalesce(topic_id, '')) where state <> 'resolved';
-- a teacher's list: the latest of their students
create index alerts_of_a_student on alerts (user_id, last_seen_at desc, id);
-- snoozed ones that come back
create index alerts_snoozed on alerts (snoozed_until) where state = 'snoozed';

create table open_work (
    user_id uuid not null references users (id) on delete cascade,
    exercise_id text collate "C" not null,
    topic_id text collate "C",
    started_at timestamptz not null,
    active_s double precision not null default 0,
    threshold_s integer not null default 600,
    due_at timestamptz,
    parked_at timestamptz,
    primary key (user_id, exercise_id)
);
comment on table open_work is 'exercises that a student works on and has not passed; active time itself is read from the facts';
comment on column open_work.due_at is 'before this moment the active time cannot have passed the threshold; null while nobody works';
create index open_work_due on open_work (due_at);

grant select, insert, update, delete on alerts, open_work to lf_progress;
