"""The day that must work (product.md 7), played through the public API as people would: `./learnflow demo`.

`people` signs in and calls, `past` gives the student the weeks before that day, `quizzes` answers as well as it is told
to, `day` holds the steps, `own_instance` starts a LearnFlow for who has none running.
"""
