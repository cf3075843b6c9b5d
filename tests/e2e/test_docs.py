"""`/docs` of every service opens in a browser without network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, expect

from learnflow.contracts.services import built_services
from tests.e2e.conftest import LAPTOP, opened

if TYPE_CHECKING:
    from bench.platform import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.plan("P-HTTP-docs")
@pytest.mark.parametrize("name", [service.name for service in built_services()])
async def test_the_docs_show_their_operations_without_network(browser: Browser, platform: Platform, name: str) -> None:
    tab = await opened(browser, platform.address(name), LAPTOP)
    await tab.page.goto(f"{tab.site}/docs")
    operations = tab.page.locator(".opblock")
    await expect(operations.first).to_be_visible()
    paths = (await (await tab.page.context.request.get(f"{tab.site}/openapi.json")).json())["paths"]
    # one that has several tags stands under each of them
    shown = [tag for path in paths.values() for operation in path.values() for tag in operation.get("tags") or [""]]
    assert await operations.count() == len(shown)
    await tab.page.context.close()
    assert tab.outside == []
    assert tab.broken == []
