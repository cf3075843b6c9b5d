"""What the other services answer: run, review, exercises, quizzes, lessons, progress, notices."""
