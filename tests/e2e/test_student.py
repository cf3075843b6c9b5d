"""What a student does, in Chromium."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from bench.platform import Platform
    from tests.e2e.conftest import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

ERROR = "items = [1, 2, 3]\nfor at in range(1, 4):\n    print(items[at])\n"
MARKUP = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'


async def test_one_click_leads_from_signing_in_to_typing_code(tab: Tab) -> None:
    email = await tab.register()
    await tab.page.get_by_label("Robin Reader, account").click()
    await tab.page.get_by_role("button", name="Sign out").click()
    await tab.door("E-mail").fill(email)
    await tab.door("Password").fill("a-long-password")
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.program.click()
    await tab.page.keyboard.type("print(1)")
    await expect(tab.program).to_have_value("print(1)")


async def test_a_wrong_password_says_what_to_do(tab: Tab) -> None:
    await tab.open()
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.locator("#door-error")).to_have_text("Fill in your e-mail and your password.")
    await tab.door("E-mail").fill("nobody@school.example")
    await tab.door("Password").fill("not the right one")
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.locator("#door-error")).not_to_be_empty()
    await expect(tab.door("E-mail")).to_have_value("nobody@school.example")


async def test_a_guest_writes_a_loop_without_an_account(tab: Tab) -> None:
    await tab.open()
    await tab.page.get_by_role("button", name="Try it").click()
    await tab.is_live()
    await tab.run("for letter in 'abc':\n    print(letter)\n")
    await expect(tab.output).to_contain_text("a\nb\nc")


async def test_an_answer_streams_and_names_its_agent(tab: Tab) -> None:
    await tab.register()
    async with tab.page.expect_response(re.compile(r"/api/v1/query/.+/stream$")) as streaming:
        await tab.ask("How do for loops work in Python?")
    assert (await (await streaming.value).header_value("content-type") or "").startswith("text/event-stream")
    answer = tab.page.locator(".said:not([aria-busy])")
    await expect(answer.locator(".by b")).to_have_text("Concepts")
    await expect(answer.locator("pre.code").first).to_contain_text("for ")
    await expect(tab.question).to_have_value("")


async def test_an_error_marks_its_line_and_leads_to_a_hint(tab: Tab) -> None:
    await tab.register()
    await tab.run(ERROR)
    await expect(tab.page.locator(".gutter .bad")).to_have_text("! 3")
    await expect(tab.page.locator("#out .msg")).to_have_text("IndexError: list index out of range")
    await tab.page.get_by_role("button", name="Help me with this error").click()
    answer = tab.page.locator(".said:not([aria-busy])")
    await expect(answer.locator(".by b")).to_have_text("Debug")
    await expect(answer.locator(".num")).to_have_text("Hint 1 of 4")


async def test_a_program_without_an_end_can_be_stopped(tab: Tab) -> None:
    await tab.register()
    await tab.run("while True:\n    pass\n")
    await tab.page.get_by_role("button", name="Stop").click()
    await expect(tab.page.locator("#plain-sentence")).to_have_text("You stopped your program.")
    await expect(tab.page.get_by_role("button", name="Run")).to_be_visible()


async def test_a_program_reads_what_it_is_given(tab: Tab) -> None:
    await tab.register()
    await tab.page.get_by_text("Input for the program").click()
    await tab.page.get_by_label("One line for each input()").fill("Sam")
    await tab.run("print('Hello,', input())")
    await expect(tab.output).to_contain_text("Hello, Sam")


@pytest.mark.plan("P-WEB-xss")
async def test_what_people_write_never_becomes_markup(tab: Tab) -> None:
    await tab.register(name=MARKUP)
    await tab.run(f"print({MARKUP!r})\nraise ValueError({MARKUP!r})")
    await expect(tab.output).to_contain_text(MARKUP)
    await tab.page.get_by_label("Send my code along").check()
    await tab.ask(f"Why does {MARKUP} fail? [x](javascript:window.hurt=1) **{MARKUP}**")
    await expect(tab.page.locator(".me")).to_contain_text(MARKUP)
    await expect(tab.page.locator(".said:not([aria-busy])")).to_contain_text("<img")
    await tab.page.locator("#account-summary").click()
    await expect(tab.page.locator("#account-name")).to_have_text(MARKUP)
    assert await tab.page.evaluate("window.hurt") is None
    assert await tab.page.locator("img, main script, iframe, a[href^=javascript]").count() == 0


async def test_markup_by_force_is_refused_by_the_browser_itself(tab: Tab) -> None:
    await tab.open()
    refused = await tab.page.evaluate("() => { try { document.body.innerHTML = '<b>'; } catch (e) { return e.name; } }")
    assert refused == "TypeError"
    tab.broken.clear()


async def test_nothing_typed_is_lost_when_the_page_is_closed(tab: Tab) -> None:
    await tab.register()
    await tab.program.fill("kept = 1")
    await tab.question.fill("half a question")
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.program).to_have_value("kept = 1")
    await expect(tab.question).to_have_value("half a question")


async def test_a_question_that_fails_is_kept_and_can_be_asked_again(tab: Tab) -> None:
    await tab.register()
    await tab.page.context.set_offline(True)
    await expect(tab.page.locator("#live")).to_have_text("Offline")
    await tab.ask("What is a list?")
    await expect(tab.page.locator(".said")).to_contain_text("What you typed is kept")
    await expect(tab.question).to_have_value("What is a list?")
    await tab.page.context.set_offline(False)
    await tab.is_live()
    await tab.page.get_by_role("button", name="Ask again").click()
    await expect(tab.page.locator(".said .by b").last).to_have_text("Concepts")


@pytest.mark.plan("P-WEB-reconnect")
async def test_the_socket_comes_back_by_itself_when_the_service_was_killed(tab: Tab, platform: Platform) -> None:
    await tab.register()
    live = tab.page.locator("#live")
    await tab.page.evaluate(
        "() => { window.states = []; new MutationObserver(() => window.states.push("
        "document.getElementById('live').textContent)).observe(document.getElementById('live'), {childList: true}); }"
    )
    for pid in platform.pids("websocket"):
        os.kill(pid, signal.SIGKILL)
    await expect(live).to_have_text("Reconnecting")
    await tab.is_live()
    assert "Reconnecting" in await tab.page.evaluate("window.states")
    await tab.ask("What is a list?")
    await expect(tab.page.locator(".said:not([aria-busy]) .by b")).to_have_text("Concepts")


async def test_ctrl_enter_runs_and_tab_leaves_the_editor_after_escape(tab: Tab) -> None:
    await tab.register()
    program = tab.program
    await program.click()
    await tab.page.keyboard.type("if True:\nprint('in')")
    await expect(program).to_have_value("if True:\n    print('in')")
    await tab.page.keyboard.press("Control+Enter")
    await expect(tab.output).to_have_text("in\n", use_inner_text=False)
    await tab.page.keyboard.press("Escape")
    await tab.page.keyboard.press("Tab")
    await expect(program).not_to_be_focused()


async def test_everything_is_reached_by_tab_and_nothing_holds_the_keyboard(tab: Tab) -> None:
    await tab.register()
    seen: list[str] = []
    for _ in range(40):
        await tab.page.keyboard.press("Tab")
        seen.append(await tab.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"topic", "program", "run", "question", "send", "with-code", "nav-progress"} <= set(seen)


async def test_progress_stands_there_in_numbers_and_words(tab: Tab) -> None:
    await tab.register()
    await tab.run("print(1)")
    await expect(tab.output).to_contain_text("1")
    await tab.page.get_by_role("link", name="Progress").click()
    await expect(tab.page.locator("#module-control-flow h2")).to_have_text("2. Decide and repeat")
    await expect(tab.page.locator("#module-control-flow .lvl").first).to_contain_text(re.compile(r"\d+ %\s*Beginner"))


async def test_a_phone_shows_one_part_at_a_time_and_never_scrolls_sideways(phone: Tab) -> None:
    await phone.register()
    await phone.run("print('x' * 300)")
    for part in ("Task", "Code", "Output", "Tutor"):
        await phone.page.get_by_label("Parts of the lesson").get_by_role("link", name=part).click()
        await expect(phone.page.locator(f"#{part.lower()}")).to_be_visible()
        await expect(phone.page.locator(".pane").filter(visible=True)).to_have_count(1)
        assert await phone.page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_theme_follows_the_device_until_one_is_chosen(tab: Tab, scheme: Literal["light", "dark"]) -> None:
    await tab.page.emulate_media(color_scheme=scheme)
    await tab.open()
    await expect(tab.page.locator("html")).to_have_attribute("data-theme", scheme)
    await tab.page.get_by_label("Theme").first.click()
    await tab.page.get_by_label("Dark").check()
    await expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")
    await tab.page.reload()
    await expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")


UNNAMED = """() => [...document.querySelectorAll('button, input, select, textarea, summary, a, [role=log]')]
  .filter((e) => !(e.labels?.length || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
                   || e.textContent.trim()))
  .map((e) => e.outerHTML.slice(0, 120))"""
SMALL = """() => [...document.querySelectorAll('button, input, select, textarea, summary, a')]
  .filter((e) => e.checkVisibility() && !e.closest('label') && !e.matches('.skip'))
  .map((e) => [e.id || e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)"""


async def test_every_control_has_a_name_and_room_for_a_finger(tab: Tab) -> None:
    await tab.open()
    assert await tab.page.evaluate(SMALL) == []
    await tab.register()
    assert await tab.page.evaluate(UNNAMED) == []
    assert await tab.page.evaluate(SMALL) == []


DRUMS = 'beats = int(input())\nfor number in range(1, beats + 1):\n    print("beat", number)\nprint("end")\n'


async def test_check_shows_each_test_in_words_and_counts_the_hidden_ones(tab: Tab) -> None:
    await tab.register()
    await tab.page.get_by_label("Exercise", exact=True).select_option("control-flow/for-loops/drums")
    check, result = tab.page.get_by_role("button", name="Check"), tab.page.locator("#result")
    await expect(tab.page.locator("#statement")).to_contain_text("A drum pattern")
    await tab.program.fill("beats = int(input())\n")
    await check.click()
    await expect(result).to_contain_text("0 of 7 tests pass.")
    await expect(result).to_contain_text("It printed nothing.")
    await expect(result).to_contain_text("0 of 3 that you cannot see pass")
    await expect(result).to_contain_text("The smallest input we found that goes wrong: 1.", timeout=15_000)
    await tab.program.fill(DRUMS)
    await check.click()
    await expect(result).to_contain_text("All 6 tests pass.")
    await expect(result.locator("li.ok")).to_have_count(4)
    await expect(tab.page.get_by_label("Exercise", exact=True)).to_contain_text("A drum pattern (Easy, passed)")


async def test_a_quiz_is_taken_by_keyboard_and_explained(tab: Tab) -> None:
    await tab.register()
    await tab.page.get_by_role("button", name="Take the quiz").click()
    quiz = tab.page.locator("#quiz")
    await expect(quiz.locator("fieldset")).to_have_count(5)
    await quiz.get_by_role("button", name="Send my answers").click()
    await expect(tab.page.locator("#quiz-error")).to_have_text("5 questions have no answer yet.")
    for question in await quiz.locator("fieldset").all():
        if await question.locator("select").count():
            for at, place in enumerate(await question.locator("select").all(), 1):
                await place.select_option(index=at)
        else:
            await question.locator("input").first.focus()
            await tab.page.keyboard.press("Space")
    await quiz.get_by_role("button", name="Send my answers").click()
    await expect(tab.page.locator("#quiz-score")).to_contain_text("of 5 right")
    await expect(quiz.locator(".verdict")).to_have_count(5)
