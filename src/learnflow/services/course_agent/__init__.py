"""course-agent: lessons made of curriculum parts for one student; what to do next.

Port 8102. Reads concepts.requests (lesson requested); writes learning.responses (the answer) and progress.events
(lesson generated).
Owns no table; lessons lie in the state store, each under `lesson:<student>:<lesson>`, with one list of them for each
student under `lessons:<student>`. The student's id in every key is how the erasure of a student finds them.

`course` gathers the parts that there are, `composing` makes steps of them, `written` of a lesson that was written for
its topic: what has to be known first comes first, and what the student knows is kept short. `next_step` says what to
learn next, and why. `subject` finds the topic that a question names. How far a student is, progress is asked; without
its answer lessons are made for a beginner.
"""
