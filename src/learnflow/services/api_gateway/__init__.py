"""api-gateway: the one public door.

Accounts and tokens, the public REST API under /api/v1, limits and CORS. It keeps questions and answers, and waits for
or streams an answer that comes back over `learning.responses`.

Tables: users, sessions, service_accounts, questions, answers, answer_parts, classes, class_teachers, enrolments,
roster_invitations, access_records.
"""
