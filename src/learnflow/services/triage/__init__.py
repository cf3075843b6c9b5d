"""triage: decides who answers a question, with confidence and reasons, and asks when unsure.

Port 8100. Reads learning.requests; writes concepts.requests, debug.requests, code.submissions,
exercise.requests, progress.events (a progress question) and learning.responses (who was chosen, and the
answers that triage gives itself). Owns no table.

`routing` holds the decision: facts (`features`) and wordings (`cues.toml`) add up to a confidence for each
of seven intents. `replies` holds what triage says itself: the clarifying questions, and the honest answer
when the service that should answer is not built yet.
"""
