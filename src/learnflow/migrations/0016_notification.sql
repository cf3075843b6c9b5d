-- Notices to people, what each of them wants to hear of, and e-mails that are still to be sent.

create table notifications (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    -- whom it is about: gone with them, too
    student_id uuid references users (id) on delete cascade,
    kind text collate "C" not null
        check (kind in ('alert', 'alert_resolved', 'assignment', 'mastery', 'message', 'account')),
    title text not null check (title like 'lf1.%'),
    message text not null check (message like 'lf1.%'),
    about jsonb not null default '{}',
    on_page boolean not null default true,
    -- several in one transaction keep their order
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    read_at timestamptz,
    closed_at timestamptz
);
comment on table notifications is 'notices: to whom, about whom, read or not';
comment on column notifications.title is 'sealed under the key of the person it is for';
comment on column notifications.message is 'sealed under the key of the person it is for';
comment on column notifications.about is 'ids, counts and error types: what the page links to';
comment on column notifications.on_page is 'false: the person wants this kind by e-mail alone';
comment on column notifications.closed_at is 'of an alert: when it was resolved';
create index notifications_of_a_person on notifications (user_id, created_at desc, id desc) where on_page;
create index notifications_of_an_alert on notifications ((about ->> 'alert_id'), user_id, created_at desc)
    where kind = 'alert';
create index notifications_about on notifications (student_id) where student_id is not null;

create table subscriptions (
    user_id uuid not null references users (id) on delete cascade,
    channel text collate "C" not null check (channel in ('page', 'email')),
    kinds text[] collate "C" not null,
    updated_at timestamptz not null default now(),
    primary key (user_id, channel)
);
comment on table subscriptions is 'which kinds of notices a person wants by which channel; without a row: all on the page, none by e-mail';

create table notice_levels (
    user_id uuid not null references users (id) on delete cascade,
    topic_id text collate "C" not null,
    level smallint not null check (level between 0 and 3),
    primary key (user_id, topic_id)
);
comment on table notice_levels is 'the highest level of each topic that a student was told of';

create table email_deliveries (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    address text check (address like 'lf1.%'),
    title text not null check (title like 'lf1.%'),
    message text not null check (message like 'lf1.%'),
    attempts smallint not null default 0,
    next_at timestamptz not null default now(),
    expires_at timestamptz not null
);
comment on table email_deliveries is 'e-mails that are still to be sent; the row goes when it was taken or its time is over';
comment on column email_deliveries.address is 'sealed under the person''s key: another address than the account''s, a guardian''s';
comment on column email_deliveries.title is 'sealed under the person''s key';
comment on column email_deliveries.message is 'sealed under the person''s key';
create index email_deliveries_next on email_deliveries (next_at);
create index email_deliveries_of_a_person on email_deliveries (user_id);

grant select, insert, update, delete on notifications, subscriptions, notice_levels, email_deliveries to lf_notification;
-- where an e-mail goes; the address itself is sealed
grant select (id, email, language) on users to lf_notification;

-- alerts for the sockets of the student's own teachers
alter table socket_frames drop constraint socket_frames_type_check, add constraint socket_frames_type_check
    check (type in ('agent', 'part', 'answer', 'notice', 'alert'));
