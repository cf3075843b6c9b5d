"""What is made once per machine: found again, made by one at a time, never half-made, and its tools asked for."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from learnflow.runtime.errors import MissingToolError, RuntimeProblem
from learnflow.runtime.servers import recipe as recipes
from learnflow.runtime.servers.recipe import Recipe, Step, Tool

NOTHING = Tool("no-such-program", "Ask somebody.")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the recipe tools/pot, and a cache of this test's own."""
    (tmp_path / "tools" / "pot").mkdir(parents=True)
    (tmp_path / "tools" / "pot" / "versions").write_text("1")
    monkeypatch.setattr(recipes, "CHECKOUT", tmp_path)
    monkeypatch.setenv("LEARNFLOW_CACHE", str(tmp_path / "cache"))
    return tmp_path


def nothing_said(_text: str) -> None:
    """For the tests that look elsewhere."""


class Pot:
    """A build that counts."""

    def __init__(self, *command: str) -> None:
        self.times = 0
        self._command = command

    def __call__(self, step: Step) -> None:
        self.times += 1
        if self._command:
            step.run([sys.executable, "-c", *self._command])
        (step.target / "pot").write_text((step.recipe / "versions").read_text())


def test_it_is_made_once_and_found_again(checkout: Path) -> None:
    pot, said = Pot(), list[str]()
    recipe = Recipe("pot", pot, builders=())
    first = recipe.made(said.append)
    assert recipe.made(said.append) == first
    assert pot.times == 1
    assert (first / "pot").read_text() == "1"
    assert len(said) == 2


def test_a_changed_recipe_is_made_anew_beside_the_old(checkout: Path) -> None:
    recipe = Recipe("pot", Pot(), builders=())
    old = recipe.made(nothing_said)
    (checkout / "tools" / "pot" / "versions").write_text("2")
    new = recipe.made(nothing_said)
    assert ((old / "pot").read_text(), (new / "pot").read_text()) == ("1", "2")


def test_a_build_that_fails_says_its_last_words_and_leaves_nothing(checkout: Path) -> None:
    recipe = Recipe("pot", Pot("print('the stove is cold'); raise SystemExit(3)"), builders=())
    with pytest.raises(RuntimeProblem, match="the stove is cold"):
        recipe.made(nothing_said)
    assert not recipe.is_made
    assert not recipe.place.exists()


def test_what_a_killed_build_left_behind_is_made_anew(checkout: Path) -> None:
    recipe = Recipe("pot", Pot(), builders=())
    making = recipe.place.with_name(f"{recipe.place.name}.making")
    making.mkdir(parents=True)
    (making / "half").touch()
    assert not (recipe.made(nothing_said) / "half").exists()


def test_two_at_once_make_it_once(checkout: Path) -> None:
    pot, said, places = Pot("import time; time.sleep(0.3)"), list[str](), list[Path]()
    recipe = Recipe("pot", pot, builders=())
    threads = [threading.Thread(target=lambda: places.append(recipe.made(said.append))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pot.times == 1
    assert len(set(places)) == 1
    assert any("waiting" in text for text in said)


def test_a_missing_builder_is_named_with_the_way_to_get_it(checkout: Path) -> None:
    with pytest.raises(MissingToolError, match=r"no-such-program: Ask somebody\.") as caught:
        Recipe("pot", Pot(), builders=(NOTHING,)).made(nothing_said)
    assert caught.value.exit_code == 2


def test_a_builder_is_not_missed_where_the_result_is_there(checkout: Path) -> None:
    Recipe("pot", Pot(), builders=()).made(nothing_said)
    assert Recipe("pot", Pot(), builders=(NOTHING,)).missing_tools() == []
    assert Recipe("pot", Pot(), builders=(), runners=(NOTHING,)).missing_tools() == [NOTHING]


def test_without_a_checkout_the_sentence_says_so(checkout: Path) -> None:
    with pytest.raises(RuntimeProblem, match="part of the checkout"):
        Recipe("pan", Pot(), builders=()).made(nothing_said)


def test_the_cache_is_where_the_person_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LEARNFLOW_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert recipes.cache() == tmp_path / "learnflow"
    assert os.environ.get("LEARNFLOW_CACHE") is None
