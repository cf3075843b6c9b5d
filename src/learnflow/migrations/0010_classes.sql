-- Classes: who teaches whom. The gateway keeps them; the others ask `look_at_student`, which also keeps the record
-- of every look. And what the four services that come now need of the kernel's tables.

grant usage on schema keys to lf_course_agent, lf_code_review, lf_exercise, lf_notification;
grant select on keys.student_keys to lf_course_agent, lf_code_review, lf_exercise, lf_notification;
grant select on revoked_sessions to lf_course_agent, lf_code_review, lf_exercise, lf_notification;
grant select, insert, update, delete on limits, state
    to lf_course_agent, lf_code_review, lf_exercise, lf_notification;

create table classes (
    id uuid primary key,
    name text not null check (name like 'lf1.%'),
    join_code text collate "C" not null unique check (join_code ~ '^[A-Z2-9]{8}$'),
    settings jsonb not null default '{}',
    created_by uuid not null references users (id) on delete cascade,
    created_at timestamptz not null default now(),
    archived_at timestamptz
);
comment on table classes is 'a class; its students join by the code, or are put in by a roster';
comment on column classes.name is 'sealed under the key of the teacher who made it';
comment on column classes.settings is 'limits of this class: hint ceiling, questions a day, model off';

create table class_teachers (
    class_id uuid not null references classes (id) on delete cascade,
    teacher_id uuid not null references users (id) on delete cascade,
    is_owner boolean not null default false,
    primary key (class_id, teacher_id)
);
comment on table class_teachers is 'the owner of a class and those whom they share it with';
create index class_teachers_of_a_teacher on class_teachers (teacher_id);

create table enrolments (
    class_id uuid not null references classes (id) on delete cascade,
    student_id uuid not null references users (id) on delete cascade,
    joined_at timestamptz not null default now(),
    primary key (class_id, student_id)
);
comment on table enrolments is 'who learns in which class';
create index enrolments_of_a_student on enrolments (student_id);

create table access_records (
    id uuid primary key default gen_random_uuid(),
    student_id uuid not null references users (id) on delete cascade,
    viewer_id uuid not null,
    viewer_role text not null check (viewer_role in ('student', 'teacher', 'admin')),
    what text collate "C" not null,
    allowed boolean not null,
    at timestamptz not null default now()
);
comment on table access_records is 'every look of another person at a student''s record, the refused ones too';
create index access_records_of_a_student on access_records (student_id, at desc, id desc);

grant select, insert, update, delete on classes, class_teachers, enrolments, access_records to lf_api_gateway;

-- Who teaches whom now: pairs of ids, nothing else.
create view teaching as
    select distinct t.teacher_id, e.student_id
    from class_teachers t join enrolments e using (class_id) join classes c on c.id = t.class_id
    where c.archived_at is null;
comment on view teaching is 'teacher and student of a class that is not archived';

-- May this person see this student's record? Looks of others are recorded, whatever the answer; one row a minute
-- for the same look, so that a page that refreshes itself does not fill the table.
create function look_at_student(viewer uuid, role text, student uuid, what text) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    is_allowed boolean;
begin
    if viewer = student then
        return true;
    end if;
    if not exists (select from users u where u.id = student and u.role = 'student') then
        return false;
    end if;
    is_allowed := role = 'admin'
        or role = 'teacher' and exists (select from teaching t where t.teacher_id = viewer and t.student_id = student);
    insert into access_records (student_id, viewer_id, viewer_role, what, allowed)
    select student, viewer, role, what, is_allowed
    where not exists (
        select from access_records r
        where r.student_id = student and r.viewer_id = viewer and r.what = look_at_student.what
          and r.allowed = is_allowed and r.at > now() - interval '1 minute'
    );
    return is_allowed;
end
$$;

revoke all on function look_at_student from public;
do $$
declare
    service_role text;
begin
    for service_role in select rolname from pg_roles where rolname like 'lf\_%' loop
        execute format('grant select on teaching to %I', service_role);
        execute format('grant execute on function look_at_student to %I', service_role);
    end loop;
end
$$;
