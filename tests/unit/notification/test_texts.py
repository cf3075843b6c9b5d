"""The words of notices, and the e-mails made of them."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.events import ExerciseAssigned, MasteryChanged, StruggleDetected, StruggleResolved
from learnflow.contracts.events.struggle import Trigger
from learnflow.services.notification.mail import NeverTaken, SmtpServer, written
from learnflow.services.notification.texts import LEVELS, Texts, level_rank

LOOPS = "control-flow/for-loops"
TEXTS = Texts({LOOPS: "For loops"}, {f"{LOOPS}/drums": "A drum pattern"})
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def detected(trigger: Trigger, **evidence: str | float) -> StruggleDetected:
    return StruggleDetected(
        alert_id=uuid4(), trigger=trigger, severity="high", topic_id=LOOPS, since=NOW, evidence=evidence
    )


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (detected("same_error", times=3, error_type="NameError"), "They got the error NameError 3 times."),
        (detected("same_error", times=4, error_type="wrong_result"), "They got a wrong result 4 times."),
        (detected("no_progress", active_s=900), "They worked 15 minutes on one exercise"),
        (detected("low_quiz", score=40), "They got 40 % in a quiz."),
        (detected("says_stuck"), "They say that they do not get on."),
        (detected("failed_runs", times=5), "5 of their runs failed."),
    ],
)
def test_an_alert_says_why_and_where(fact: StruggleDetected, said: str) -> None:
    text = TEXTS.alert(fact)
    assert text.message.startswith(said)
    assert "Topic: For loops." in text.message
    assert "(high)" in text.title


@given(
    st.sampled_from(["same_error", "no_progress", "low_quiz", "says_stuck", "failed_runs"]),
    st.dictionaries(
        st.sampled_from(["times", "error_type", "active_s", "score", "said", "new"]),
        st.one_of(st.text(max_size=20), st.integers(0, 10**6), st.floats(0, 1e6)),
    ),
)
def test_evidence_of_another_release_still_makes_a_sentence(
    trigger: Trigger, evidence: dict[str, str | int | float]
) -> None:
    text = TEXTS.alert(detected(trigger, **evidence))
    assert text.message.endswith("Open the alert to see what they tried.")


def test_a_closed_alert_says_how_it_closed() -> None:
    passed = StruggleResolved(alert_id=uuid4(), trigger="low_quiz", reason="passed", exercise_id=f"{LOOPS}/drums")
    assert "passed the exercise" in TEXTS.resolved(passed).message
    assert "A drum pattern" in TEXTS.resolved(passed).message


def test_an_assignment_names_the_exercise_and_the_day() -> None:
    known = ExerciseAssigned(
        assignment_id=uuid4(), exercise_id=f"{LOOPS}/drums", topic_id=LOOPS, assigned_by=uuid4(), due_at=NOW
    )
    assert TEXTS.assigned(known).message == (
        "Your teacher gives you “A drum pattern” on For loops. It is due on 21 November 2026. Open it to begin."
    )
    new = known.model_copy(update={"exercise_id": "x/y/z", "topic_id": "x/y", "due_at": None})
    assert TEXTS.assigned(new).message == "Your teacher gives you a new exercise on this topic. Open it to begin."


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_told_with_its_percentage(level: str) -> None:
    parts = {"exercises": 0.0, "quiz": 0.0, "quality": 0.0, "consistency": 0.0, "module_mastery": 0.0}
    fact = MasteryChanged(topic_id=LOOPS, module_id="control-flow", mastery=70.5, level=level, **parts)
    assert TEXTS.level(fact).title == f"New level in For loops: {level}"
    assert "71 %" in TEXTS.level(fact).message


def test_levels_are_ranked_and_others_are_not_known() -> None:
    assert [level_rank(level) for level in (*LEVELS, "Wizard")] == [0, 1, 2, 3, None]


def test_an_e_mail_has_one_line_as_its_title() -> None:
    message = written("a@example.org", "b@example.org", "Hello\r\nBcc: c@example.org", "Grüße\n\u2713")
    assert message["Subject"] == "Hello Bcc: c@example.org"
    assert message["Bcc"] is None
    assert message.get_content() == "Grüße\n\u2713\n"


@pytest.mark.parametrize("address", ["a@b\r\nBcc: c@example.org", "\n"])
def test_what_is_no_address_gets_no_e_mail(address: str) -> None:
    with pytest.raises(NeverTaken):
        written("a@example.org", address, "Hello", "text")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, is_tls=False)),
        ("smtps://u%40x:p%2Fw@mail.example.org", SmtpServer("mail.example.org", 465, True, "u@x", "p/w")),
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, is_tls=False)),
    ],
)
def test_a_server_is_read_from_its_address(url: str, server: SmtpServer) -> None:
    assert SmtpServer.of(url) == server


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", ""])
def test_what_is_no_server_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="LEARNFLOW_NOTIFICATION_SMTP_URL"):
        SmtpServer.of(url)


@pytest.mark.parametrize(("host", "is_here"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("a.b", False)])
def test_only_loopback_goes_without_encryption(host: str, is_here: bool) -> None:
    assert SmtpServer(host, 25, is_tls=False).is_here is is_here
