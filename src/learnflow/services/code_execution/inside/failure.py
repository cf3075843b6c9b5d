"""What went wrong in the program: type, message, the exact place, and the values there."""

from __future__ import annotations

from itertools import islice

from learnflow.services.code_execution.inside import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

MAX_MESSAGE = 500


def describe(error: BaseException, source: str, file_name: str) -> dict[str, object]:
    """The error as the answer shows it; lines from 1, columns in characters from 0, ends exclusive."""
    found: dict[str, object] = {"type": type(error).__name__, "message": message_of(error)}
    if isinstance(error, SyntaxError) and error.filename == file_name:
        return found | _syntax_place(error)
    entry = _last_entry(error.__traceback__, file_name)
    if entry is None:
        return found | {"line": None}
    frame = entry.tb_frame
    found |= {"line": entry.tb_lineno, "function": frame.f_code.co_name}
    return found | _span(entry, source) | {"locals": values.describe_all(frame.f_locals)}


def message_of(error: BaseException) -> str:
    """What the exception says; its own `__str__` may be the program's and fail."""
    if isinstance(error, SyntaxError):
        return str(error.msg)[:MAX_MESSAGE]
    try:
        return str(error)[:MAX_MESSAGE]
    except Exception:  # noqa: BLE001 - a message that cannot be read is no message
        return ""


def own_traceback(error: BaseException, file_name: str) -> TracebackType | None:
    """The traceback from the first of the program's own frames on: none of ours above it."""
    entry = error.__traceback__
    while entry is not None and entry.tb_frame.f_code.co_filename != file_name:
        entry = entry.tb_next
    return entry


def _last_entry(entry: TracebackType | None, file_name: str) -> TracebackType | None:
    last = None
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == file_name:
            last = entry
        entry = entry.tb_next
    return last


def _syntax_place(error: SyntaxError) -> dict[str, object]:
    place: dict[str, object] = {"line": error.lineno}
    if error.offset:
        place["column"] = error.offset - 1
    if error.end_offset and error.end_offset > 0:
        place |= {"end_line": error.end_lineno, "end_column": error.end_offset - 1}
    return place


def _span(entry: TracebackType, source: str) -> dict[str, object]:
    positions: Iterator[tuple[int | None, int | None, int | None, int | None]]
    positions = islice(entry.tb_frame.f_code.co_positions(), entry.tb_lasti // 2, None)
    line, end_line, column, end_column = next(positions, (None, None, None, None))
    if line is None or end_line is None or column is None or end_column is None:
        return {}
    lines = source.splitlines()
    return {
        "column": _characters(lines, line, column),
        "end_line": end_line,
        "end_column": _characters(lines, end_line, end_column),
    }


def _characters(lines: list[str], line: int, column_bytes: int) -> int:
    """The compiler counts bytes of UTF-8, people count characters."""
    if not 0 < line <= len(lines):
        return column_bytes
    return len(lines[line - 1].encode()[:column_bytes].decode(errors="replace"))
