"""notification: alerts to the student's own teachers, notices, e-mail, subscriptions.

Port 8109. Reads struggle.detected (an alert for each of the student's own teachers) and progress.events (exercise
assigned, mastery changed); writes progress.events (notice sent: the sockets show it).
Owns notifications, subscriptions, notice_levels and email_deliveries.

`texts` has the words. Every notice is sealed under the key of the person it is for, and says nothing of another
person by name. E-mails go out when LEARNFLOW_NOTIFICATION_SMTP_URL is set: `mailer` claims one after the other, outside
of every transaction, and tries again what failed. The text of an e-mail about an account is on no page and in no
event, because it holds a link.
"""
