"""Base of `bench sandbox`: POST /execute over a Python started for each run; no isolation, no limit but the time.

Run alone: python -m bench.bases.subprocess_api PORT
"""

import asyncio
import os
import sys
import time
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

PYTHON = os.path.realpath(sys.executable)


async def execute(request: Request) -> JSONResponse:
    """The same question, and the answer with the same facts."""
    asked = await request.json()
    given = asked.get("stdin", "").encode()
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        *("-I", "-S", "-c", asked["code"]),
        stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(asked.get("timeout_s", 5.0)):
            out, err = await process.communicate(given or None)
        status = "ok" if process.returncode == 0 else "error"
    except TimeoutError:
        process.kill()
        out, err, status = b"", b"", "timeout"
    answer = {
        "execution_id": str(uuid4()),
        "status": status,
        "stdout": out.decode(errors="replace"),
        "stderr": err.decode(errors="replace"),
        "exit_code": process.returncode,
        "duration_ms": (time.perf_counter() - began) * 1000,
    }
    return JSONResponse(answer)


app = Starlette(routes=[Route("/execute", execute, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="error", http="httptools", loop="uvloop")
