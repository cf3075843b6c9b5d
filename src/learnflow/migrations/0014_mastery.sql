-- Mastery: what the four components of a topic are made of, one small row per student and exercise. Every row can be
-- made anew from `events`; what several facts say is merged so that neither order nor repetition matters.

-- whole and half percentages are decided on what is stored: it must not have been rounded before
alter table progress alter column mastery type double precision;
alter table progress_components alter column score type double precision;

-- a student who is erased takes these rows along
delete from progress p where not exists (select from users u where u.id = p.user_id);
delete from progress_components p where not exists (select from users u where u.id = p.user_id);
delete from activity_days d where not exists (select from users u where u.id = d.user_id);
alter table progress add foreign key (user_id) references users (id) on delete cascade;
alter table progress_components add foreign key (user_id) references users (id) on delete cascade;
alter table activity_days add foreign key (user_id) references users (id) on delete cascade;

alter table activity_days add column last_at timestamptz;
comment on column activity_days.last_at is 'the latest sign of activity on that day';

create table exercise_scores (
    user_id uuid not null references users (id) on delete cascade,
    topic_id text collate "C" not null,
    exercise_id text collate "C" not null,
    attempts integer not null default 0 check (attempts >= 0),
    best double precision not null default 0 check (best between 0 and 100),
    passed boolean not null default false,
    unaided boolean not null default false,
    counted boolean not null default false,
    quality double precision check (quality between 0 and 100),
    reviewed_at timestamptz,
    review_id uuid,
    primary key (user_id, topic_id, exercise_id)
);
comment on table exercise_scores is 'how a student stands in one exercise: the grades merged, and the latest review';
comment on column exercise_scores.unaided is 'passed at least once without any help before';
comment on column exercise_scores.counted is 'passed as an exercise of the course, neither imported nor generated';

create table quiz_scores (
    user_id uuid not null references users (id) on delete cascade,
    topic_id text collate "C" not null,
    quiz_id text collate "C" not null,
    best double precision not null check (best between 0 and 100),
    primary key (user_id, topic_id, quiz_id)
);
comment on table quiz_scores is 'the best attempt at each quiz';

create table reported_scores (
    user_id uuid not null references users (id) on delete cascade,
    topic_id text collate "C" not null,
    activity_type text collate "C" not null check (activity_type in ('exercise', 'quiz', 'code_review', 'concept')),
    score double precision not null check (score between 0 and 100),
    primary key (user_id, topic_id, activity_type)
);
comment on table reported_scores is 'the best score that a service reported by POST /progress; no fact stands behind it';

grant select, insert, update, delete on exercise_scores, quiz_scores, reported_scores to lf_progress;
-- struggle and mastery are students' own: a teacher who tries things out raises no alert
grant select (role) on users to lf_progress;
