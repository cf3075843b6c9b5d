"""The small parts of the child: its words, its view of values and errors, the files it brings home."""

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.code_execution.inside import failure, files, values, wire
from learnflow.services.code_execution.left_files import MAX_ALL_BYTES, MAX_FILES, Collector
from learnflow.services.code_execution.reported import OutputFile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_a_message_is_json(value: object) -> None:
    assert json.loads(wire.encode(value)) == value


@given(JSON)
def test_values_are_short_whatever_they_are(value: object) -> None:
    assert len(values.describe(value)) <= values.MAX_TEXT


def test_values_look_as_repr_shows_them() -> None:
    for value in (1, -2.5, "a'b", b"x", None, True, [1, [2, [3]]], (1,), (), {1}, set(), {"a": [1]}, range(3)):
        assert values.describe(value) == repr(value)


def test_long_and_deep_values_are_shortened() -> None:
    assert values.describe(list(range(100))) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … 88 more]"
    assert values.describe([[[[[1]]]]]) == "[[[[…]]]]"
    assert values.describe(10**1000) == "<int of 3322 bits>"


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert values.describe(loop) == "[[[[…]]]]"


class Lies:
    def __repr__(self) -> str:
        raise AssertionError("called")

    __str__ = __repr__
    __len__ = None


def test_no_method_of_the_programs_own_classes_is_called() -> None:
    assert values.describe(Lies()) == "<Lies>"
    assert values.describe([Lies()]) == "[<Lies>]"


def test_modules_functions_and_classes_are_no_variables() -> None:
    found = values.describe_all({"os": os, "f": len, "C": Lies, "__x": 1, "n": 1})
    assert found == {"n": "1"}


def failing(source: str) -> tuple[dict[str, Any], BaseException]:
    names: dict[str, Any] = {}
    try:
        exec(compile(source, "main.py", "exec"), names)
    except BaseException as error:  # noqa: BLE001 - what is raised is what is looked at
        return failure.describe(error, source, "main.py"), error
    raise AssertionError("it did not fail")


def test_an_error_has_its_exact_place_in_characters_and_the_values_there() -> None:
    found, _ = failing("def f(é):\n    return 'é' + é[3]\nf(['a'])")
    place = {name: found[name] for name in ("type", "line", "column", "end_line", "end_column", "function", "locals")}
    assert place == {
        "type": "IndexError",
        "line": 2,
        "column": 17,
        "end_line": 2,
        "end_column": 21,
        "function": "f",
        "locals": {"é": "['a']"},
    }


def test_the_place_is_in_the_program_even_when_a_library_raised() -> None:
    found, _ = failing("import json\n\njson.loads('{')")
    assert (found["type"], found["line"], found["function"]) == ("JSONDecodeError", 3, "<module>")


def test_a_syntax_error_has_a_line_and_a_column() -> None:
    found, _ = failing("x = 1\nprint((x)\n")
    assert (found["type"], found["line"], found["column"]) == ("SyntaxError", 2, 5)


def test_an_error_whose_message_fails_is_still_told() -> None:
    found, _ = failing("class E(Exception):\n    def __str__(self): raise self\nraise E()")
    assert (found["type"], found["message"], found["line"]) == ("E", "", 3)


def test_the_traceback_begins_with_the_program() -> None:
    _, error = failing("def f(): 1 / 0\nf()")
    entry = failure.own_traceback(error, "main.py")
    assert entry is not None
    assert entry.tb_frame.f_code.co_name == "<module>"


def test_only_new_regular_files_come_home(tmp_path: Path) -> None:
    files.put(str(tmp_path), {"main.py": "x", "given.txt": "g", "data/kept.txt": "k"})
    (tmp_path / "data" / "new.txt").write_text("n")
    (tmp_path / "given.txt").write_text("changed")
    (tmp_path / "binary").write_bytes(b"\0\xff")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo")
    found = collect(tmp_path, {"given.txt": "g", "data/kept.txt": "k"})
    assert {file.name: file.text or file.base64 for file in found} == {
        "binary": "AP8=",
        "data/new.txt": "n",
        "given.txt": "changed",
    }


def test_a_picture_is_binary_even_without_a_zero(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"\x89PNG and so on")
    (found,) = collect(tmp_path)
    assert (found.text, found.base64) == (None, "iVBORyBhbmQgc28gb24=")


def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "etc").symlink_to("/etc")
    assert collect(tmp_path) == []


def test_many_and_large_files_are_cut_short(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"f{number:02}").write_text("x" * 100_000)
    found = collect(tmp_path)
    assert len(found) <= MAX_FILES
    assert sum(len(file.text or "") for file in found) <= MAX_ALL_BYTES
    assert all(file.truncated for file in found)


def test_a_folder_that_may_not_be_read_has_no_files(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_PATH)
    tmp_path.rmdir()
    assert Collector(descriptor, {}).collect() == []
    os.close(descriptor)


def collect(folder: Path, given: dict[str, str] | None = None) -> list[OutputFile]:
    descriptor = os.open(folder, os.O_PATH)
    try:
        return Collector(descriptor, given or {}).collect()
    finally:
        os.close(descriptor)
