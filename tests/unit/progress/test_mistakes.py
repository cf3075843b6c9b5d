"""What a student got wrong counts until they put it right."""

from learnflow.services.progress.mistakes import MOST, Outcome, open_mistakes

LOOPS, LISTS = "control-flow/for-loops", "data-structures/lists"


def failed(name: str, *misconceptions: str, topic: str = LOOPS) -> Outcome:
    return Outcome(topic, name, False, misconceptions)


def quiz(*misconceptions: str) -> Outcome:
    return Outcome(LOOPS, None, False, misconceptions)


def test_the_latest_mistake_comes_first_and_each_once() -> None:
    found = open_mistakes([failed("b", "two"), failed("a", "one"), failed("a", "two"), failed("c", "x", topic=LISTS)])
    assert found == {LOOPS: ("two", "one"), LISTS: ("x",)}


def test_an_exercise_that_is_passed_settles_what_went_wrong_before_and_not_after() -> None:
    passed = Outcome(LOOPS, "a", True)
    assert open_mistakes([passed, failed("a", "one")]) == {}
    assert open_mistakes([failed("a", "again"), passed, failed("a", "one")]) == {LOOPS: ("again",)}
    assert open_mistakes([passed, failed("b", "other")]) == {LOOPS: ("other",)}


def test_of_quizzes_the_latest_counts() -> None:
    assert open_mistakes([quiz("new"), quiz("old")]) == {LOOPS: ("new",)}
    assert open_mistakes([quiz(), quiz("old")]) == {}


def test_no_more_than_a_few_are_kept() -> None:
    assert len(open_mistakes([failed("a", *map(str, range(9)))])[LOOPS]) == MOST
