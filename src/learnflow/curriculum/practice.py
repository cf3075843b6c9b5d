"""All that can be solved: the exercises of the topics, and behind those of a module its project."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from learnflow.curriculum.catalogue import Module, load_catalogue
from learnflow.curriculum.exercises import Exercise, Wrong
from learnflow.curriculum.loader import load_beliefs
from learnflow.curriculum.projects import Project
from learnflow.curriculum.topic_files import PROJECT_FILE, Placed, in_language, read_topic_files, unknown, wrong_ids
from learnflow.curriculum.translations import EXERCISE_TEXTS, PROJECT_TEXTS, SOURCE_LANGUAGE, loaded_once, translated
from learnflow.curriculum.yaml_files import CurriculumError, Document


@loaded_once
def load_exercises(root: Path, language: str) -> dict[str, Exercise]:
    """All exercises of the course by id, in its order; raises CurriculumError with file and line of every fault."""
    if language != SOURCE_LANGUAGE:
        english = load_exercises(root)
        own = {name: one for name, one in english.items() if one.level.kind != "project"}
        told = in_language(own, "exercises.yaml", "exercise", EXERCISE_TEXTS, language, root)
        return english | told | {name: one.exercise for name, one in load_projects(root, language).items()}
    catalogue = load_catalogue(root)
    placed = read_topic_files("exercises.yaml", Exercise, catalogue, root)
    projects = load_projects(root)
    beliefs = load_beliefs(root)
    faults = [*wrong_ids(placed, "exercise"), *(fault for one in placed for fault in _unknown(one, beliefs))]
    found = {one.item.exercise: one.item for one in placed}
    faults += [f"{PROJECT_FILE}:1: project: {name!r} is already taken" for name in projects if name in found]
    if faults:
        raise CurriculumError(faults)
    found |= {name: project.exercise for name, project in projects.items()}
    order = {topic_id: place for place, topic_id in enumerate(catalogue.topics)}
    return dict(sorted(found.items(), key=lambda one: order[one[1].topic_id]))


def _unknown(placed: Placed[Exercise], beliefs: dict[str, str]) -> Iterator[str]:
    yield from unknown(placed, "wrong", _named(placed.item.wrong), beliefs)


def _named(wrong: Sequence[Wrong]) -> list[str]:
    return [one.misconception for one in wrong]


@loaded_once
def load_projects(root: Path, language: str) -> dict[str, Project]:
    """The projects by id, in the order of the modules; raises CurriculumError with file and line of every fault."""
    if language != SOURCE_LANGUAGE:
        return {name: _told(project, language, root) for name, project in load_projects(root).items()}
    beliefs = load_beliefs(root)
    found: dict[str, Project] = {}
    faults: list[str] = []
    for module in load_catalogue(root).modules:
        path = root / "modules" / module.folder / PROJECT_FILE
        if not path.exists():
            continue
        try:
            document = Document(path, root)
            project = document.parse(Project, document.data, [])
        except CurriculumError as error:
            faults += error.faults
        else:
            faults += _faults(project, document, module, beliefs)
            found[project.project] = project
    if faults:
        raise CurriculumError(faults)
    return found


def _told(project: Project, language: str, root: Path) -> Project:
    """The project in this language, where there is a file of its texts."""
    module = next(one for one in load_catalogue(root).modules if project.project.startswith(f"{one.id}/"))
    path = root / "languages" / language / "modules" / module.folder / PROJECT_FILE
    if not path.exists():
        return project
    document = Document(path, root)
    return translated(project, document, document.data, PROJECT_TEXTS, language)


def _faults(project: Project, document: Document, module: Module, beliefs: dict[str, str]) -> Iterator[str]:
    last = module.topics[-1].id
    if project.project.rpartition("/")[0] != last:
        yield document.at(["project"], f"must begin with {last}/, the last topic of the module")
    for place, name in enumerate(_named(project.wrong)):
        if name not in beliefs:
            yield document.at(["wrong", place, "misconception"], f"there is no misconception {name!r}")
