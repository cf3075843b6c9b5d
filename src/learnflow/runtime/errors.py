"""What stops an instance from starting, as a sentence for the person at the terminal."""


class RuntimeProblem(Exception):
    """`str()` of it says what happened and what to do; shown without a traceback."""
