"""What every driver of the bus has to do: one class of cases, inherited by a class for each driver."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import orjson
import pytest

from learnflow.contracts.events import CodeExecuted, ConceptExplained, Fact
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Bus, Event, Handler, new_event
from learnflow.kit.bus.dead_letters import dead_letters, replay
from learnflow.kit.bus.outbox import INSERT_ONE
from learnflow.kit.database import Database, Transaction

FAST_BACKOFF_S = (0.02, 0.02, 0.02, 0.02)
TOPIC = PROGRESS_EVENTS

MakeBus = Callable[[Database], Bus]


def ran(number: int, student_id: UUID) -> Event:
    """A numbered event of a student."""
    data = CodeExecuted(execution_id=UUID(int=number), status="ok", duration_ms=number)
    return new_event(data, source="/learnflow/tests", student_id=student_id, correlation_id=uuid4())


def explained(student_id: UUID) -> Event:
    """An event of another type on the same topic."""
    data = ConceptExplained(concept="loops", topic_id="loops.for", level="beginner")
    return new_event(data, source="/learnflow/tests", student_id=student_id, correlation_id=uuid4())


async def eventually(condition: Callable[[], bool], within_s: float = 25.0) -> None:
    """Wait until the condition holds; fail after a while."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


class Seen:
    """A handler that writes an effect in its transaction and remembers what it was called with."""

    def __init__(self, before: Callable[[Event], Awaitable[None]] | None = None) -> None:
        self.events: list[Event] = []
        self._before = before

    async def __call__(self, tx: Transaction, event: Event) -> None:
        self.events.append(event)
        await tx.execute("insert into effects (event_id) values ($1)", event.id)
        if self._before is not None:
            await self._before(event)

    @property
    def ids(self) -> list[UUID]:
        return [event.id for event in self.events]

    def of(self, student_id: UUID) -> list[int]:
        """The numbers of one student's events, in the order they came."""
        return [int(event.data.duration_ms) for event in self.events if event.subject == str(student_id)]


