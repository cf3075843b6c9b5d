"""What is said about a program, in the language that its task is told in."""

from learnflow.curriculum import Task
from learnflow.curriculum.languages import in_languages
from learnflow.curriculum.phrases import GradePhrases, load_phrases

PHRASES = in_languages(load_phrases)


def says(task: Task) -> GradePhrases:
    """The sentences of a verdict on this task."""
    return PHRASES.at(task.language).grade
