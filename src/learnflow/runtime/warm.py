"""What a server imports only once it serves, imported before the fork.

Imported after it, each of these would be loaded and kept by every child for itself: 10 MB and 0.1 s each.
"""

import importlib

from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.app import create_app
from learnflow.kit.serve import server_for
from learnflow.kit.settings import ServiceSettings

USED_WHILE_SERVING = ("anyio._backends._asyncio", "httpcore", "uvicorn.loops.uvloop", "uvloop")


def import_for_serving() -> None:
    """Load them by building an application that nobody calls; opens nothing and starts no thread."""
    for name in USED_WHILE_SERVING:
        importlib.import_module(name)
    app = create_app(API_GATEWAY, ServiceSettings(_env_file=None))
    server_for(app).config.load()
