"""A review as data, and in words."""

import re
from dataclasses import asdict

from learnflow.services.code_review.review import Remark, Review
from learnflow.services.code_review.rulebook import Severity
from learnflow.services.code_review.schemas import FindingView, ReviewAnswer

ASK_FOR_CODE = (
    "I would like to read your program, and there is none with your question. "
    "Put it into the editor, or paste it here between two lines of three backticks, and ask again. "
    "Then I tell you what is well done, and what I would look at next."
)
_FENCE = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_KINDS: dict[Severity, str] = {
    "essential": "the program goes wrong here",
    "actionable": "worth a change",
    "informative": "good to know",
}


def program_in(query: str, code: str) -> str | None:
    """The program from its own field, else from between fences in the question."""
    fenced = [text for text in _FENCE.findall(query) if text.strip()]
    return code if code.strip() else fenced[0] if fenced else None


def as_data(review: Review) -> ReviewAnswer:
    """The answer of POST /review."""
    scores = review.scores
    return ReviewAnswer(
        quality_score=scores.quality,
        correctness=scores.correctness,
        style=scores.style,
        efficiency=scores.efficiency,
        readability=scores.readability,
        pep8_compliant=review.pep8_compliant,
        findings=[FindingView(**asdict(remark)) for remark in review.remarks],
        praise=review.praise,
        checked_by=review.verdict.checked_by,
        note=review.note,
    )


def opening(review: Review) -> str:
    """What was done and seen."""
    return f"I read your program. {review.note}"


def text(review: Review) -> str:
    """The whole answer to a question, in Markdown."""
    scores = review.scores
    parts = (f"correctness {scores.correctness}, style {scores.style}, efficiency {scores.efficiency}, "
             f"readability {scores.readability}")  # fmt: skip
    score = f"**{scores.quality} of 100** ({parts})"
    remarks = [_remark(number, remark) for number, remark in enumerate(review.remarks, 1)]
    return "\n\n".join([opening(review), score, review.praise, *remarks, _next(review)])


def _remark(number: int, remark: Remark) -> str:
    return f"{number}. Line {remark.line}, {_KINDS[remark.severity]}: {remark.message} {remark.why} {remark.question}"


def _next(review: Review) -> str:
    if not review.remarks:
        return "I found nothing that I would change. What would you like your program to do next?"
    return (
        "Which of these would you like to look at first?"
        if len(review.remarks) > 1
        else "Have a look at it, and ask again."
    )
