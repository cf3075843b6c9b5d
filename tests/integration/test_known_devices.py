"""The lock of sign-ins closes out strangers, not the devices of the account's owner."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.integration.accounts_instance import PASSWORD, Instance, bearer, new_email, registration, running

STRANGER = "198.51.100.9"


@pytest.fixture
async def home(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for, sign_in_failures_per_account=3, sign_in_failures_per_address=5) as instance:
        yield instance


@pytest.fixture
async def elsewhere(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(
        settings_for, sign_in_failures_per_account=3, sign_in_failures_per_address=5, address=STRANGER
    ) as instance:
        yield instance


async def by_page(instance: Instance, email: str, password: str = PASSWORD) -> httpx.Response:
    return await instance.post("/auth/login", {"email": email, "password": password})


@pytest.mark.plan("P-RULE-known-devices")
async def test_a_strangers_failures_do_not_lock_out_the_owners_browser(home: Instance, elsewhere: Instance) -> None:
    email = new_email()
    assert (await home.post("/auth/register", registration(email=email, refresh_in="cookie"))).status_code == 201
    await home.post("/auth/logout")
    statuses = [(await by_page(elsewhere, email, "a guess")).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert (await by_page(elsewhere, email)).status_code == 429
    assert (await by_page(home, email)).status_code == 200


async def test_a_locked_school_does_not_lock_out_a_known_browser(home: Instance) -> None:
    email = new_email()
    await home.post("/auth/register", registration(email=email, refresh_in="cookie"))
    for _ in range(6):
        await by_page(home, new_email(), "a guess")
    assert (await by_page(home, new_email(), "a guess")).status_code == 429
    assert (await by_page(home, email)).status_code == 200


async def test_a_known_browser_may_not_guess_for_ever_and_locks_nobody_else(
    home: Instance, elsewhere: Instance
) -> None:
    email = new_email()
    await home.post("/auth/register", registration(email=email, refresh_in="cookie"))
    statuses = [(await by_page(home, email, "a guess")).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert (await by_page(home, email)).status_code == 429
    assert (await by_page(elsewhere, email)).status_code == 200


async def test_a_mark_is_good_for_its_own_account_alone_and_cannot_be_made_up(
    home: Instance, elsewhere: Instance
) -> None:
    victim, mine = new_email(), new_email()
    await home.register(email=victim)
    await elsewhere.post("/auth/register", registration(email=mine, refresh_in="cookie"))
    mark = elsewhere.client.cookies["learnflow_device"]
    forged = [mark, mark[:-4] + "AAAA", "", "x" * 64, "=" * 10, "A" * 64, "%00"]
    statuses = []
    for cookie in forged:
        elsewhere.client.cookies.clear()
        headers = {"Cookie": f"learnflow_device={cookie}"}
        answer = await elsewhere.post("/auth/login", {"email": victim, "password": "a guess"}, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [401] * 3 + [429] * 4


async def test_the_mark_cannot_be_read_by_scripts_or_sent_by_other_sites(home: Instance) -> None:
    answer = await home.client.post("https://gateway/api/v1/auth/register", json=registration(refresh_in="cookie"))
    cookie = next(value for value in answer.headers.get_list("Set-Cookie") if value.startswith("learnflow_device="))
    for attribute in ("HttpOnly", "SameSite=strict", "Secure", "Path=/api/v1/auth"):
        assert attribute in cookie


async def test_a_signed_in_owner_changes_the_password_while_a_stranger_guesses(
    home: Instance, elsewhere: Instance
) -> None:
    email = new_email()
    registered = await home.register(email=email)
    for _ in range(4):
        await by_page(elsewhere, email, "a guess")
    body = {"current_password": PASSWORD, "new_password": "an even longer one"}
    answer = await home.post("/auth/password/change", body, headers=bearer(registered["access_token"]))
    assert answer.status_code == 204


async def test_a_stolen_access_token_may_not_guess_the_password_for_ever(home: Instance) -> None:
    token = (await home.register())["access_token"]
    body = {"current_password": "a guess", "new_password": "an even longer one"}
    statuses = [(await home.post("/auth/password/change", body, headers=bearer(token))).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
