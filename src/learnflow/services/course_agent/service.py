"""Use cases of the course agent: make a lesson, keep it, say what comes next, answer a question for one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4, uuid5

import orjson
import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.errors import Invalid
from learnflow.contracts.events import AnswerFinished, Fact, LessonGenerated, LessonRequested
from learnflow.contracts.services import COURSE_AGENT
from learnflow.curriculum.languages import InLanguages
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.clock import Clock
from learnflow.kit.database import Database, Transaction
from learnflow.kit.readers import language_of
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.kit.work import Finish, WorkItem
from learnflow.services.course_agent.answers import asks_what_next, recommended, taught
from learnflow.services.course_agent.composing import compose, title_of
from learnflow.services.course_agent.course import Course, TopicParts
from learnflow.services.course_agent.lesson import Lesson, LessonHead, LessonType
from learnflow.services.course_agent.next_step import NextStep, done_topics, next_step
from learnflow.services.course_agent.progress import Progress
from learnflow.services.course_agent.shelf import Shelf
from learnflow.services.course_agent.standing import Difficulty, Standing, difficulty_of
from learnflow.services.course_agent.subject import Subject, Subjects

log = structlog.get_logger()

SOURCE = f"/learnflow/{COURSE_AGENT.name}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a lesson is to be about; without a topic the next one of the module, or all of it."""

    module_id: str
    topic_id: str | None = None
    lesson_type: LessonType = "topic"
    difficulty: Difficulty | None = None


@dataclass(frozen=True, slots=True)
class Learner:
    """What is known of a student: mastery, and the topics that they had lessons on."""

    user_id: UUID
    standing: Standing
    taught: frozenset[str]
    has_variants: bool = True


