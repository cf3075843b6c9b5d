"""The course as data: 8 modules, 31 topics, the concept cards and the named misconceptions; no code that serves."""

from learnflow.curriculum.cards import Card, ChoiceCheck, EvalCheck, Example, Misconception, Rounds
from learnflow.curriculum.catalogue import Catalogue, Module, Topic, load_catalogue
from learnflow.curriculum.exercises import Case, Exercise, Task
from learnflow.curriculum.lessons import Lesson, LessonStep, load_lessons
from learnflow.curriculum.loader import Curriculum, load_curriculum
from learnflow.curriculum.practice import load_exercises, load_projects
from learnflow.curriculum.projects import Project
from learnflow.curriculum.quizzes import Option, Question, load_quizzes
from learnflow.curriculum.yaml_files import CurriculumError

__all__ = [
    "Card",
    "Case",
    "Catalogue",
    "ChoiceCheck",
    "Curriculum",
    "CurriculumError",
    "EvalCheck",
    "Example",
    "Exercise",
    "Lesson",
    "LessonStep",
    "Misconception",
    "Module",
    "Option",
    "Project",
    "Question",
    "Rounds",
    "Task",
    "Topic",
    "load_catalogue",
    "load_curriculum",
    "load_exercises",
    "load_lessons",
    "load_projects",
    "load_quizzes",
]