class BusCases:
    """The cases; a subclass (or its file) gives `make_bus`."""

    @asynccontextmanager
    async def running(
        self, make_bus: MakeBus, database: Database, handlers: dict[type[Fact], Handler], group: str = "group"
    ) -> AsyncIterator[Bus]:
        bus = make_bus(database)
        bus.subscribe(TOPIC, group, handlers)
        await bus.start()
        try:
            yield bus
        finally:
            await bus.stop()

    async def publish(self, bus: Bus, database: Database, *events: Event) -> None:
        async with database.transaction() as tx:
            await bus.publish(tx, events)

    async def effects(self, database: Database) -> Counter[UUID]:
        return Counter(row["event_id"] for row in await database.fetch("select event_id from effects"))

    @pytest.mark.plan("P-TOPIC-order")
    async def test_events_of_one_student_arrive_in_the_order_of_their_commits(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        students, seen = [uuid4() for _ in range(5)], Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            for number in range(60):
                await self.publish(bus, database, *(ran(number, student) for student in students))
            await eventually(lambda: len(seen.events) >= 300)
        assert all(seen.of(student) == list(range(60)) for student in students)

    @pytest.mark.plan("P-RULE-bus")
    async def test_every_group_gets_every_event_once(self, make_bus: MakeBus, database: Database) -> None:
        one, two, events = Seen(), Seen(), [ran(number, uuid4()) for number in range(20)]
        async with (
            self.running(make_bus, database, {CodeExecuted: one}, "one") as bus,
            self.running(make_bus, database, {CodeExecuted: two}, "two"),
        ):
            await self.publish(bus, database, *events)
            await eventually(lambda: len(one.events) >= 20 and len(two.events) >= 20)
        wanted = sorted(event.id for event in events)
        assert sorted(one.ids) == wanted
        assert sorted(two.ids) == wanted

    async def test_an_event_survives_the_journey_unchanged(self, make_bus: MakeBus, database: Database) -> None:
        event, seen = ran(7, uuid4()), Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await self.publish(bus, database, event)
            await eventually(lambda: bool(seen.events))
        assert seen.events[0].model_dump() == event.model_dump()

    async def test_what_a_rolled_back_transaction_published_never_arrives(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        kept, seen = ran(2, uuid4()), Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            with pytest.raises(LookupError):
                await self._publish_and_fail(bus, database, ran(1, uuid4()))
            await self.publish(bus, database, kept)
            await eventually(lambda: bool(seen.events))
        assert seen.ids == [kept.id]

    async def _publish_and_fail(self, bus: Bus, database: Database, event: Event) -> None:
        async with database.transaction() as tx:
            await bus.publish(tx, [event])
            raise LookupError

    async def test_an_open_transaction_elsewhere_delays_and_loses_nothing(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        late, early, seen = ran(1, uuid4()), ran(2, uuid4()), Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            async with database.transaction() as tx:
                await bus.publish(tx, [late])
                await tx.fetchval("select pg_current_xact_id()")
                await asyncio.create_task(self._publish_apart(bus, database, early))
                await asyncio.sleep(0.3)
                assert seen.events == []
            await eventually(lambda: len(seen.events) >= 2)
        assert sorted(seen.ids) == sorted([late.id, early.id])

    async def _publish_apart(self, bus: Bus, database: Database, event: Event) -> None:
        """From a connection of its own, since a query in a task joins the transaction that is open there."""
        other = Database(database.dsn)
        await other.start()
        try:
            async with other.transaction() as tx:
                await bus.publish(tx, [event])
        finally:
            await other.stop()

    @pytest.mark.plan("P-EVT-once")
    async def test_the_same_event_published_twice_has_one_effect(self, make_bus: MakeBus, database: Database) -> None:
        event, last, seen = ran(1, uuid4()), ran(2, uuid4()), Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await self.publish(bus, database, event, event)
            await self.publish(bus, database, event, last)
            await eventually(lambda: last.id in seen.ids)
        assert await self.effects(database) == {event.id: 1, last.id: 1}

    async def test_types_without_a_handler_are_skipped(self, make_bus: MakeBus, database: Database) -> None:
        student, seen = uuid4(), Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await self.publish(bus, database, explained(student), ran(1, student))
            await eventually(lambda: bool(seen.events))
        assert seen.of(student) == [1]
        assert await dead_letters(database, TOPIC) == []

    async def test_a_batch_handler_gets_every_type_with_its_data_as_json(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        facts: list[Event] = []

        async def keep(_tx: Transaction, events: object) -> None:
            assert isinstance(events, list)
            facts.extend(events)

        bus, typed, student = make_bus(database), Seen(), uuid4()
        bus.subscribe_all(TOPIC, "group", keep)
        bus.subscribe(TOPIC, "group", {CodeExecuted: typed})
        await bus.start()
        await self.publish(bus, database, explained(student), ran(3, student))
        await eventually(lambda: len(facts) >= 2)
        await bus.stop()
        assert [fact.data.get("concept") for fact in facts] == ["loops", None]
        assert typed.of(student) == [3]

    async def test_a_failing_handler_is_tried_again_and_leaves_no_effect_of_its_failures(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        async def fail_twice(_event: Event) -> None:
            if len(seen.events) < 3:
                raise RuntimeError("not yet")

        seen, event = Seen(fail_twice), ran(1, uuid4())
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await self.publish(bus, database, event)
            await eventually(lambda: len(seen.events) >= 3)
        assert await self.effects(database) == {event.id: 1}
        assert await database.fetchval("select count(*) from bus_attempts") == 0

    async def test_a_poison_event_dies_after_five_attempts_and_the_next_is_handled(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        student = uuid4()
        poison, good = ran(1, student), ran(2, student)

        async def choke(event: Event) -> None:
            if event.id == poison.id:
                raise ValueError("a text that must stay out of the log")

        seen = Seen(choke)
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await self.publish(bus, database, poison, good)
            await eventually(lambda: good.id in seen.ids and len(seen.events) >= 6)
            await asyncio.sleep(0.1)
        (letter,) = await dead_letters(database, TOPIC)
        assert (letter.event_id, letter.group, letter.attempts) == (poison.id, "group", 5)
        assert letter.reason == "the handler raised ValueError"
        assert await self.effects(database) == {good.id: 1}

    async def test_a_replayed_dead_letter_reaches_only_the_group_that_gave_it_up(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        is_broken = True

        async def choke(_event: Event) -> None:
            if is_broken:
                raise ValueError

        weak, strong, event = Seen(choke), Seen(), ran(1, uuid4())
        async with (
            self.running(make_bus, database, {CodeExecuted: weak}, "weak") as bus,
            self.running(make_bus, database, {CodeExecuted: strong}, "strong"),
        ):
            await self.publish(bus, database, event)
            await self._until_dead(database, 1)
            is_broken, failures = False, len(weak.events)
            assert await replay(database, TOPIC, event.id) == 1
            assert await replay(database, TOPIC) == 0
            await eventually(lambda: len(weak.events) > failures)
            await asyncio.sleep(0.1)
        assert strong.ids == [event.id]
        assert await self.effects(database) == {event.id: 2}
        assert await dead_letters(database, TOPIC) == []

    async def _until_dead(self, database: Database, count: int) -> None:
        for _ in range(1000):
            if len(await dead_letters(database, TOPIC)) >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("no dead letter came")

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"not": "a CloudEvent"},
            {"specversion": "1.0", "type": CodeExecuted.event_type},
            {"data": {"status": "a status that does not exist"}},
            {"id": "no uuid"},
        ],
        ids=["no-envelope", "no-id", "bad-data", "bad-id"],
    )
    async def test_what_no_attempt_can_mend_dies_at_once_and_blocks_nothing(
        self, make_bus: MakeBus, database: Database, spoilt: dict[str, object]
    ) -> None:
        good, seen = ran(2, uuid4()), Seen()
        whole = orjson.loads(ran(1, uuid4()).model_dump_json())
        is_event = "data" in spoilt or spoilt.get("id")
        envelope = {**whole, **spoilt} if is_event else spoilt
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await database.execute(INSERT_ONE, TOPIC.name, 0, "key", orjson.dumps(envelope).decode())
            await self.publish(bus, database, good)
            await eventually(lambda: bool(seen.events))
            await self._until_dead(database, 1)
        (letter,) = await dead_letters(database, TOPIC)
        assert letter.attempts == 1
        assert seen.ids == [good.id]

    async def test_a_reader_that_dies_in_a_handler_leaves_the_event_to_the_next(
        self, make_bus: MakeBus, database: Database
    ) -> None:
        events = [ran(number, uuid4()) for number in range(10)]
        hanging = Seen(lambda _event: asyncio.sleep(60))
        dying = make_bus(database)
        dying.subscribe(TOPIC, "group", {CodeExecuted: hanging})
        await dying.start()
        await self.publish(dying, database, *events)
        await eventually(lambda: bool(hanging.events))
        await self.kill_readers()
        seen = Seen()
        async with self.running(make_bus, database, {CodeExecuted: seen}):
            await eventually(lambda: len(seen.events) >= 10)
        await dying.stop()
        assert await self.effects(database) == {event.id: 1 for event in events}

    async def kill_readers(self) -> None:
        """End all readers of this process where they stand."""
        readers = [task for task in asyncio.all_tasks() if task.get_name().startswith(("reader ", "kafka "))]
        for task in readers:
            task.cancel()
        await asyncio.wait(readers)

    async def test_a_slow_handler_holds_up_its_own_group_only(self, make_bus: MakeBus, database: Database) -> None:
        released = asyncio.Event()

        async def wait(_event: Event) -> None:
            await released.wait()

        slow, quick, event = Seen(wait), Seen(), ran(1, uuid4())
        async with (
            self.running(make_bus, database, {CodeExecuted: slow}, "slow") as bus,
            self.running(make_bus, database, {CodeExecuted: quick}, "quick"),
        ):
            await self.publish(bus, database, event)
            await eventually(lambda: bool(quick.events) and bool(slow.events))
            released.set()
        assert await self.effects(database) == {event.id: 2}

    async def test_stopping_finishes_the_batch_in_hand(self, make_bus: MakeBus, database: Database) -> None:
        seen, event = Seen(lambda _event: asyncio.sleep(0.3)), ran(1, uuid4())
        async with self.running(make_bus, database, {CodeExecuted: seen}) as bus:
            await self.publish(bus, database, event)
            await eventually(lambda: bool(seen.events))
        assert await self.effects(database) == {event.id: 1}

    async def test_two_readers_of_one_group_share_the_work(self, make_bus: MakeBus, database: Database) -> None:
        one, two = Seen(lambda _event: asyncio.sleep(0.005)), Seen(lambda _event: asyncio.sleep(0.005))
        students = [uuid4() for _ in range(40)]
        async with (
            self.running(make_bus, database, {CodeExecuted: one}) as bus,
            self.running(make_bus, database, {CodeExecuted: two}),
        ):
            await asyncio.sleep(self.settled_after_s)
            for number in range(5):
                await self.publish(bus, database, *(ran(number, student) for student in students))
            await eventually(lambda: len(one.events) + len(two.events) >= 200)
        assert min(len(one.events), len(two.events)) > 0
        assert set((await self.effects(database)).values()) == {1}
        assert len(await self.effects(database)) == 200

    settled_after_s = 0.1

    async def test_a_handler_publishes_with_its_transaction(self, make_bus: MakeBus, database: Database) -> None:
        student, end, bus = uuid4(), Seen(), make_bus(database)

        async def pass_on(tx: Transaction, event: Event) -> None:
            await bus.publish(tx, [explained(UUID(event.subject))])

        bus.subscribe(TOPIC, "first", {CodeExecuted: pass_on})
        bus.subscribe(TOPIC, "second", {ConceptExplained: end})
        await bus.start()
        await self.publish(bus, database, ran(1, student))
        await eventually(lambda: bool(end.events))
        await bus.stop()
        assert [event.subject for event in end.events] == [str(student)]
