"""Sealed text: personal text as it travels and rests, readable only with the student's own key."""

from typing import Annotated, NewType

from pydantic import Field

PREFIX = "lf1."

SealedText = NewType("SealedText", str)
"""`lf1.` and URL-safe base64 of nonce and AES-256-GCM ciphertext; made and opened by `kit.sealed.Vault` alone."""

SealedField = Annotated[SealedText, Field(pattern=r"^lf1\.[A-Za-z0-9_-]+$", json_schema_extra={"x-sealed": True})]
"""The pydantic field type of a sealed text: plain text does not validate."""
