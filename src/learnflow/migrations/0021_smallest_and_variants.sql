-- What a submission of an exercise with variants was judged by, and the smallest input that goes wrong in it.
alter table submissions
    add column if not exists variant text,
    add column if not exists smallest text check (smallest like 'lf1.%');
comment on column submissions.variant is 'the variant of the exercise that this student has; null for one without variants';
comment on column submissions.smallest is 'sealed: the verdict on the smallest input found that goes wrong; null until somebody looks';
