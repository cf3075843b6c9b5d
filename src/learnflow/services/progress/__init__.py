"""progress: keeps the log of all facts, says how far a student is, and notices who struggles.

Port 8106. Reads every topic in its own group, and writes learning.responses (the answer to "how far am I?"),
progress.events (mastery changed) and struggle.detected.
Owns events, progress, progress_components, activity_days, exercise_scores, quiz_scores, reported_scores, alerts and
open_work.

`scores` merges what facts say, whatever their order; `mastery` holds the formula and the levels, `overview` all
modules as they are shown, `streaks` the runs of active days, `summary` the sentences. Consistency moves with time
alone: it is worked out when it is read, and stored whenever a student begins a new active day.

`struggle` holds the five rules, `stuck` the phrases of the fourth, `casebook` how alerts open, grow and close;
`watching` applies them to facts, within the transaction that brings them, and to the clock.
"""
