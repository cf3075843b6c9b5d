"""The page in another language, in Chromium: chosen by the device, by hand, and remembered with the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bench.platform import PASSWORD

if TYPE_CHECKING:
    from tests.e2e.conftest import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

TICKETS = "basics/variables/ticket-total"


async def choose(tab: Tab, language: str) -> None:
    menu = tab.page.locator("details.menu").first
    await menu.locator("summary").click()
    await tab.page.locator("#language").select_option(language)
    await menu.locator("summary").click()


@pytest.mark.plan("P-WEB-languages")
async def test_spanish_is_chosen_seen_and_remembered(tab: Tab) -> None:
    page = tab.page
    email = await tab.register()
    await tab.program.fill("kept = 1")
    await choose(tab, "es")

    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await expect(page.get_by_role("link", name="Aprender")).to_be_visible()
    await expect(page.locator("#run")).to_contain_text("Ejecutar")
    await expect(page.locator("#live")).to_have_text("En vivo")
    await expect(page.locator("#program")).to_have_value("kept = 1")

    await page.reload()
    await expect(page.locator("#live")).to_have_text("En vivo")
    await page.locator("#account-summary").click()
    await page.get_by_role("button", name="Cerrar la sesión").click()
    await choose(tab, "en")
    await choose(tab, "es")
    await tab.door("Correo electrónico").fill(email)
    await tab.door("Contraseña").fill(PASSWORD)
    await page.get_by_role("button", name="Iniciar sesión").click()
    await expect(page.locator("#run")).to_contain_text("Ejecutar")


async def test_the_account_brings_its_language_to_another_device(tab: Tab, phone: Tab) -> None:
    email = await tab.register()
    await choose(tab, "es")
    await expect(tab.page.locator("#live")).to_have_text("En vivo")

    await phone.open()
    await phone.door("E-mail").fill(email)
    await phone.door("Password").fill(PASSWORD)
    await phone.page.get_by_role("button", name="Sign in").click()

    await expect(phone.page.locator("html")).to_have_attribute("lang", "es")
    await expect(phone.page.locator("#live")).to_have_text("En vivo")
    await expect(phone.page.locator("#tabs")).to_contain_text("Tarea")


async def test_the_course_is_told_in_the_reader_s_language_and_says_which(tab: Tab) -> None:
    page = tab.page
    await tab.register()
    await choose(tab, "es")
    await page.locator("#topic").select_option("basics/variables")
    await page.locator("#exercise").select_option(TICKETS)

    await expect(page.locator("#statement h3").first).to_have_text("Lo que cuestan todas las entradas")
    await expect(page.locator("#statement .rich").first).to_have_attribute("lang", "es")
    await expect(page.locator(".tests li").first).to_contain_text("tu programa imprime")
    await page.get_by_role("button", name="Responder el cuestionario").click()
    await expect(page.locator("#quiz fieldset").first).to_have_attribute("lang", "es")

    # no translation yet: English, and a screen reader is told so
    await page.locator("#topic").select_option("data-structures/lists")
    await expect(page.locator('#topic option[value="data-structures/lists"]')).to_have_attribute("lang", "en")
    await page.locator("#exercise").select_option("data-structures/lists/dry-plants")
    await expect(page.locator("#statement .rich").first).to_have_attribute("lang", "en")


async def test_an_error_of_the_api_is_a_sentence_of_the_page_s_language(tab: Tab) -> None:
    await tab.open()
    await choose(tab, "es")
    await tab.door("Correo electrónico").fill("nobody@school.example")
    await tab.door("Contraseña").fill("not the right one")
    await tab.page.get_by_role("button", name="Iniciar sesión").click()

    await expect(tab.page.locator("#door-error")).to_contain_text("no van juntos")


async def test_a_device_in_spanish_is_spoken_to_in_spanish(tab: Tab) -> None:
    browser = tab.page.context.browser
    assert browser is not None
    context = await browser.new_context(locale="es-MX")
    page = await context.new_page()
    await page.goto(tab.site)

    await expect(page.locator("#door-title")).to_have_text("Aprende Python escribiéndolo")
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await context.close()
