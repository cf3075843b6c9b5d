"""progress: keeps the log of all facts and says how far a student is.

Port 8106. Reads every topic in its own group, and writes learning.responses (the answer to "how far am I?");
struggle.detected and progress.events follow with mastery and struggle.
Owns events, progress, progress_components and activity_days.

`mastery` holds the formula and the levels, `streaks` the runs of active days, `summary` the sentences.
"""
