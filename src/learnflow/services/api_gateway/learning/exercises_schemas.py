"""HTTP shapes of the public API, exercises part; the answers are those of the exercise service."""

from pydantic import BaseModel, ConfigDict

from learnflow.contracts.questions import Code


class HandIn(BaseModel):
    """A program, the predicted output, or the lines in order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "beats = int(input())\n"}]})

    code: Code


class Draft(BaseModel):
    """What you are at, as a whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "beats = int(input())\n"}]})

    code: Code
