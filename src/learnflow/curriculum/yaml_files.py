"""YAML read strictly: every fault is reported with its file and line, and a file is taken whole or not at all."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

# yaml ships a slower loader in Python beside the one in C; both build the same nodes
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CurriculumError(Exception):
    """The course cannot be loaded; `faults` are sentences that begin with `file:line:`."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Document:
    """One YAML file: its data, and the lines on which the parts of the data stand."""

    def __init__(self, path: Path, root: Path) -> None:
        self.name = path.relative_to(root).as_posix()
        self._node, self.data = _read(path, self.name)

    def at(self, location: Sequence[int | str], message: str) -> str:
        """`file:line: message` for the part that `location` leads to, or the nearest part around it."""
        return f"{self.name}:{_line(self._node, location)}: {message}"

    def parse(self, model: type[M], data: object, location: Sequence[int | str]) -> M:
        """`data` as a model; raises CurriculumError with a line for each wrong field."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise CurriculumError([self._fault(location, detail) for detail in error.errors()]) from error

    def parse_list(self, model: type[M], data: object, location: Sequence[int | str]) -> list[M]:
        """A list of models; the faults of all its items are gathered before it raises."""
        if not isinstance(data, list):
            raise CurriculumError([self.at(location, "a list is expected here")])
        items: list[M] = []
        faults: list[str] = []
        for index, item in enumerate(data):
            try:
                items.append(self.parse(model, item, [*location, index]))
            except CurriculumError as error:
                faults.extend(error.faults)
        if faults:
            raise CurriculumError(faults)
        return items

    def _fault(self, location: Sequence[int | str], detail: Any) -> str:
        where = [*location, *detail["loc"]]
        name = ".".join(str(part) for part in detail["loc"]) or "here"
        return self.at(where, f"{name}: {detail['msg']}")


def _read(path: Path, name: str) -> tuple[yaml.Node, Any]:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CurriculumError([f"{name}:1: cannot be read as UTF-8 text: {error}"]) from error
    try:
        node = loader.get_single_node()
        if node is None:
            raise CurriculumError([f"{name}:1: the file is empty"])
        if faults := [f"{name}:{line}: {key!r} stands here twice" for key, line in _repeated_keys(node)]:
            raise CurriculumError(faults)
        return node, loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise CurriculumError([f"{name}:{line}: {getattr(error, 'problem', None) or error}"]) from error
    finally:
        loader.dispose()


def _repeated_keys(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """YAML keeps the last of two equal keys and says nothing; here that is a fault."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield str(key.value), key.start_mark.line + 1
            seen.add(str(key.value))
            yield from _repeated_keys(value)


def _line(node: yaml.Node, location: Sequence[int | str]) -> int:
    for part in location:
        # a part that is no key of the file (pydantic names the members of a union) is stepped over
        node = _child(node, part) or node
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return cast("yaml.Node", node.value[part])
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    return None
