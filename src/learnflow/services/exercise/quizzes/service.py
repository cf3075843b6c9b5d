"""The use cases of quizzes: give one, mark the answers, list the attempts."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Conflict, NotFound
from learnflow.contracts.events import QuizGraded
from learnflow.contracts.services import EXERCISE
from learnflow.curriculum import Question, load_catalogue, load_quizzes
from learnflow.curriculum.languages import InLanguages
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.kit.readers import language_of
from learnflow.kit.students import see_student
from learnflow.services.exercise.beliefs import of_answers
from learnflow.services.exercise.quizzes.drawing import Asked, Marked, ask, content_of, draw, mark
from learnflow.services.exercise.quizzes.repository import Attempt, DrawnQuiz, Quizzes
from learnflow.services.exercise.quizzes.schemas import (
    AttemptPage,
    AttemptView,
    ExplainedOption,
    OptionView,
    QuestionResult,
    QuestionView,
    QuizResult,
    QuizView,
)

log = structlog.get_logger()

SOURCE = f"/learnflow/{EXERCISE.name}"
PER_MINUTE = 20
NOT_YOURS = "There is no such quiz for you. GET /quizzes?topic_id= gives you one."


@dataclass(frozen=True, slots=True)
class QuizCourse:
    """All questions in one language, by topic and id, and the titles of the topics."""

    questions: Mapping[str, Mapping[str, Question]]
    titles: Mapping[str, str]


def load_quiz_course(language: str) -> QuizCourse:
    """The quizzes of the course in this language."""
    by_topic = load_quizzes(language=language)
    topics = load_catalogue(language=language).topics
    questions = {topic_id: {one.id: one for one in own} for topic_id, own in by_topic.items()}
    return QuizCourse(questions, {topic_id: topic.title for topic_id, topic in topics.items()})


class QuizDesk:
    """Gives everybody a quiz of their own, and marks it once."""

    def __init__(self, database: Database, bus: Bus, course: InLanguages[QuizCourse]) -> None:
        self._database = database
        self._bus = bus
        self._in_languages = course
        self._course = course.source.questions
        # a quiz is the same one in each language
        self._content = {topic_id: content_of(list(own.values())) for topic_id, own in self._course.items()}
        self._quizzes = Quizzes(database)

    async def give(self, principal: Principal, topic_id: str) -> QuizView:
        """The open quiz of this person and topic, or a new one; NotFound when the topic has none."""
        if topic_id not in self._course:
            raise NotFound(f"There is no quiz on this topic yet. There are quizzes on: {', '.join(self._course)}.")
        quiz = await self._open_quiz(principal.user_id, topic_id)
        standing = await self._quizzes.standing(principal.user_id, topic_id)
        course = await self._read_by(principal)
        asked = _asked(quiz, course)
        return QuizView(
            quiz_id=quiz.quiz_id,
            topic_id=topic_id,
            title=course.titles[topic_id],
            language=asked[0].question.language,
            questions=[_question_view(one) for one in asked],
            attempts=standing.attempts,
            best_score=standing.best_score,
        )

    async def _open_quiz(self, user_id: UUID, topic_id: str) -> DrawnQuiz:
        quiz = await self._quizzes.find_open(user_id, topic_id)
        if quiz is not None and quiz.content == self._content[topic_id]:
            return quiz
        if quiz is not None:
            await self._quizzes.drop_open(quiz.quiz_id)
        seen = await self._quizzes.latest_questions(user_id, topic_id)
        seed = secrets.randbits(62)
        names = draw(list(self._course[topic_id].values()), seed, seen)
        new = DrawnQuiz(uuid4(), user_id, topic_id, seed, tuple(names), self._content[topic_id])
        await self._quizzes.keep(new)
        # of two that draw at once, both get the one that came first
        return await self._quizzes.find_open(user_id, topic_id) or new

    async def _read_by(self, principal: Principal) -> QuizCourse:
        return self._in_languages.at(await language_of(self._database, principal.user_id))

    async def answer(self, principal: Principal, quiz_id: UUID, answers: Mapping[str, str | list[str]]) -> QuizResult:
        """Mark the answers and keep them; each quiz is answered once, since its answers are told."""
        await take(self._database, name="quizzes", subject=str(principal.user_id), limit=PER_MINUTE, window_s=60)
        quiz = await self._quizzes.find(quiz_id)
        if quiz is None or quiz.user_id != principal.user_id:
            raise NotFound(NOT_YOURS)
        if quiz.answered_at is not None:
            raise _answered(quiz)
        if quiz.content != self._content.get(quiz.topic_id):
            raise Conflict(f"The questions of this quiz have changed. Get a new one: {_where(quiz)}.")
        marked = mark(_asked(quiz, await self._read_by(principal)), answers)
        attempt = _attempt(quiz, marked)
        await self._keep(quiz, attempt, of_answers(marked))
        standing = await self._quizzes.standing(principal.user_id, quiz.topic_id)
        return _result(attempt, marked, standing.best_score or attempt.score)

    async def _keep(self, quiz: DrawnQuiz, attempt: Attempt, misconceptions: list[str]) -> None:
        graded = QuizGraded(
            attempt_id=attempt.attempt_id,
            quiz_id=str(quiz.quiz_id),
            topic_id=quiz.topic_id,
            score=attempt.score,
            right=attempt.right_count,
            questions=attempt.question_count,
            misconceptions=misconceptions,
        )
        event = new_event(graded, source=SOURCE, student_id=quiz.user_id, correlation_id=attempt.attempt_id)
        async with self._database.transaction() as tx:
            if not await self._quizzes.close(tx, quiz.quiz_id):
                raise _answered(quiz)
            await self._quizzes.add(tx, attempt)
            await self._bus.publish(tx, [event])
        log.info("quiz.graded", topic_id=quiz.topic_id, right=attempt.right_count, questions=attempt.question_count)

    async def attempts(
        self, principal: Principal, user_id: UUID, topic_id: str | None, limit: int, offset: int
    ) -> AttemptPage:
        """A page of somebody's attempts; NotFound for those who may not look."""
        await see_student(self._database, principal, user_id, "quizzes")
        total = await self._quizzes.count(user_id, topic_id)
        found = await self._quizzes.page(user_id, topic_id, limit, offset)
        end = offset + len(found)
        return AttemptPage(items=[_attempt_view(one) for one in found], total=total, next=end if end < total else None)


