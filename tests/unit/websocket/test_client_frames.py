"""What a client may send."""

import json

import pytest

from learnflow.services.websocket.connection import Close
from learnflow.services.websocket.schemas import AskFrame, Hello, Ping
from learnflow.services.websocket.sockets import InvalidAsk, Refused, _parsed


def ask(**data: object) -> str:
    return json.dumps({"type": "ask", "id": "a1", "data": {"query": "why?", **data}})


def test_the_three_frames_are_understood() -> None:
    assert isinstance(_parsed('{"type": "auth", "token": "t", "last_event_id": 4}'), Hello)
    assert isinstance(_parsed(ask()), AskFrame)
    assert isinstance(_parsed('{"type": "ping"}'), Ping)


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "1", "null", '{"type": "shout"}', "{}", "[" * 100_000, '{"type": "auth"}',
     '{"type": "auth", "token": "t", "last_event_id": -1}', '{"type": "ping", "id": 7}'],
)  # fmt: skip
def test_what_is_no_frame_ends_the_socket_as_malformed(text: str) -> None:
    with pytest.raises(Refused) as refused:
        _parsed(text)
    assert refused.value.ending.code is Close.MALFORMED


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (ask(query=""), "data.query"),
        (ask(query="x" * 5_001), "data.query"),
        (ask(code="x" * 10_001), "data.code"),
        (ask(query="a\x00b"), "data.query"),
        (ask(query="\ud800"), "data.query"),
        (ask(context={"topic_id": 3}), "data.context.topic_id"),
        (ask(surprise=1), "data.surprise"),
        ('{"type": "ask"}', "data"),
    ],
)
def test_a_question_with_a_wrong_field_is_told_which(text: str, field: str) -> None:
    frame = _parsed(text)
    assert isinstance(frame, InvalidAsk)
    assert frame.problem["status"] == 422
    assert [problem["field"] for problem in frame.problem["fields"]] == [field]


def test_the_input_is_never_repeated_in_the_problem() -> None:
    frame = _parsed(ask(query="zanzibarium" * 500))
    assert isinstance(frame, InvalidAsk)
    assert "zanzibarium" not in str(frame.problem)
