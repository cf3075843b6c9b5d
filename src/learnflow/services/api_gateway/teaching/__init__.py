"""What a teacher sees and does: students, grades, alerts, assignments."""
