"""What stops an instance from starting, as a sentence for the person at the terminal."""


class RuntimeProblem(Exception):
    """`str()` of it says what happened and what to do; shown without a traceback."""

    exit_code = 1


class MissingToolError(RuntimeProblem):
    """A program that has to be installed first (Java, Maven, Go): the call cannot work on this machine as it is."""

    exit_code = 2
