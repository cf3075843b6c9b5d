"""Finds the cause of a fault and gives hints before solutions.

Port 8104. Reads debug.requests, writes learning.responses and progress.events.
Owns the tables rungs and error_patterns.

A request is answered from evidence: the program is run in the sandbox with a trace, the real exception is read, the
failing value is followed back to the line that made it, and the ladder of four rungs shows one piece at a time.
No rung states the solution or the edit.
"""
