"""Students say that they are stuck or do not understand, in many ways; and say much that only sounds like it."""

import pytest

from learnflow.services.progress.stuck import said_in, said_in_code

STUCK = [
    "I'm stuck",
    "i\u2019m stuck",
    "Im stuck",
    "I am so stuck on this exercise",
    "stuck",
    "Help, stuck again!",
    "I've been stuck for an hour",
    "we are really stuck here",
    "I keep getting stuck at the second line",
    "I don't know what to do",
    "i dont know how to start",
    "I can't figure it out",
    "I can\u00b4t figure this out",
    "no idea how to continue",
    "I give up",
    "i am getting nowhere",
]
NOT_UNDERSTOOD = [
    "I don't understand",
    "I don\u2019t understand for loops",
    "i dont understand this",
    "I DO NOT UNDERSTAND",
    "I don`t understand",
    "I don\u02bct understand it at all",
    "I really don't quite understand why it prints 3",
    "still don't get it",
    "I don't get why it stops at 3",
    "I didn't understand the lesson",
    "I can't understand this",
    "couldn't understand the task",
    "not understanding lists",
    "this makes no sense",
    "It doesn't make any sense to me",
    "I have no idea",
    "i have no clue what a dictionary is",
    "I'm confused",
    "I am totally lost",
    "im so confused by scope",
    "This is confusing",
    "recursion is over my head",
    "no clue",
    "I can't follow",
    "dnt understand",
    "My loop prints 3.\nI don't understand why.\nPlease help",
]
NEITHER = [
    "How do for loops work?",
    "I understand it now",
    "I'm not stuck",
    "My program is stuck in an infinite loop",
    "it gets stuck at line 3",
    "What do I do if I don't understand something?",
    "Python doesn't understand my code",
    "You don't understand me",
    "I was stuck on loops, but now it works",
    "I didn't get any error",
    "I don't get an output",
    "How can I get a list?",
    "I lost my code",
    "What does `lost` mean in TCP?",
    "Does it make sense to use a set here?",
    "I can't get it to work",
    'print("I am stuck")',
    "```\nprint('I do not understand')\n```",
    "",
    "   ",
]


@pytest.mark.plan("P-RULE-struggle")
@pytest.mark.parametrize("text", STUCK)
def test_who_is_stuck_is_heard(text: str) -> None:
    assert said_in(text) == "is stuck"


@pytest.mark.plan("P-RULE-struggle")
@pytest.mark.parametrize("text", NOT_UNDERSTOOD)
def test_who_does_not_understand_is_heard(text: str) -> None:
    assert said_in(text) == "does not understand"


@pytest.mark.parametrize("text", NEITHER)
def test_what_only_sounds_like_it_is_not_heard(text: str) -> None:
    assert said_in(text) is None


def test_a_comment_in_a_program_is_heard_and_its_strings_are_not() -> None:
    assert said_in_code("for n in range(3):\n    print(n)  # i don\u2019t understand this\n") == "does not understand"
    assert said_in_code("# I'm stuck here\npass") == "is stuck"
    assert said_in_code('print("# I am stuck")\nprint("I am stuck")') is None
    assert said_in("Why?\n```\nx = 1  # i am stuck\n```") == "is stuck"


def test_long_texts_end() -> None:
    # a runaway expression would take minutes, and the test's own limit ends it
    for text in ("I dont " * 2_000, "if i " * 2_000, '("' * 3_000, "# '" * 3_000, "stuck " * 1_500):
        assert said_in(text) in {None, "is stuck"}
        assert said_in_code(text) in {None, "is stuck"}
