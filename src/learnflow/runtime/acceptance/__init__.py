"""The day that must work (product.md 7), played through the public API as people would: `./learnflow demo`.

`people` signs in and calls, `past` gives the student the weeks before that day, `quizzes` answers as well as it is told
to, `day` holds the steps, `whole_topic` the four that follow them (lesson, exercises, quiz and mastery of one topic,
solved by what stands in `own_programs`), `own_instance` starts a LearnFlow for who has none running.
"""
