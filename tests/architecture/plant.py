"""Run in a process of its own: breaks one import rule after the other in a copy of the package, and lints each.

`python plant.py COPY_OF_SRC PYPROJECT` reads a JSON object {name: {file: text}} from stdin and prints
{name: [ids of broken contracts]}; the copy is as before after each one. In a process of its own because the import
graph is built from what `import learnflow` finds first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from importlinter.application import use_cases
from importlinter.configuration import configure

Plants = dict[str, dict[str, str]]


def broken_contracts(pyproject: str) -> list[str]:
    """The ids of the contracts that do not hold, by import-linter itself."""
    options = use_cases.read_user_options(config_filename=pyproject)
    use_cases._register_contract_types(options)
    report = use_cases.create_report(options, cache_dir=None)
    if report.could_not_run:
        raise SystemExit(f"import-linter could not run: {report.invalid_contract_options}")
    ids = {contract["name"]: contract["id"] for contract in options.contracts_options}
    return sorted(ids[contract.name] for contract, check in report.get_contracts_and_checks() if not check.kept)


def lint_with(root: Path, files: dict[str, str], pyproject: str) -> list[str]:
    before = {name: _text(root / name) for name in files}
    try:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((before[name] or "") + "\n" + text + "\n", encoding="utf-8")
        return broken_contracts(pyproject)
    finally:
        for name, text_before in before.items():
            _restore(root / name, text_before)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _restore(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text, encoding="utf-8")


def main() -> None:
    root, pyproject = Path(sys.argv[1]), sys.argv[2]
    sys.path.insert(0, str(root))
    configure()
    plants: Plants = json.load(sys.stdin)
    # stderr, because import-linter draws its progress on stdout
    json.dump({name: lint_with(root, files, pyproject) for name, files in plants.items()}, sys.stderr)


if __name__ == "__main__":
    main()
