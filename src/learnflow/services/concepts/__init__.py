"""concepts: explains a concept at the student's level, with examples that ran.

Port 8101. Reads concepts.requests; writes learning.responses (the answer) and progress.events (what was explained).
Owns no table; keeps explanations for an hour in the state store.

`search` finds the card for a question: aliases, names in the code, BM25. `composing` writes the answer from the card
and, when there is code, from the student's own lines: `reading` says what stands there, `walk` what happened when the
sandbox ran it. A question without code is answered in the handler's transaction; one with code is slow work, because
a program runs for it.
"""
