"""Marks of devices from which an account was signed in before: guesses elsewhere must not lock those out.

After OWASP, "Slow Down Online Guessing Attacks with Device Cookies": see docs/decisions/0010-known-devices.md.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import timedelta

from learnflow.kit.sealed import derive

KEPT = timedelta(days=180)
_NONCE_BYTES = 16
_MARK_BYTES = _NONCE_BYTES + hashlib.sha256().digest_size


class KnownDevices:
    """Makes and checks marks; a mark says "this device has signed in to this account", and nothing to anybody else."""

    def __init__(self, master_key: bytes) -> None:
        self._key = derive(master_key, "known-devices")

    def mark(self, email_index: bytes) -> str:
        """A mark for the device that has just signed in to the account."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._digest(email_index, nonce)).decode()

    def subject(self, email_index: bytes, mark: str | None) -> str | None:
        """By what failures of this device are counted; None when the device does not know the account."""
        raw = _decoded(mark)
        nonce, digest = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        if not hmac.compare_digest(digest, self._digest(email_index, nonce)):
            return None
        return nonce.hex()

    def _digest(self, email_index: bytes, nonce: bytes) -> bytes:
        return hmac.digest(self._key, nonce + email_index, hashlib.sha256)


def _decoded(mark: str | None) -> bytes:
    """The bytes of a mark; zeros, which no key signs, for what is none."""
    try:
        raw = base64.b64decode((mark or "")[:100], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return raw if len(raw) == _MARK_BYTES else bytes(_MARK_BYTES)
