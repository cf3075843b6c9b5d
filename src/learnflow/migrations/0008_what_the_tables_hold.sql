-- Comments that docs/reference/data-model.md shows; a column whose comment begins with "sealed" holds personal text
-- under the student's own key.

comment on table questions is 'what students asked, with the code and the error that it is about';
comment on column questions.query is 'sealed';
comment on column questions.code is 'sealed';
comment on column questions.error is 'sealed';
comment on column questions.context is 'where the student was: ids only';
comment on table answer_routes is 'who answers a question, and why';
comment on column answer_routes.reasons is 'sentences of triage''s own table, never the student''s words';
comment on table answer_parts is 'an answer while it is being made';
comment on column answer_parts.text is 'sealed';
comment on table answers is 'the one final answer to each question';
comment on column answers.answer is 'sealed';
comment on column answers.clarification is 'sealed';
comment on column answers.details is 'sealed; JSON for the page';

comment on table users is 'people; a service is no user';
comment on table sessions is 'where somebody is signed in';
comment on table signing_keys is 'the keys of access tokens; one signs, rotated ones verify until their last token ends';
comment on table idempotency is 'first answers of repeated POSTs';
comment on table state is 'small values by key, each service sees its own';

comment on table bus_log is 'the log of events, and the outbox of every other bus; an event''s personal texts are sealed';
comment on column bus_log.ce is 'sealed inside: the CloudEvent';
comment on table bus_cursor is 'how far a group has read; its locked row is the reader''s lease';
comment on table inbox is 'events that a group has handled';
comment on table bus_attempts is 'how often a group failed on an event';
comment on table work is 'slow work that some worker holds for a second at a time';
comment on column events.data is 'sealed inside: the fact';
comment on table progress is 'mastery of a topic';
comment on table progress_components is 'the four parts that mastery is made of';
comment on table activity_days is 'days on which a student did something, where they live';
comment on table socket_streams is 'the last frame number of a student';
comment on column socket_frames.data is 'sealed inside: opened on the way out';
comment on table socket_asks is 'questions that a client named itself, so that a repeat is the same question';
comment on table modules is 'the eight modules of the course';
comment on table topics is 'the 31 topics of the course';
