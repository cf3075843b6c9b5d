"""HTTP shapes of generated exercises."""

from pydantic import BaseModel

from learnflow.services.exercise.schemas import ExerciseView


class GeneratedView(BaseModel):
    """The new exercises, checked and stored; whoever is not a student sees their reference too."""

    items: list[ExerciseView]
    total: int
    next: None = None