class CourseAgent:
    """Makes lessons and recommendations."""

    def __init__(
        self,
        database: Database,
        courses: InLanguages[Course],
        subjects: Subjects,
        shelf: Shelf,
        progress: Progress,
        bus: Bus,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._database = database
        # the same topics in the same order, whatever they are called
        self._course = courses.source
        self._courses = courses
        self._subjects = subjects
        self._shelf = shelf
        self._progress = progress
        self._bus = bus
        self._vault = vault
        self._clock = clock

    async def generate(self, user_id: UUID, wanted: Wanted, token: str, *, has_variants: bool = True) -> Lesson:
        """Make a lesson and keep it; Invalid for a module or topic that the course does not have.

        Students have variants of the exercises; whoever is none reads them as they are written.
        """
        self._check(wanted)
        # whoever has no key was never here, or is erased: NotFound
        await self._vault.seal(user_id, "")
        language = await language_of(self._database, user_id)
        learner = replace(await self._learner(user_id, token), has_variants=has_variants)
        lesson = self._made(learner, wanted, uuid4(), language)
        await self._shelf.add(user_id, lesson)
        async with self._database.transaction() as tx:
            await self._say(tx, user_id, lesson)
        return lesson

    async def next_step(self, user_id: UUID, token: str) -> NextStep:
        learner = await self._learner(user_id, token)
        return next_step(self._course, learner.standing, learner.taught)

    async def lesson(self, user_id: UUID, lesson_id: UUID) -> Lesson:
        return await self._shelf.get(user_id, lesson_id)

    async def lessons(self, user_id: UUID, course_id: str | None, lesson_type: LessonType | None) -> list[LessonHead]:
        """A student's lessons, the newest first, of a module and type where these are given."""
        heads = await self._shelf.heads(user_id)
        return [
            head for head in heads if course_id in {None, head.course_id} and lesson_type in {None, head.lesson_type}
        ]

    async def answer(self, item: WorkItem) -> Finish:
        """Answer a question for a lesson, outside of every transaction; an erased student's is dropped."""
        event: CloudEvent[LessonRequested] = item.event
        student_id, request = UUID(event.subject), event.data
        try:
            return await self._answered(student_id, request)
        except KeyMissing:
            log.info("lesson.dropped", query_id=str(request.query_id), reason="student erased")
            return _nothing

    async def _answered(self, student_id: UUID, request: LessonRequested) -> Finish:
        subject = self._subject_of(await self._vault.open(student_id, request.query), request)
        learner = await self._learner(student_id, None)
        if subject is None:
            step = next_step(self._course, learner.standing, learner.taught)
            return self._recommending(student_id, await self._finished(student_id, request, *recommended(step)))
        wanted = Wanted(subject.module_id, subject.topic_id)
        # an attempt that is repeated makes the same lesson
        language = await language_of(self._database, student_id)
        lesson = self._made(learner, wanted, uuid5(request.query_id, "lesson"), language)
        finished = await self._finished(student_id, request, *taught(lesson))
        await self._shelf.add(student_id, lesson)
        return self._teaching(student_id, finished, lesson)

    def _recommending(self, student_id: UUID, finished: AnswerFinished) -> Finish:
        async def finish(tx: Transaction) -> None:
            await self._publish(tx, student_id, finished.query_id, [finished])

        return finish

    def _teaching(self, student_id: UUID, finished: AnswerFinished, lesson: Lesson) -> Finish:
        async def finish(tx: Transaction) -> None:
            await self._publish(tx, student_id, finished.query_id, [finished])
            await self._say(tx, student_id, lesson, finished.query_id)

        return finish

    async def _finished(
        self, student_id: UUID, request: LessonRequested, text: str, details: dict[str, object]
    ) -> AnswerFinished:
        return AnswerFinished(
            query_id=request.query_id,
            agent=COURSE_AGENT.name,
            answer=await self._vault.seal(student_id, text),
            clarification=request.clarification,
            intent=request.intent,
            details=await self._vault.seal(student_id, orjson.dumps(details).decode()),
            # an example of the course is compared with its output in CI
            verified=True,
        )

    async def _say(self, tx: Transaction, user_id: UUID, lesson: Lesson, query_id: UUID | None = None) -> None:
        """Tell the others that a lesson is there; it is on the shelf already."""
        head = lesson.head
        generated = LessonGenerated(
            query_id=query_id,
            lesson_id=head.lesson_id,
            module_id=head.course_id,
            topic_id=head.topic_id,
            lesson_type=head.lesson_type,
            difficulty=head.difficulty_level,
            steps=head.step_count,
        )
        await self._publish(tx, user_id, query_id or head.lesson_id, [generated])
        log.info("lesson.generated", lesson_id=str(head.lesson_id), topic_id=head.topic_id, steps=head.step_count)

    async def _publish(self, tx: Transaction, student_id: UUID, correlation_id: UUID, facts: Sequence[Fact]) -> None:
        events = [new_event(f, source=SOURCE, student_id=student_id, correlation_id=correlation_id) for f in facts]
        await self._bus.publish(tx, events)

    async def _learner(self, user_id: UUID, token: str | None) -> Learner:
        standing = await self._progress.standing(user_id, token)
        heads = await self._shelf.heads(user_id)
        return Learner(user_id, standing, frozenset(head.topic_id for head in heads if head.lesson_type == "topic"))

    def _made(self, learner: Learner, wanted: Wanted, lesson_id: UUID, language: str) -> Lesson:
        chosen = self._topics(learner, wanted)
        course = self._spoken(chosen[0].id, language)
        topics = [_own(course.topics[topic.id], learner) for topic in chosen]
        main = topics[0]
        difficulty = wanted.difficulty or difficulty_of(learner.standing.mastery(main.id))
        done = done_topics(self._course, learner.standing, learner.taught)
        steps = compose(course, topics, wanted.lesson_type, difficulty, done, learner.standing)
        head = LessonHead(
            lesson_id=lesson_id,
            title=title_of(course, main, wanted.lesson_type, whole_module=len(topics) > 1),
            course_id=wanted.module_id,
            topic_id=main.id,
            lesson_type=wanted.lesson_type,
            difficulty_level=difficulty,
            step_count=len(steps),
            language=main.language,
            created_at=self._clock(),
        )
        return Lesson(head=head, steps=steps)

    def _spoken(self, topic_id: str, language: str) -> Course:
        """A lesson is in one language: in the student's where its topic is, else all of it in English."""
        course = self._courses.at(language)
        return self._course if course.topics[topic_id].language == self._course.topics[topic_id].language else course

    def _topics(self, learner: Learner, wanted: Wanted) -> Sequence[TopicParts]:
        if wanted.topic_id is not None:
            return [self._course.topics[wanted.topic_id]]
        if wanted.lesson_type != "topic":
            return self._course.by_module[wanted.module_id]
        return [next_step(self._course, learner.standing, learner.taught, module_id=wanted.module_id).topic]

    def _check(self, wanted: Wanted) -> None:
        if wanted.module_id not in self._course.modules:
            raise Invalid("There is no such module. GET /api/v1/modules lists them.", field="course_id")
        topic = self._course.topics.get(wanted.topic_id or "")
        if wanted.topic_id is not None and (topic is None or topic.module_id != wanted.module_id):
            raise Invalid("This module has no such topic. GET /api/v1/modules lists them.", field="topic_id")

    def _subject_of(self, question: str, request: LessonRequested) -> Subject | None:
        """What the question names, else the topic that the student was at when they asked for a lesson on it."""
        found = self._subjects.find(question)
        topic = self._course.topics.get(request.context.topic_id or "")
        if found is None and topic is not None and not asks_what_next(question):
            return Subject(topic.module_id, topic.id)
        return found


def _own(topic: TopicParts, learner: Learner) -> TopicParts:
    """With the exercises as this person has them."""
    if not learner.has_variants:
        return topic
    exercises = (one.as_variant(one.variant_of(learner.user_id)) for one in topic.exercises)
    return replace(topic, exercises=tuple(exercises))


async def _nothing(_tx: Transaction) -> None:
    """The student is gone, and so is the question."""
