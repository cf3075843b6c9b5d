"""Which templates fit a wish: by its topic, an id or words, then by what the words ask to be trained."""

from collections.abc import Mapping, Sequence

from learnflow.contracts.errors import Invalid
from learnflow.curriculum import Catalogue
from learnflow.curriculum.exercises import Difficulty
from learnflow.curriculum.templates import Template
from learnflow.services.exercise.practice import Lexicon, words_of


def fitting(
    wish: str, difficulty: Difficulty, templates: Mapping[str, Template], lexicon: Lexicon, catalogue: Catalogue
) -> list[Template]:
    """The templates to choose from; Invalid says which topics there are."""
    topic_id = _topic_of(wish.strip(), lexicon, catalogue)
    if topic_id is None:
        raise _refused("No topic is known by these words.", templates, catalogue)
    found = [one for one in templates.values() if one.topic_id == topic_id]
    if not found:
        title = catalogue.topics[topic_id].title
        raise _refused(f"New exercises on {title} cannot be made yet.", templates, catalogue)
    hard_enough = [one for one in _narrowed(wish, found) if difficulty in one.difficulties]
    found = hard_enough or [one for one in found if difficulty in one.difficulties]
    if not found:
        raise Invalid(f"There are no {difficulty} exercises to be made on this topic. Try another difficulty.",
                      field="difficulty")  # fmt: skip
    return found


def _topic_of(wish: str, lexicon: Lexicon, catalogue: Catalogue) -> str | None:
    """The topic of its own id, or of the id of one of its concepts or exercises, or of its words."""
    topic_id = "/".join(wish.lower().split("/")[:2])
    return topic_id if topic_id in catalogue.topics else lexicon.read(wish, None).topic_id


def _narrowed(wish: str, found: Sequence[Template]) -> list[Template]:
    """Those that train what the words name most: `list comprehensions` wants the skill `comprehension`."""
    words = set(words_of(wish.lower().replace("/", " ")))
    named = [sum(set(words_of(skill)) <= words for skill in one.skills) for one in found]
    return [one for one, count in zip(found, named, strict=True) if count == max(named)]


def _refused(why: str, templates: Mapping[str, Template], catalogue: Catalogue) -> Invalid:
    topics = dict.fromkeys(catalogue.topics[one.topic_id].title for one in templates.values())
    return Invalid(f"{why} They can be made on: {', '.join(topics)}.", field="topic")
