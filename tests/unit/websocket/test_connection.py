"""One socket's bounded queue."""

from datetime import UTC, datetime
from uuid import uuid4

from learnflow.services.websocket.connection import Close, Connection

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def connection(capacity: int = 8, sent_seq: int = 0) -> Connection:
    return Connection(uuid4(), sent_seq, LATER, capacity=capacity)


async def test_frames_come_out_in_the_order_of_their_numbers() -> None:
    socket = connection()
    for seq in (1, 2, 3):
        socket.offer(seq, f"frame {seq}")
    assert [await socket.next_text() for _ in range(3)] == ["frame 1", "frame 2", "frame 3"]
    assert socket.sent_seq == 3


async def test_a_frame_that_was_sent_is_not_sent_again() -> None:
    socket = connection(sent_seq=5)
    socket.offer(5, "old")
    socket.offer(6, "new")
    assert await socket.next_text() == "new"


async def test_without_room_frames_stay_in_the_table_and_none_is_skipped() -> None:
    socket = connection(capacity=4)
    for seq in range(1, 6):
        socket.offer(seq, str(seq))
    assert socket.is_behind
    assert socket.sent_seq == 2
    await socket.next_text()
    socket.offer(6, "6")
    assert socket.sent_seq == 2


async def test_replies_have_room_of_their_own() -> None:
    socket = connection(capacity=4)
    for seq in range(1, 6):
        socket.offer(seq, str(seq))
    socket.reply("pong")
    assert not socket.ending.done()


async def test_a_client_that_asks_without_reading_is_closed() -> None:
    socket = connection(capacity=2)
    for _ in range(3):
        socket.reply("pong")
    assert (await socket.ending).code is Close.TRY_LATER


async def test_the_first_reason_to_end_counts() -> None:
    socket = connection()
    socket.end(Close.RESTART, "restart")
    socket.end(Close.TRY_LATER, "slow")
    assert (await socket.ending).code is Close.RESTART
