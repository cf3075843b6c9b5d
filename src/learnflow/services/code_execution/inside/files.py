"""The scratch folder: what a program finds there."""

# ruff: noqa: PTH102, PTH103, PTH120, PTH123 - pathlib is not loaded here
import os

_FOLDERS = (".tmp", ".shm")


def put(scratch: str, files: dict[str, str]) -> None:
    """Write the given files; their names were checked by the service."""
    for folder in _FOLDERS:
        os.mkdir(f"{scratch}/{folder}", 0o700)
    for name, text in files.items():
        path = f"{scratch}/{name}"
        if "/" in name:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="") as file:
            file.write(text)
