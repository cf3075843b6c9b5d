"""LearnFlow: learning Python with a tutor that runs the code before it speaks."""

__version__ = "0.1.0"
