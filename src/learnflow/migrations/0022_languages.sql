-- The course is read in the language that stands on the account: those who show its texts may see that, and no more.
grant select (id, language) on users to lf_exercise, lf_course_agent, lf_concepts;
