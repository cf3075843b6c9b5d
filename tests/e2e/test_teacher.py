"""What a teacher sees, in Chromium: who needs help, why, and what they tried."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from bench.platform import PASSWORD
from learnflow.curriculum import load_exercises
from learnflow.runtime.demo import TEACHER

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXERCISE = "data-structures/lists/double-portions"


def call(api: httpx.Client, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"} if token else {})
    assert answer.is_success, answer.text
    content: dict[str, Any] = answer.json()
    return content


def stuck_student(api: httpx.Client, name: str) -> None:
    """A student of the demo teacher's who fails three times."""
    signed_in = call(api, "", "/auth/login", {"email": TEACHER.email, "password": TEACHER.password})
    made = call(api, signed_in["access_token"], "/classes", {"name": "Room 4"})
    account = {"email": f"{uuid4().hex}@school.example", "password": PASSWORD, "name": name}
    token = call(api, "", "/auth/register", {**account, "class_code": made["class_code"]})["access_token"]
    code = load_exercises()[EXERCISE].wrong[0].code
    for _ in range(3):
        assert not call(api, token, f"/exercises/{EXERCISE}/submissions", {"code": code})["passed"]


async def sign_in(tab: Tab) -> None:
    await tab.open()
    await tab.door("E-mail").fill(TEACHER.email)
    await tab.door("Password").fill(TEACHER.password)
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.is_live()


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.plan("P-DAY-7", "P-DAY-9")
async def test_a_teacher_sees_who_needs_help_and_why_and_assigns_an_exercise(tab: Tab, api: httpx.Client) -> None:
    name = f"Olu {uuid4().hex[:6]}"
    await sign_in(tab)
    await tab.page.get_by_role("link", name="Notices").click()
    await asyncio.to_thread(stuck_student, api, name)
    # without a click: the socket says it
    row = tab.page.locator("#alerts > li").filter(has_text=name)
    await expect(row.locator("p").first).not_to_be_empty()
    await row.get_by_text("What they tried").click()
    await expect(row.locator("pre.code")).to_have_count(3)
    await row.get_by_role("button", name="Make them").click()
    # each draft is tried out in the sandbox, with what a mistaken student would write
    await expect(row.get_by_role("button", name="Assign").first).to_be_visible(timeout=40_000)
    await row.get_by_role("button", name="Assign").first.click()
    await expect(row.get_by_text("Assigned. They are told at once.")).to_be_visible()
    await row.get_by_role("button", name="Close").click()
    await expect(row).to_have_count(0)


@pytest.mark.plan("P-DAY-10")
async def test_a_student_opens_what_the_teacher_gave_from_the_notice(tab: Tab, api: httpx.Client) -> None:
    email = await tab.register()
    teacher = await asyncio.to_thread(
        call, api, "", "/auth/login", {"email": TEACHER.email, "password": TEACHER.password}
    )
    made = await asyncio.to_thread(call, api, teacher["access_token"], "/classes", {"name": "Room 5"})
    student = await asyncio.to_thread(call, api, "", "/auth/login", {"email": email, "password": PASSWORD})
    await asyncio.to_thread(call, api, student["access_token"], "/classes/join", {"class_code": made["class_code"]})
    given = {"exercise_id": EXERCISE, "student_ids": [student["user"]["id"]]}
    await asyncio.to_thread(call, api, teacher["access_token"], "/teacher/assignments", given)
    await tab.page.get_by_role("link", name="Notices").click()
    await tab.page.get_by_role("button", name="Open it").click()
    await expect(tab.page.locator("#statement h3").first).to_have_text(load_exercises()[EXERCISE].title)
    await expect(tab.page.locator("#exercise option:checked")).to_contain_text("from your teacher")


async def test_a_student_sees_no_list_of_who_needs_help(tab: Tab) -> None:
    await tab.register()
    await tab.page.get_by_role("link", name="Notices").click()
    await expect(tab.page.get_by_role("heading", name="Notices")).to_be_visible()
    await expect(tab.page.locator("#needs")).to_be_hidden()
