-- Rosters that wait for their students, what a class allows, and exercises that teachers give.

create table roster_invitations (
    id uuid primary key default gen_random_uuid(),
    class_id uuid not null references classes (id) on delete cascade,
    email_index bytea not null check (octet_length(email_index) = 32),
    email text not null check (email like 'lf1.%'),
    name text not null check (name like 'lf1.%'),
    invited_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '90 days',
    unique (class_id, email_index)
);
comment on table roster_invitations is 'who was put on a roster and has not joined yet; forgotten after 90 days';
comment on column roster_invitations.email_index is 'HMAC of the address, known here or not';
comment on column roster_invitations.email is 'sealed under the key of the teacher who made the class';
comment on column roster_invitations.name is 'sealed under the key of the teacher who made the class';
create index roster_invitations_of_an_address on roster_invitations (email_index);
create index roster_invitations_expires_at on roster_invitations (expires_at);
grant select, insert, update, delete on roster_invitations to lf_api_gateway;

-- What each class allows its students: the doors of questions and hints ask here.
create view class_limits as
    select e.student_id, c.id as class_id, (c.settings ->> 'hint_ceiling')::integer as hint_ceiling,
           (c.settings ->> 'questions_per_day')::integer as questions_per_day,
           coalesce((c.settings ->> 'model_off')::boolean, false) as model_off, u.timezone
    from enrolments e join classes c on c.id = e.class_id join users u on u.id = c.created_by
    where c.archived_at is null and c.settings <> '{}';
comment on view class_limits is 'limits of the classes that a student is in now; the day is that of the class'' own time zone';

create table assignments (
    id uuid primary key,
    exercise_id text collate "C" not null,
    topic_id text collate "C" not null,
    student_id uuid not null references users (id) on delete cascade,
    assigned_by uuid references users (id) on delete set null,
    assigned_at timestamptz not null default now(),
    due_at timestamptz,
    done_at timestamptz
);
comment on table assignments is 'exercises that teachers gave to students; done when the exercise was passed afterwards';
create unique index assignments_open_once on assignments (student_id, exercise_id) where done_at is null;
create index assignments_of_a_student on assignments (student_id, assigned_at desc, id desc);
create index assignments_by_a_teacher on assignments (assigned_by);
grant select, insert, update, delete on assignments to lf_exercise;

do $$
declare
    service_role text;
begin
    for service_role in select rolname from pg_roles where rolname like 'lf\_%' loop
        execute format('grant select on class_limits to %I', service_role);
    end loop;
end
$$;
