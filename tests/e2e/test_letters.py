"""What the links of our e-mails open, in Chromium: a new password, and a guardian's consent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.async_api import expect

from bench.platform import PASSWORD

if TYPE_CHECKING:
    import httpx

    from bench.platform import Platform
    from tests.e2e.conftest import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def link(platform: Platform, command: str, email: str) -> str:
    """The link that the operator prints for whom no e-mail reaches; on this instance's own port."""
    words = [sys.executable, "-m", "learnflow.cli", "users", command, email, "--data", str(platform.data)]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=True)
    found = done.stdout.strip()
    assert urlsplit(found).port == urlsplit(platform.address("web")).port
    return found


def child(api: httpx.Client) -> str:
    email = f"{uuid4().hex}@school.example"
    account = {"email": email, "password": PASSWORD, "name": "Little Ada", "under_13": True}
    answer = api.post("/api/v1/auth/register", json={**account, "guardian_email": "parent@home.example"})
    assert answer.status_code == 202, answer.text
    return email


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.plan("P-RULE-account-mail")
async def test_a_forgotten_password_is_asked_for_and_set_anew(tab: Tab, platform: Platform) -> None:
    email = await tab.register()
    await tab.page.get_by_label("Robin Reader, account").click()
    await tab.page.get_by_role("button", name="Sign out").click()
    await tab.door("E-mail").fill("")
    await tab.page.get_by_role("button", name="Forgot your password?").click()
    await expect(tab.page.locator("#door-error")).to_contain_text("Fill in your e-mail")
    await tab.door("E-mail").fill(email)
    await tab.page.get_by_role("button", name="Forgot your password?").click()
    await expect(tab.page.locator("#door-said")).to_contain_text("a link is on its way")
    await tab.page.goto(await link(platform, "reset-link", email))
    field = tab.page.get_by_label("New password", exact=True)
    await expect(tab.page.get_by_role("heading", name="Set a new password")).to_be_focused()
    assert "token" not in tab.page.url
    await field.fill("short")
    await tab.page.get_by_role("button", name="Set a new password").click()
    await expect(tab.page.locator("#letter [role=alert]")).not_to_be_empty()
    await field.fill("another long password")
    await tab.page.get_by_role("button", name="Set a new password").click()
    await expect(tab.page.get_by_role("heading", name="Your password is set")).to_be_visible()
    await tab.page.get_by_role("link", name="Go to LearnFlow").click()
    await tab.door("E-mail").fill(email)
    await tab.door("Password").fill("another long password")
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.is_live()
    assert tab.broken == []


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.plan("P-RULE-consent")
async def test_a_guardian_agrees_twice_then_takes_it_back(tab: Tab, platform: Platform, api: httpx.Client) -> None:
    email = await asyncio.to_thread(child, api)
    page = tab.page
    await page.goto(await link(platform, "consent-link", email))
    await expect(page.get_by_role("heading", name="May Little Ada use LearnFlow?")).to_be_visible()
    assert "token" not in page.url
    await page.get_by_role("button", name="I agree").click()
    await expect(page.get_by_text("A second e-mail is on its way to you")).to_be_visible()
    # the second link opened in the same tab
    await page.goto(await link(platform, "consent-link", email))
    await expect(page.get_by_label("A language model may see")).not_to_be_checked()
    await page.get_by_label("A language model may see").check()
    await page.get_by_role("button", name="I confirm").click()
    await expect(page.get_by_text("A language model may see what they write.")).to_be_visible()
    await page.goto(await link(platform, "consent-link", email))
    await expect(page.get_by_label("A language model may see")).to_be_checked()
    await page.get_by_role("button", name="Take my consent back").click()
    await page.get_by_role("button", name="Go back").click()
    await page.get_by_role("button", name="Take my consent back").click()
    await page.get_by_role("button", name="Erase everything").click()
    await expect(page.get_by_role("heading", name="Everything is erased")).to_be_visible()
    assert tab.broken == []


@pytest.mark.parametrize("path", ["reset-password", "consent"])
async def test_a_link_that_is_not_whole_says_what_to_do(tab: Tab, platform: Platform, path: str) -> None:
    await tab.page.goto(f"{platform.address('web')}/{path}")
    await expect(tab.page.get_by_role("heading", name="This link is not complete")).to_be_visible()
    await tab.page.goto(f"{platform.address('web')}/consent#token=of-nobody")
    await expect(tab.page.get_by_role("heading", name="This link does not open")).to_be_visible()
    await expect(tab.page.locator("#letter [role=alert]")).to_contain_text("Look for our latest e-mail")
