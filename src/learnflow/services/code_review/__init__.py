"""Judges how a program is written: correctness, style, efficiency, readability, each 0-100, and what to look at next.

Port 8103. Reads code.submissions, writes learning.responses and progress.events. Owns no table.

ruff and rules of our own find facts, tests or a run of the program show whether it works, and a data file says what a
fact costs and asks a question about it. At most three remarks and one true praise; never a rewritten program.
"""
