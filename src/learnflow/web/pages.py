"""The files of `static/`, kept in memory: one page, and assets under an address that changes with them."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_ASSETS = b"{{assets}}"
_MESSAGES = "messages/"
_SAFETY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str


class Pages:
    """All files of the page; `version` names this set of them, so that an asset's address never means two things."""

    def __init__(self) -> None:
        read = dict(_read(files("learnflow.web") / "static"))
        digest = hashlib.sha256()
        for name in sorted(read):
            digest.update(name.encode() + b"\0" + read[name])
        self.version = digest.hexdigest()[:12]
        index = read.pop("index.html").replace(_ASSETS, f"assets/{self.version}".encode())
        for place, text in _languages(read).items():
            index = index.replace(place, text.encode())
        self._index = _file("index.html", index)
        self._assets = {name: _file(name, content) for name, content in read.items()}

    def index(self, request: Request) -> Response:
        """The page itself; asked for anew each time, so that a new version is seen at once."""
        return _answer(self._index, request, "no-cache")

    def asset(self, request: Request, version: str, name: str) -> Response | None:
        """A file of this version; None where there is none."""
        found = self._assets.get(name) if version == self.version else None
        return _answer(found, request, IMMUTABLE) if found else None


def _languages(read: Mapping[str, bytes]) -> dict[bytes, str]:
    """The languages that there are messages for, as the page is told them; each one is called by its own name."""
    found = {
        name.removeprefix(_MESSAGES).removesuffix(".json"): str(json.loads(content)["language"])
        for name, content in sorted(read.items())
        if name.startswith(_MESSAGES)
    }
    choices = (f'<option value="{tag}" lang="{tag}">{escape(name)}</option>' for tag, name in found.items())
    return {b"{{languages}}": " ".join(found), b"{{choices}}": "".join(choices)}


def _read(folder: Traversable, before: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{before}{entry.name}/")
        elif any(entry.name.endswith(ending) for ending in _TYPES):
            found.append((before + entry.name, entry.read_bytes()))
    return found


def _file(name: str, content: bytes) -> File:
    media_type = next(kind for ending, kind in _TYPES.items() if name.endswith(ending))
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return File(content, gzip.compress(content, mtime=0), media_type, etag)


def _answer(file: File, request: Request, cache: str) -> Response:
    headers = {"Cache-Control": cache, "ETag": file.etag, "Vary": "Accept-Encoding", **_SAFETY}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, 200, {**headers, "Content-Encoding": "gzip"}, file.media_type)
    return Response(file.content, 200, headers, file.media_type)
