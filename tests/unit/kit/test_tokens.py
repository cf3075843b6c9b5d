"""Access tokens: what is refused, what is remembered, and where the keys come from."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from learnflow.contracts.errors import Unauthenticated, Unavailable
from learnflow.kit.invoke import Invoker
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.tokens import HttpKeySource, TokenVerifier
from tests.answering import Answering

KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
USER = uuid4()
SESSION = uuid4()


class KeysInHand:
    """A KeySource that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def public_key(self, kid: str) -> Ed25519PublicKey | None:
        self.asked += 1
        return KEY.public_key() if kid == "k1" else None


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    whole = {
        "iss": "learnflow",
        "aud": "learnflow",
        "sub": str(USER),
        "sid": str(SESSION),
        "role": "student",
        "iat": now,
        "exp": now + timedelta(minutes=30),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(*, key: Any = KEY, algorithm: str = "EdDSA", kid: object = "k1", **changes: Any) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], signature: str = "") -> str:
    now = int(datetime.now(UTC).timestamp())
    return f"{part(header)}.{part(claims(iat=now, exp=now + 600))}.{signature}"


def tampered() -> str:
    header, _, signature = signed().split(".")
    return f"{header}.{part(claims(role='admin', iat=0, exp=9_999_999_999))}.{signature}"


HOSTILE = {
    "empty": "",
    "no token": "abc",
    "dots only": "..",
    "alg none": by_hand({"alg": "none", "typ": "JWT", "kid": "k1"}),
    "alg None in another case": by_hand({"alg": "nOnE", "kid": "k1"}),
    "alg none with a signature": by_hand({"alg": "none", "kid": "k1"}, signed().split(".")[2]),
    "hmac with the public key": jwt.encode(
        claims(), KEY.public_key().public_bytes_raw(), algorithm="HS256", headers={"kid": "k1"}
    ),
    "signed by another key": signed(key=OTHER_KEY),
    "unknown key id": signed(kid="k2"),
    "no key id": signed(kid=None),
    "key id of another type": by_hand({"alg": "EdDSA", "kid": 7}),
    "claims changed after signing": tampered(),
    "expired": signed(exp=datetime.now(UTC) - timedelta(minutes=1)),
    "not yet": signed(iat=datetime.now(UTC) + timedelta(hours=1)),
    "without an end": signed(exp=None),
    "another audience": signed(aud="somebody"),
    "no audience": signed(aud=None),
    "another issuer": signed(iss="somebody"),
    "no issuer": signed(iss=None),
    "no subject": signed(sub=None),
    "a subject that is no id": signed(sub="admin"),
    "an unknown role": signed(role="root"),
    "a role of another type": signed(role=["admin"]),
    "very long": signed(extra="x" * 3000),
    "not ASCII": "ä.ö.ü",
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await TokenVerifier(KeysInHand()).verify(token)


async def test_a_good_token_says_who_holds_it() -> None:
    principal = await TokenVerifier(KeysInHand()).verify(signed())
    assert (principal.user_id, principal.role, principal.session_id) == (USER, "student", SESSION)
    assert principal.service is None
    assert principal.expires_at > datetime.now(UTC)


async def test_a_service_token_names_its_service() -> None:
    principal = await TokenVerifier(KeysInHand()).verify(signed(role="service", svc="triage", sid=None))
    assert (principal.role, principal.service, principal.session_id) == ("service", "triage", None)


async def test_a_token_is_verified_once_and_remembered() -> None:
    keys = KeysInHand()
    verifier = TokenVerifier(keys)
    token = signed()
    assert await verifier.verify(token) is await verifier.verify(token)
    assert keys.asked == 1


async def test_a_remembered_token_still_expires() -> None:
    now = datetime.now(UTC)
    verifier = TokenVerifier(KeysInHand(), clock=lambda: now)
    token = signed()
    await verifier.verify(token)
    now += timedelta(minutes=31)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_a_remembered_token_of_an_ended_session_is_refused() -> None:
    ended: set[UUID] = set()
    verifier = TokenVerifier(KeysInHand(), is_revoked=ended.__contains__)
    token, other = signed(), signed(sid=str(uuid4()))
    await verifier.verify(token)
    ended.add(SESSION)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)
    await verifier.verify(other)


async def test_the_memory_of_tokens_is_bounded() -> None:
    keys = KeysInHand()
    verifier = TokenVerifier(keys, cache_size=2)
    tokens = [signed(jti=str(number)) for number in range(3)]
    for token in [*tokens, tokens[0]]:
        await verifier.verify(token)
    assert keys.asked == 4


class Gateway:
    """Answers GET /api/v1/auth/keys; can be away."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.kids = ["k1"]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v1/auth/keys"
        assert "Authorization" not in request.headers
        self.asked += 1
        if self.is_away:
            raise httpx.ConnectError("refused", request=request)
        x = base64.urlsafe_b64encode(KEY.public_key().public_bytes_raw()).rstrip(b"=").decode()
        return httpx.Response(200, json={"keys": [{"kid": kid, "x": x} for kid in self.kids]})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnflow.kit.tokens.REFETCH_AFTER_S", 0.05)


def key_source(gateway: Gateway) -> HttpKeySource:
    return HttpKeySource(Invoker(ServiceSettings(), client=Answering(gateway)))


async def test_keys_are_fetched_once_for_many_tokens() -> None:
    gateway = Gateway()
    source = key_source(gateway)
    assert await source.public_key("k1") is not None
    assert await source.public_key("k1") is not None
    assert gateway.asked == 1


async def test_a_key_that_appears_by_rotation_is_found() -> None:
    gateway = Gateway()
    source = key_source(gateway)
    await source.public_key("k1")
    gateway.kids = ["k1", "k2"]
    assert await source.public_key("k2") is not None
    assert await source.public_key("k1") is not None


async def test_forged_key_ids_ask_the_gateway_at_most_once_in_a_while() -> None:
    gateway = Gateway()
    source = key_source(gateway)
    await source.public_key("k1")
    assert [await source.public_key("forged") for _ in range(3)] == [None] * 3
    assert gateway.asked == 4
    await asyncio.gather(*(source.public_key(f"forged-{number}") for number in range(20)))
    assert gateway.asked <= 6


async def test_while_the_gateway_is_away_known_keys_work_and_unknown_ones_are_unavailable() -> None:
    gateway = Gateway()
    source = key_source(gateway)
    await source.public_key("k1")
    gateway.is_away = True
    assert await source.public_key("k1") is not None
    with pytest.raises(Unavailable):
        await source.public_key("k2")
