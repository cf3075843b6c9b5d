"""The course in another language: data beside the English, whole or with the place of what is wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnflow.curriculum import (
    CurriculumError,
    load_catalogue,
    load_curriculum,
    load_exercises,
    load_lessons,
    load_projects,
    load_quizzes,
)
from learnflow.curriculum.catalogue import ROOT
from learnflow.curriculum.drafting import draft
from learnflow.curriculum.languages import in_languages, languages
from learnflow.curriculum.phrases import load_phrases
from learnflow.curriculum.templates import load_templates

OTHERS = languages()[1:]
LOADERS: dict[str, Callable[..., Any]] = {
    "cards.yaml": load_curriculum,
    "exercises.yaml": load_exercises,
    "lesson.yaml": load_lessons,
    "quiz.yaml": load_quizzes,
    "templates.yaml": load_templates,
    "project.yaml": load_projects,
    "catalogue.yaml": load_catalogue,
    "phrases.yaml": load_phrases,
    "misconceptions.yaml": load_curriculum,
}
TOPIC = "languages/es/modules/01-basics/variables/"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course that a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


def faults_after(course: Path, name: str, old: str, new: str, language: str = "es") -> tuple[str, ...]:
    path = course / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CurriculumError) as raised:
        LOADERS[path.name](course, language)
    return raised.value.faults


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "said"),
    [
        (TOPIC + "lesson.yaml", "    say: \"La línea 3", "    says: \"La línea 3", 8, "1.example.say: is missing"),
        (TOPIC + "lesson.yaml", "- try:\n", "- tries:\n", 25, "the English has no 'tries' here"),
        (TOPIC + "lesson.yaml", "`price = price - 2`", "`precio = precio - 2`", 18, "`price = price - 2` is missing"),
        (TOPIC + "lesson.yaml", "La línea 3 da", "La línea da", 9, "has other numbers than 3"),
        (TOPIC + "lesson.yaml", "\"un nombre para 8\", ", "", 8, "a list of 4 is expected here"),
        (TOPIC + "lesson.yaml", "    - {why: \"Sin comillas, Python busca el valor del nombre.\"}\n", "",
         14, "list of 3"),
        (TOPIC + "quiz.yaml", "- id: swap", "- id: exchange", 1, "id 'swap' is missing"),
        (TOPIC + "quiz.yaml", "- id: swap", "- id: exchange", 13, "the English has no id 'exchange'"),
        (TOPIC + "quiz.yaml", "  lines:\n", "  output: \"14\"\n  lines:\n", 52, "output: is no text: leave it out"),
        (TOPIC + "cards.yaml", "\"`kept = b`\"]", "\"`kept = b`\", \"nada\"]", 37, "a list of 2 is expected"),
        (TOPIC + "cards.yaml", "  model: \"Piensa", "  moral: \"Piensa", 1, "model: is missing"),
        (TOPIC + "exercises.yaml", "  title: \"Pasos y una meta\"", "  title: [\"Pasos\"]", 2, "a text is expected"),
        (TOPIC + "exercises.yaml", "Lee el programa línea por línea. Escribe lo que imprime, en dos líneas.",
         "Read the program line by line. Write what it prints, two lines.", 3, "is still the English text"),
        (TOPIC + "templates.yaml", "{about} {when_says}", "{about}", 21, "has other places than {about}, {when_says}"),
        (TOPIC + "templates.yaml", "{title: \"Tres carriles\"", "{a: izquierda, title: \"Tres carriles\"",
         27, "no text"),
        ("languages/es/misconceptions.yaml", "left-to-right:", "right-to-left:", 5, "no 'right-to-left'"),
        ("languages/es/misconceptions.yaml", "left-to-right:", "right-to-left:", 1, "'left-to-right' is missing"),
        ("languages/es/catalogue.yaml", "- module: basics", "- module: basic", 1, "the English has no module 'basic'"),
        ("languages/es/phrases.yaml", "{given} da {result}.", "{given} da.", 2, "other places than {given}, {result}"),
    ],
)  # fmt: skip
def test_a_fault_of_a_translation_has_its_file_and_line(
    course: Path, name: str, old: str, new: str, line: int, said: str
) -> None:
    faults = faults_after(course, name, old, new)

    assert any(fault.startswith(f"{name}:{line}: ") and said in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("name", "said"),
    [("modules/01-basics/loops/lesson.yaml", "no such file"), ("modules/02-control-flow/for-loops/quiz.yaml", "whole")],
)
def test_a_file_that_nobody_reads_and_a_topic_in_halves_are_refused(course: Path, name: str, said: str) -> None:
    path = course / "languages/es" / name
    path.parent.mkdir(parents=True)
    path.write_text("- id: nothing\n")

    with pytest.raises(CurriculumError, match=said):
        load_curriculum(course)


def test_a_third_language_needs_data_alone(course: Path) -> None:
    for old in sorted((course / "languages").rglob("*.yaml")):
        new = course / "languages/xx" / old.relative_to(course / "languages/es")
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(old.read_text().replace("Variables", "Wariabuls"))

    assert languages(course) == ("en", "es", "xx")
    assert load_catalogue(course, "xx").topics["basics/variables"].title == "Wariabuls"
    assert load_catalogue(course, "xx").topics["basics/variables"].language == "xx"
    assert load_catalogue(course, "es").topics["basics/variables"].title == "Variables"


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_run_and_judged_is_the_same_in_every_language(language: str) -> None:
    english, told = load_exercises(), load_exercises(language=language)

    assert list(told) == list(english)
    texts = {"title", "statement", "hints", "language"}
    for name, one in told.items():
        assert one.model_dump(exclude=texts) == english[name].model_dump(exclude=texts)


@pytest.mark.parametrize("language", OTHERS)
def test_a_template_makes_the_same_program_of_a_seed_in_every_language(language: str) -> None:
    told = load_templates(language=language)
    for name, template in load_templates().items():
        hardness = min(template.difficulties)
        one, other = draft(template, 7, hardness), draft(told[name], 7, hardness)
        assert (one.reference, one.probes, one.starter) == (other.reference, other.probes, other.starter)
        assert (one.statement == other.statement) == (told[name].language == "en")


def test_a_reader_gets_the_language_of_their_account_or_english() -> None:
    titles = in_languages(lambda language: load_catalogue(language=language).topics["basics/variables"].summary)

    assert titles.at("es") == titles.at("es-MX") == titles.at("ES")
    assert titles.at("es") != titles.source
    assert titles.at("de") == titles.at("") == titles.source


@pytest.mark.plan("P-RULE-languages")
@pytest.mark.parametrize("language", OTHERS)
def test_the_first_module_is_told_whole_in_every_language(language: str) -> None:
    module = load_catalogue(language=language).modules[0]
    topics = [topic.id for topic in module.topics]
    quizzes = load_quizzes(language=language)
    parts: list[Any] = [
        *[card for card in load_curriculum(language=language).cards.values() if card.topic_id in topics],
        *[one for one in load_exercises(language=language).values() if one.topic_id in topics],
        *[one for one in load_templates(language=language).values() if one.topic_id in topics],
        *[load_lessons(language=language)[topic_id] for topic_id in topics],
        *[question for topic_id in topics for question in quizzes[topic_id]],
        module,
        *module.topics,
        load_phrases(language=language),
    ]

    assert {part.language for part in parts} == {language}
    assert len(parts) > 100
