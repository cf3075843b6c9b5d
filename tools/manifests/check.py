"""What neither a schema nor the API server sees: `python -m tools.manifests.check FILE` reads what kustomize built.

Every finding is `rule: object: what`, and the rule's name says what is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tools.manifests.check_backends import BACKEND_RULES
from tools.manifests.check_workloads import WORKLOAD_RULES
from tools.manifests.loaded import Loaded

Rule = Callable[[Loaded], Iterator[tuple[str, str]]]

RULES: dict[str, Rule] = WORKLOAD_RULES | BACKEND_RULES


def findings(text: str) -> list[str]:
    """Everything that is wrong with the objects of a built overlay."""
    loaded = Loaded([one for one in yaml.safe_load_all(text) if one])
    return [f"{name}: {where}: {what}" for name, rule in RULES.items() for where, what in rule(loaded)]


def main(words: list[str]) -> int:
    text = Path(words[0]).read_text(encoding="utf-8") if words else sys.stdin.read()
    found = findings(text)
    print("\n".join(found) or "Nothing is wrong that can be seen from here.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
