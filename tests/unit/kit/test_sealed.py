"""The master key and what is derived from it; the students' own keys are in tests/integration."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.kit.sealed import (
    MasterCipher,
    MasterKeyError,
    SealBroken,
    Vault,
    derive,
    from_wire,
    load_master_key,
    to_wire,
)
from learnflow.kit.settings import ServiceSettings

MASTER_KEY = bytes(range(32))


def a_vault(master_key: bytes = MASTER_KEY) -> Vault:
    return Vault(Database("postgresql://nowhere"), master_key)


def key_file(path: Path, content: bytes, mode: int = 0o600) -> ServiceSettings:
    path.write_bytes(content)
    path.chmod(mode)
    return ServiceSettings(master_key_file=path)


def test_the_master_key_is_read_from_its_file(tmp_path: Path) -> None:
    assert load_master_key(key_file(tmp_path / "key", base64.b64encode(MASTER_KEY) + b"\n")) == MASTER_KEY


def test_without_a_key_file_there_is_no_default_key() -> None:
    with pytest.raises(MasterKeyError, match="LEARNFLOW_MASTER_KEY_FILE"):
        load_master_key(ServiceSettings(master_key_file=None))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o666])
def test_a_key_file_that_others_can_open_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    settings = key_file(tmp_path / "key", base64.b64encode(MASTER_KEY), mode)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        load_master_key(settings)


@pytest.mark.parametrize("content", [b"", b"not base64!", base64.b64encode(bytes(31)), base64.b64encode(bytes(33))])
def test_a_key_file_with_anything_but_32_bytes_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MasterKeyError):
        load_master_key(key_file(tmp_path / "key", content))


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"absent\.key"):
        load_master_key(ServiceSettings(master_key_file=tmp_path / "absent.key"))


def test_keys_of_different_purposes_are_different() -> None:
    keys = {derive(MASTER_KEY, purpose) for purpose in ("student-keys", "email-index", "signing-keys")}
    assert len(keys) == 3
    assert MASTER_KEY not in keys


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_the_master_cipher_seals_it_opens_in_the_same_context_only(data: bytes, context: bytes) -> None:
    cipher = MasterCipher(MASTER_KEY, "tests")
    sealed = cipher.seal(data, context)
    assert cipher.open(sealed, context) == data
    with pytest.raises(SealBroken):
        cipher.open(sealed, context + b"x")
    with pytest.raises(SealBroken):
        MasterCipher(bytes(32), "tests").open(sealed, context)


@given(st.binary(max_size=100))
def test_the_wire_form_is_url_safe_and_comes_back(raw: bytes) -> None:
    wire = to_wire(raw)
    assert wire.startswith("lf1.")
    assert "=" not in wire
    assert from_wire(wire) == raw


@pytest.mark.parametrize("wire", ["", "plain text", "lf2.AAAA", "lf1.äöü", "lf1.a b", "lf1.A"])
def test_what_is_no_sealed_text_is_said_so(wire: str) -> None:
    with pytest.raises(SealBroken):
        from_wire(SealedText(wire))


def test_an_address_is_found_whatever_its_case_and_blanks() -> None:
    vault = a_vault()
    assert vault.email_index("Ada@Example.org") == vault.email_index("  ada@example.ORG ")
    assert vault.email_index("ada@example.org") != vault.email_index("bob@example.org")


def test_the_index_of_an_address_depends_on_the_master_key() -> None:
    assert a_vault().email_index("ada@example.org") != a_vault(bytes(32)).email_index("ada@example.org")
