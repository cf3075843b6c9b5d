"""progress: keeps the log of all facts, mastery, and says how far a student is.

Port 8106. Reads every topic in its own group, and writes learning.responses (the answer to "how far am I?") and
progress.events (mastery changed); struggle.detected follows.
Owns events, progress, progress_components, activity_days, exercise_scores, quiz_scores and reported_scores.

`scores` merges what facts say, whatever their order; `mastery` holds the formula and the levels, `overview` all
modules as they are shown, `streaks` the runs of active days, `summary` the sentences. Consistency moves with time
alone: it is worked out when it is read, and stored whenever a student begins a new active day.
"""
