"""Runs untrusted Python programs: port 8107, no topics, no tables.

No database, no bus, no model and no secret is within its reach: whoever asked for a run publishes what happened. It
begins with an empty environment in a memory that never held a secret, and learns the gateway's public keys over
loopback.

Every run is a fresh interpreter (`inside/`) that shuts itself in before the first line of the student's program: its
own namespaces and root, a user that owns nothing, rlimits, Landlock and seccomp, as far as this machine offers them.
What it offers is not believed but tried: at start a canary attempts what is forbidden, and the level in every answer
and in `/health` is what the canary saw. Below level 1 nothing is run.
"""
