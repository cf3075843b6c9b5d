"""What a server imports only once it serves, imported before the fork, and memory that children do not write to.

Imported after it, each of these would be loaded and kept by every child for itself: 10 MB and 0.1 s each.
"""

import gc
import importlib
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise, repeat

from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.app import create_app
from learnflow.kit.serve import server_for
from learnflow.kit.settings import ServiceSettings

USED_WHILE_SERVING = (
    "anyio._backends._asyncio",
    "fastapi.telemetry._runtime",
    "httpcore",
    "uvicorn.loops.uvloop",
    "uvloop",
)


def import_for_serving() -> None:
    """Load them by building an application that nobody calls; opens nothing and starts no thread."""
    for name in USED_WHILE_SERVING:
        importlib.import_module(name)
    app = create_app(API_GATEWAY, ServiceSettings(_env_file=None))
    server_for(app).config.load()


def keep_in_shared_memory() -> None:
    """The collector leaves alone from now on what there is: its marks would make every page a child's own."""
    gc.collect()
    fill_holes()
    gc.freeze()


BLOCK_BYTES = range(16, 513, 16)
"""What CPython hands out itself: blocks out of pools of blocks of one size."""
POOL_BYTES = 16_384
MOST_GAPS = 8
MOST_POOLS = 400
_holes: list[list[object]] = []


def fill_holes() -> None:
    """Use up what imports left free between their objects: what a child makes then lies together, on its own pages.

    Else it is spread over hundreds of pages, each of which becomes the child's own (1.3 MB). See Objects/obmalloc.c.
    """
    for size in BLOCK_BYTES:
        make = _maker(size)
        for _ in range(MOST_POOLS):
            _holes.append([make() for _ in repeat(None, POOL_BYTES // size)])
            if _lie_together(_holes[-1], size):
                break


def _maker(size: int) -> Callable[[], object]:
    if size == 16:
        return object
    # the smallest of all bytes() is larger than 32
    return complex if size == 32 else partial(bytes, size - sys.getsizeof(b""))


def _lie_together(blocks: list[object], size: int) -> bool:
    """One behind the other, but for the end of a pool and the holes that this very question leaves."""
    return sum(after - before != size for before, after in pairwise(map(id, blocks))) < MOST_GAPS
