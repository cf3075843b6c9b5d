-- Quizzes: which questions somebody was given, and how they answered them.

create table quizzes (
    quiz_id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    topic_id text collate "C" not null references topics (id),
    seed bigint not null,
    question_ids text[] not null check (cardinality(question_ids) > 0),
    content text collate "C" not null,
    drawn_at timestamptz not null default now(),
    answered_at timestamptz
);
comment on table quizzes is 'a quiz that was drawn for one person: questions and the order of their options come from the seed';
comment on column quizzes.content is 'digest of the questions as they were: after a change of the course the quiz is drawn anew';
create unique index one_open_quiz on quizzes (user_id, topic_id) where answered_at is null;
create index quizzes_answered on quizzes (user_id, topic_id, answered_at desc) where answered_at is not null;

create table attempts (
    attempt_id uuid primary key,
    quiz_id uuid not null unique references quizzes (quiz_id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    topic_id text collate "C" not null references topics (id),
    answers jsonb not null,
    score real not null check (score between 0 and 100),
    right_count smallint not null check (right_count between 0 and question_count),
    question_count smallint not null check (question_count > 0),
    answered_at timestamptz not null default now()
);
comment on table attempts is 'the answers to a quiz with their score; the best one of a topic counts';
comment on column attempts.answers is 'the letters that were chosen, by question; no words of the student''s own';
create index attempts_of_a_user on attempts (user_id, topic_id, answered_at desc);
create index attempts_latest on attempts (user_id, answered_at desc, attempt_id desc);

grant select, insert, update, delete on quizzes, attempts to lf_exercise;