def _asked(quiz: DrawnQuiz, course: QuizCourse) -> list[Asked]:
    questions = course.questions[quiz.topic_id]
    return [ask(questions[name], quiz.seed) for name in quiz.question_ids]


def _answered(quiz: DrawnQuiz) -> Conflict:
    return Conflict(f"You have answered this quiz. Get the next one: {_where(quiz)}.")


def _where(quiz: DrawnQuiz) -> str:
    return f"GET /quizzes?topic_id={quiz.topic_id}"


def _attempt(quiz: DrawnQuiz, marked: Sequence[Marked]) -> Attempt:
    right = sum(one.is_right for one in marked)
    return Attempt(
        attempt_id=uuid4(),
        quiz_id=quiz.quiz_id,
        user_id=quiz.user_id,
        topic_id=quiz.topic_id,
        answers={one.asked.question.id: list(one.chosen) for one in marked},
        score=100 * right / len(marked),
        right_count=right,
        question_count=len(marked),
        answered_at=system_clock(),
    )


def _question_view(asked: Asked) -> QuestionView:
    question = asked.question
    return QuestionView(
        question_id=question.id,
        kind=question.question,
        ask=question.ask,
        code=question.code,
        options=[OptionView(option=choice.letter, text=choice.text) for choice in asked.choices],
    )


def _result(attempt: Attempt, marked: Sequence[Marked], best_score: float) -> QuizResult:
    return QuizResult(
        attempt_id=attempt.attempt_id,
        quiz_id=attempt.quiz_id,
        topic_id=attempt.topic_id,
        score=attempt.score,
        right=attempt.right_count,
        questions=attempt.question_count,
        best_score=max(best_score, attempt.score),
        results=[_question_result(one) for one in marked],
    )


def _question_result(marked: Marked) -> QuestionResult:
    return QuestionResult(
        question_id=marked.asked.question.id,
        right=marked.is_right,
        chosen=list(marked.chosen),
        correct=list(marked.asked.key),
        explanation=marked.explanation,
        options=[
            ExplainedOption(option=choice.letter, text=choice.text, right=choice.is_right, why=choice.why)
            for choice in marked.asked.choices
        ],
    )


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        attempt_id=attempt.attempt_id,
        quiz_id=attempt.quiz_id,
        topic_id=attempt.topic_id,
        score=attempt.score,
        right=attempt.right_count,
        questions=attempt.question_count,
        answered_at=attempt.answered_at,
    )
