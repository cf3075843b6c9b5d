"""Sealed texts: AES-256-GCM under a key per student, each key wrapped by the master key.

Deleting a student's row of `keys.student_keys` makes every text of theirs unreadable: in tables, in the
log, in dead letters and in backups of them.
"""

import base64
import binascii
import hashlib
import hmac
import os
import stat
import time
import unicodedata
from collections import OrderedDict
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from learnflow.contracts.errors import LearnFlowError, NotFound
from learnflow.contracts.sealed import PREFIX, SealedText
from learnflow.kit.database import Database
from learnflow.kit.settings import ServiceSettings

KEY_BYTES = 32
NONCE_BYTES = 12
CACHE_TTL_S = 60.0
CACHE_SIZE = 5000


class MasterKeyError(RuntimeError):
    """The master key is missing or unusable; the text says what to do. A service refuses to start with it."""


class KeyMissing(NotFound):
    """This student has no key: never registered here, or erased."""

    code = "key_missing"


class SealBroken(LearnFlowError):
    """A sealed text was changed, belongs to another student, or is not a sealed text."""

    code = "seal_broken"


def load_master_key(settings: ServiceSettings) -> bytes:
    """The 32 bytes of `master_key_file` (base64, readable by its owner alone); MasterKeyError says what is wrong."""
    path = settings.master_key_file
    if path is None:
        raise MasterKeyError("LEARNFLOW_MASTER_KEY_FILE is not set: name a file that holds 32 random bytes in base64.")
    try:
        _require_private(path)
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except OSError as error:
        raise MasterKeyError(f"The master key file {path} cannot be read: {error.strerror}.") from error
    except binascii.Error as error:
        raise MasterKeyError(f"The master key file {path} is not base64.") from error
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"The master key file {path} holds {len(key)} bytes; it must hold {KEY_BYTES}.")
    return key


def _require_private(path: Path) -> None:
    info = path.stat()
    # a mounted secret belongs to root and is readable through the pod's group: that is private enough
    too_open = 0o077 if info.st_uid == os.geteuid() else 0o027
    if stat.S_IMODE(info.st_mode) & too_open:
        raise MasterKeyError(f"The master key file {path} is open to others. Run: chmod 600 {path}")


def derive(master_key: bytes, purpose: str) -> bytes:
    """A 32 byte key for one purpose (HKDF-SHA256, RFC 5869); one cannot be computed from another."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"learnflow:" + purpose.encode()).derive(
        master_key
    )


class MasterCipher:
    """Seals bytes under a key derived from the master key; `context` must be the same when they are opened."""

    def __init__(self, master_key: bytes, purpose: str) -> None:
        self._cipher = AESGCM(derive(master_key, purpose))

    def seal(self, data: bytes, context: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The bytes; SealBroken when they, the context or the master key are not the ones they were sealed with."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("This was sealed with another master key, or was changed.") from error


def to_wire(sealed: bytes) -> SealedText:
    """`lf1.` and URL-safe base64 without padding."""
    return SealedText(PREFIX + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode())


def from_wire(sealed: str) -> bytes:
    """The bytes of a sealed text; SealBroken when it is none."""
    if not sealed.startswith(PREFIX):
        raise SealBroken("This is not a sealed text.")
    encoded = sealed[len(PREFIX) :]
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealBroken("This is not a sealed text.") from error


class Vault:
    """Seals and opens the texts of students. Keys are cached for 60 s, so an erased key is gone a minute later."""

    def __init__(self, database: Database, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise MasterKeyError(f"The master key has {len(master_key)} bytes; it must have {KEY_BYTES}.")
        self._database = database
        self._wrapping = MasterCipher(master_key, "student-keys")
        self._index_key = derive(master_key, "email-index")
        self._cache: OrderedDict[UUID, tuple[float, AESGCM]] = OrderedDict()

    async def create_key(self, student_id: UUID) -> None:
        """Make the student's key unless there is one; joins the open transaction."""
        wrapped = self._wrapping.seal(AESGCM.generate_key(256), student_id.bytes)
        await self._database.execute(
            "insert into keys.student_keys (student_id, wrapped) values ($1, $2) on conflict do nothing",
            student_id,
            wrapped,
        )

    async def destroy_key(self, student_id: UUID) -> bool:
        """Erase the student: nothing sealed for them can be read any more. True when there was a key."""
        done = await self._database.execute("delete from keys.student_keys where student_id = $1", student_id)
        self._cache.pop(student_id, None)
        return done != "DELETE 0"

    async def seal(self, student_id: UUID, text: str) -> SealedText:
        """The text as only the student's key opens it; KeyMissing without one."""
        cipher = await self._cipher(student_id)
        nonce = os.urandom(NONCE_BYTES)
        return to_wire(nonce + cipher.encrypt(nonce, text.encode(), student_id.bytes))

    async def open(self, student_id: UUID, sealed: SealedText) -> str:
        """The text; KeyMissing without a key, SealBroken when it is not this student's or was changed."""
        cipher = await self._cipher(student_id)
        raw = from_wire(sealed)
        try:
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], student_id.bytes).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken("This text was sealed for somebody else, or was changed.") from error

    def email_index(self, email: str) -> bytes:
        """32 bytes by which an address is found: HMAC-SHA256 of it, whatever its case and surrounding blanks."""
        return self.index(unicodedata.normalize("NFKC", email).strip().casefold())

    def index(self, value: str) -> bytes:
        """HMAC-SHA256 of a personal value (a network address) that must be compared and never read."""
        return hmac.digest(self._index_key, value.encode(), hashlib.sha256)

    async def _cipher(self, student_id: UUID) -> AESGCM:
        cached = self._cache.get(student_id)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        rows = await self._database.look(
            "select wrapped, created_at < now() as is_committed from keys.student_keys where student_id = $1",
            student_id,
        )
        if not rows:
            self._cache.pop(student_id, None)
            raise KeyMissing("There is no key for this student: the account was erased or never existed.")
        row = rows[0]
        cipher = AESGCM(self._wrapping.open(row["wrapped"], student_id.bytes))
        # a key of the open transaction may still be rolled back: it must not outlive that in the cache
        if row["is_committed"]:
            self._remember(student_id, cipher)
        return cipher

    def _remember(self, student_id: UUID, cipher: AESGCM) -> None:
        self._cache[student_id] = (time.monotonic() + CACHE_TTL_S, cipher)
        self._cache.move_to_end(student_id)
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
