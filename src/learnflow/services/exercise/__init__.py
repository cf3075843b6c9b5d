"""Serves and grades exercises: what a program is worth is decided here, outside of the sandbox that ran it.

Port 8105. Reads exercise.requests, writes exercise.generated, code.submissions, learning.responses and progress.events.
Owns the tables exercises, submissions, drafts, quizzes, attempts and assignments.

The exercises of the course are data of the curriculum; the table holds imported and generated ones. A submission is
kept before it is graded: each test is a sandbox of its own, what comes out of it is data, and expected values never go
in. While the sandbox is away nothing gets a wrong grade: the submission stays as received and is sent again.
"""
