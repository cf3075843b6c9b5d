"""rules.yaml: what each rule costs, and the sentences that a learner gets."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.questions import ReviewPart

Severity = Literal["essential", "actionable", "informative"]


class Rule(BaseModel):
    """One rule; sentences may hold `{name}` and `{other}`, pieces of the student's program."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    severity: Severity
    part: ReviewPart
    cost: int = Field(ge=0, le=100)
    pep8: bool = False
    message: str
    why: str
    question: str

    @property
    def is_ruffs(self) -> bool:
        return self.code[0].isupper()


@cache
def load_rules() -> Mapping[str, Rule]:
    """All rules by their code."""
    data = yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8"))
    rules = [Rule.model_validate(row) for row in data]
    return {rule.code: rule for rule in rules}
