"""Quizzes: drawn for one person, marked once."""
