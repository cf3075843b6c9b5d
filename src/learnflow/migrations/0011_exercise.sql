-- Exercise: what was imported or generated, what students handed in, and what they are at.

create table exercises (
    exercise_id text collate "C" primary key check (exercise_id ~ '^(imported|generated)/[A-Za-z0-9._/-]+$'),
    topic_id text collate "C" not null references topics (id),
    origin text not null check (origin in ('imported', 'generated')),
    title text not null,
    kind text not null check (kind in ('write', 'fix', 'predict', 'parsons')),
    difficulty text not null check (difficulty in ('easy', 'medium', 'hard')),
    task jsonb not null,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table exercises is 'imported and generated exercises, each checked in the sandbox; the course''s own are data of the curriculum';
comment on column exercises.task is 'the exercise in the shape of curriculum.exercises.Task';
comment on column exercises.created_by is 'for whom it was generated; null: imported, for everybody';
create index exercises_of_a_topic on exercises (topic_id, exercise_id);
create index exercises_made_for on exercises (created_by) where created_by is not null;

create table submissions (
    submission_id uuid primary key,
    student_id uuid not null references users (id) on delete cascade,
    exercise_id text collate "C" not null,
    topic_id text collate "C" not null,
    attempt_no integer not null check (attempt_no >= 1),
    code text not null check (code like 'lf1.%'),
    code_hash bytea not null,
    rung smallint not null default 0 check (rung between 0 and 4),
    aided boolean not null default false,
    helped_by text,
    submitted_at timestamptz not null default now(),
    graded_at timestamptz,
    score double precision check (score between 0 and 100),
    passed boolean,
    tests_passed integer,
    tests_total integer,
    error_type text,
    report text check (report like 'lf1.%'),
    unique (student_id, exercise_id, attempt_no),
    check ((graded_at is null) = (score is null))
);
comment on table submissions is 'what students handed in, with the grade; without one it was received while nothing could be run';
comment on column submissions.code is 'sealed: the program, or the answer';
comment on column submissions.report is 'sealed: the verdict on each test, what came out, limits, isolation and build';
comment on column submissions.code_hash is 'keyed hash, to know the same program when it is sent again';
create index submissions_of_a_student on submissions (student_id, submitted_at desc, submission_id desc);

create table drafts (
    student_id uuid not null references users (id) on delete cascade,
    exercise_id text collate "C" not null,
    version integer not null check (version >= 1),
    code text not null check (code like 'lf1.%'),
    code_hash bytea not null,
    saved_at timestamptz not null default now(),
    primary key (student_id, exercise_id, version)
);
comment on table drafts is 'what a student is at; the last fifty versions of each exercise';
comment on column drafts.code is 'sealed: the program so far';
comment on column drafts.code_hash is 'keyed hash: the same text again is no new version';

grant select, insert, update, delete on exercises, submissions, drafts to lf_exercise;
