-- Help by POST /debug/hint has no answer among `answers`, and must not be hidden from the attempts after it.

create table hints_had (
    user_id uuid not null references users (id) on delete cascade,
    exercise_id text collate "C" not null,
    rung smallint not null check (rung between 1 and 4),
    primary key (user_id, exercise_id)
);
comment on table hints_had is 'the highest rung of a hint that a student asked for directly, by exercise';
grant select, insert, update, delete on hints_had to lf_api_gateway;
