"""The students' keys as a file of their own: they live outside the ordinary backup, so that erasing reaches it too.

A line of JSON for each key, as it is stored: wrapped by the master key, which is not in the file. Put back are the
keys of people who are there and were not erased, so an old file brings nobody back.
"""

import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

from learnflow.kit.database import Database
from learnflow.kit.sealed import MasterCipher, SealBroken

FORMAT = "learnflow-student-keys-1"
BATCH = 1000
_PAGE = "select student_id, wrapped from keys.student_keys where student_id > $1 order by student_id limit $2"
_PUT_BACK = """
insert into keys.student_keys (student_id, wrapped)
select k.student_id, k.wrapped from unnest($1::uuid[], $2::bytea[]) as k (student_id, wrapped)
join users u on u.id = k.student_id
where not exists (select from erasures e where e.erased_id = k.student_id)
on conflict do nothing returning student_id
"""


class KeyFileError(ValueError):
    """The file is none of ours, or of another master key; the text says which."""


async def back_up(database: Database, path: Path) -> int:
    """Write all keys to a new file that its owner alone may read; how many. FileExistsError when it is there."""
    count = 0
    with open(path, "x", opener=partial(os.open, mode=0o600)) as file:  # noqa: ASYNC230 - a command's own file
        file.write(json.dumps({"format": FORMAT}) + "\n")
        async for student_id, wrapped in _all_keys(database):
            key = {"student_id": str(student_id), "wrapped": base64.b64encode(wrapped).decode()}
            file.write(json.dumps(key) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


async def _all_keys(database: Database) -> AsyncIterator[tuple[UUID, bytes]]:
    last = UUID(int=0)
    while rows := await database.fetch(_PAGE, last, BATCH):
        for row in rows:
            yield row["student_id"], row["wrapped"]
        last = rows[-1]["student_id"]


async def put_back(database: Database, master_key: bytes, path: Path) -> int:
    """Put back the keys that are missing; how many. KeyFileError before anything is changed."""
    keys = list(_read(path))
    cipher = MasterCipher(master_key, "student-keys")
    for student_id, wrapped in keys:
        try:
            cipher.open(wrapped, student_id.bytes)
        except SealBroken as error:
            raise KeyFileError("The keys in this file were wrapped by another master key. Name that one.") from error
    restored = 0
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        restored += len(await database.fetch(_PUT_BACK, [key for key, _ in batch], [wrapped for _, wrapped in batch]))
    return restored


def _read(path: Path) -> Iterator[tuple[UUID, bytes]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        if json.loads(lines[0])["format"] != FORMAT:
            raise KeyFileError(f"{path} is not a file of keys.")
        for line in lines[1:]:
            key = json.loads(line)
            yield UUID(key["student_id"]), base64.b64decode(key["wrapped"], validate=True)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise KeyFileError(f"{path} is not a file of keys.") from error
