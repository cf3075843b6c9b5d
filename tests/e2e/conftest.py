"""Chromium before a running platform; whatever it asks of the world outside this machine is refused and told."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route, async_playwright, expect

from bench.platform import PASSWORD, Platform
from tests.contract.running import free_offset

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LOOPBACK = {"127.0.0.1", "localhost", ""}
LAPTOP, PHONE = (1366, 768), (360, 740)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path; without one these tests are skipped, which is a failure where CI runs."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed: tools/ci-packages installs it")
    return found


@pytest.fixture(scope="session")
def platform(chromium: str) -> Iterator[Platform]:
    """One `up` for all of these tests; not under pytest's folder, which the next pytest closes to PostgreSQL's user."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-e2e-"))
    folder.chmod(0o711)
    running = Platform(folder / "data", port_offset=free_offset())
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    expect.set_options(timeout=10_000)
    async with async_playwright() as playwright:
        # the pages are our own, and Chromium's sandbox wants rights that a container does not give
        started = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        await started.close()


@dataclass
class Tab:
    """A page, and what it did that nobody should see."""

    page: Page
    site: str
    outside: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def program(self) -> Locator:
        return self.page.get_by_label("Your program", exact=True)

    @property
    def output(self) -> Locator:
        return self.page.get_by_label("Output of your program")

    @property
    def question(self) -> Locator:
        return self.page.get_by_label("Your question", exact=True)

    def door(self, label: str) -> Locator:
        """A field of the door."""
        return self.page.locator("#door").get_by_label(label, exact=True)

    async def open(self) -> None:
        await self.page.goto(self.site)
        await expect(self.page.locator("#door, #learn").filter(visible=True)).to_have_count(1)

    async def register(self, name: str = "Robin Reader") -> str:
        """A new student by the form; returns the address."""
        email = f"{uuid4().hex}@school.example"
        await self.open()
        await self.page.get_by_role("button", name="Make an account").click()
        await self.door("Name").fill(name)
        await self.door("E-mail").fill(email)
        await self.door("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Make an account").click()
        await self.is_live()
        return email

    async def is_live(self) -> None:
        await expect(self.page.locator("#live")).to_have_text("Live")

    async def ask(self, question: str) -> None:
        await self.question.fill(question)
        await self.page.get_by_role("button", name="Send").click()

    async def run(self, code: str) -> None:
        await self.program.fill(code)
        await self.page.get_by_role("button", name="Run").click()


async def opened(browser: Browser, site: str, size: tuple[int, int]) -> Tab:
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(10_000)
    tab = Tab(await context.new_page(), site)
    await watch(context, tab)
    return tab


async def watch(context: BrowserContext, tab: Tab) -> None:
    async def only_this_machine(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOOPBACK or route.request.url.startswith(("data:", "blob:")):
            await route.continue_()
        else:
            tab.outside.append(route.request.url)
            await route.abort()

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Uncaught" in message.text:
            tab.broken.append(message.text)

    await context.route("**/*", only_this_machine)
    tab.page.on("console", on_console)
    tab.page.on("pageerror", lambda error: tab.broken.append(str(error)))


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, platform: Platform) -> AsyncIterator[Tab]:
    """A fresh browser on a laptop's screen, before the door."""
    found = await opened(browser, platform.address("web"), LAPTOP)
    yield found
    await found.page.context.close()
    assert found.outside == []
    assert found.broken == []


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, platform: Platform) -> AsyncIterator[Tab]:
    """The same on a phone's."""
    found = await opened(browser, platform.address("web"), PHONE)
    yield found
    await found.page.context.close()
    assert found.outside == []
    assert found.broken == []


@pytest.fixture
def api(platform: Platform) -> Iterator[httpx.Client]:
    """The public API, by way of the pages' own address."""
    with httpx.Client(base_url=platform.address("web"), timeout=15, trust_env=False) as client:
        yield client
