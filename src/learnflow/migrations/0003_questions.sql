-- Questions and answers: kept by the gateway. Texts are sealed under the student's key.
-- Routes, parts and answers do not point at `questions`: they travel on another topic than the question and may
-- arrive before a question that was asked over the socket.

create table questions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    query text not null,
    code text,
    error text,
    context jsonb not null default '{}',
    language text not null,
    asked_at timestamptz not null default now()
);
create index questions_of_a_student on questions (user_id, asked_at desc, id desc);
create index questions_on_an_exercise on questions (user_id, (context ->> 'exercise_id'));

create table answer_routes (
    query_id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    agent text not null,
    intent text,
    confidence double precision,
    reasons text[] not null
);
create index answer_routes_of_a_student on answer_routes (user_id);

create table answer_parts (
    query_id uuid not null,
    part_no integer not null,
    user_id uuid not null references users (id) on delete cascade,
    agent text not null,
    text text not null,
    primary key (query_id, part_no)
);
create index answer_parts_of_a_student on answer_parts (user_id);

create table answers (
    query_id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    agent text not null,
    answer text not null,
    clarification text,
    details text,
    hint_level smallint,
    hint_levels smallint,
    verified boolean not null,
    tutor text not null,
    finished_at timestamptz not null
);
create index answers_of_a_student on answers (user_id);

grant select, insert, update, delete on questions, answer_routes, answer_parts, answers to lf_api_gateway;
