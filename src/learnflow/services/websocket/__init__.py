"""websocket: live chat and live updates.

Port 8108. Reads learning.responses, struggle.detected and progress.events; writes learning.requests (questions
asked over a socket). Owns socket_streams, socket_frames (24 hours) and socket_asks.

Events become rows of `socket_frames`, numbered per student; a wake-up tells every instance, and the one that holds
the student's socket reads what it has not sent yet. `frames` says what a frame is, `connection` is one socket's
bounded queue, `hub` holds all of them, `sockets` speaks the protocol.
"""
