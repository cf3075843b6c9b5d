"""Which names of errors events may carry in the clear."""

from uuid import uuid4

import pytest

from learnflow.contracts.events import CodeExecuted, HintGiven


@pytest.mark.parametrize("name", ["IndexError", "JSONDecodeError", "Timeout", "timeout", "OutputLimit", "SIGSEGV"])
def test_a_name_that_everybody_knows_travels_as_it_is(name: str) -> None:
    run = CodeExecuted(execution_id=uuid4(), status="error", error_type=name, duration_ms=1)
    assert run.error_type == name
    assert HintGiven(rung=1, error_type=name).error_type == name


@pytest.mark.parametrize("name", ["MyFriendRobinIsSad", "print", "", "SIGROBIN"])
def test_a_name_of_a_students_own_stays_theirs(name: str) -> None:
    run = CodeExecuted(execution_id=uuid4(), status="error", error_type=name, duration_ms=1)
    assert run.error_type == "other"
    assert HintGiven(rung=1, error_type=name).error_type == "other"
