"""Runs the course's own programs by fork, thousands in a minute. No protection: what the course holds is no danger.

A process of its own: `python -I -S quick_sandbox.py` reads one run a line as JSON, `{code, stdin, files, timeout_s}`,
and answers with what code-execution would: `{status, stdout, error, files}`.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

OUTPUT_BYTES = 65_536


def run(job: dict[str, Any]) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="quick-"))
    seen, inner = folder / "seen", folder / "inner"
    try:
        inner.mkdir()
        given = {"main.py": job["code"], **job["files"]}
        for name, text in given.items():
            (inner / name).parent.mkdir(parents=True, exist_ok=True)
            (inner / name).write_text(text, encoding="utf-8", newline="")
        (folder / "stdin").write_text(job["stdin"], encoding="utf-8", newline="")
        pid = os.fork()
        if pid == 0:
            _become(folder, inner, job["timeout_s"])
            os._exit(_execute(job["code"], seen))
        _, status = os.waitpid(pid, 0)
        return _result(os.waitstatus_to_exitcode(status), folder, inner, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _become(folder: Path, inner: Path, timeout_s: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    os.chdir(inner)
    for number, name, flags in (0, "stdin", os.O_RDONLY), (1, "stdout", os.O_RDWR | os.O_CREAT):
        os.dup2(os.open(folder / name, flags, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.path.insert(0, str(inner))


def _execute(code: str, seen: Path) -> int:
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    try:
        exec(compile(code, "main.py", "exec", dont_inherit=True), main.__dict__)
    except SystemExit as wish:
        return wish.code if isinstance(wish.code, int) else int(wish.code is not None)
    except BaseException as error:  # noqa: BLE001 - whatever ends a program is reported
        line, entry = getattr(error, "lineno", None), error.__traceback__
        while entry is not None:
            line = entry.tb_lineno if entry.tb_frame.f_code.co_filename == "main.py" else line
            entry = entry.tb_next
        seen.write_text(json.dumps({"type": type(error).__name__, "message": str(error), "line": line}))
        return 1
    finally:
        sys.stdout.flush()
    return 0


def _result(code: int, folder: Path, inner: Path, given: dict[str, str]) -> dict[str, Any]:
    seen = folder / "seen"
    error = json.loads(seen.read_text()) if seen.exists() else None
    printed = (folder / "stdout").read_bytes()
    status = "timeout" if code == -signal.SIGALRM else "killed" if code < 0 else "ok" if code == 0 else "error"
    if len(printed) > OUTPUT_BYTES:
        status = "output_limit"
    left = [path for path in sorted(inner.iterdir()) if path.is_file() and path.name not in given]
    files = [{"name": path.name, "text": path.read_text(encoding="utf-8", errors="replace")} for path in left]
    text = printed[:OUTPUT_BYTES].decode("utf-8", "replace")
    return {"status": status, "stdout": text, "error": error, "files": files}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in iter(sys.stdin.readline, ""):
        print(json.dumps(run(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
