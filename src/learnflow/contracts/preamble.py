"""What is ready before a student's program runs: how the two become one run of the sandbox."""

_DRIVER = """\
for _name, _as in ("preamble.py", "preamble.py"), ("handed_in.py", "main.py"):
    with open(_name, encoding="utf-8") as _file:
        _source = _file.read()
    exec(compile(_source, _as, "exec"))
"""


def with_preamble(preamble: str, code: str) -> tuple[str, dict[str, str]]:
    """The program to run and the files beside it; lines of errors are those of `code`."""
    return _DRIVER, {"preamble.py": preamble, "handed_in.py": code}
