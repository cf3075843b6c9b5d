"""None: where it comes from when nobody wrote it."""

from learnflow.tutor.misconceptions.entry import Misconception

NOTHING = (
    Misconception(
        "sort-returns-list",
        "Some methods change their object on the spot. They have done their work, and they give back None.",
        "It is natural to think that such a method gives back the changed list. It changes the list itself "
        "and gives back None.",
        'deck = ["king", "ace"]\nanswer = deck.reverse()\nprint(answer)\nprint(deck)',
        "None\n['ace', 'king']",
        "The method worked: `deck` is turned round. What it gave back is None.",
    ),
    Misconception(
        "return-vs-print",
        "`print` shows a value on the screen. It does not hand the value back to the line that called.",
        "It is natural to think that what is printed is also the result. The caller gets None.",
        'def show(word):\n    print(word.upper())\n\ngot = show("hey")\nprint("got:", got)',
        "HEY\ngot: None",
        "The screen shows HEY. The name `got` holds None.",
    ),
    Misconception(
        "missing-return",
        "A function gives back a value only where it says so. If it reaches its end, it gives back None.",
        "It is natural to think that the last value of a function is its result. Nothing leaves by itself.",
        'def shrink(word):\n    small = word.lower()\n\nprint(shrink("HEY"))',
        "None",
        "The function worked out `small`, and kept it to itself.",
    ),
    Misconception(
        "return-on-some-ways",
        "A function gives back None when it ends without reaching a `return`. Follow each way through it.",
        "It is natural to think of the usual way only. On another way no `return` is met.",
        'def mood(points):\n    if points > 5:\n        return "good"\n\nprint(mood(9))\nprint(mood(2))',
        "good\nNone",
        "For 2 the `if` is skipped, and the function ends with nothing.",
    ),
    Misconception(
        "none-stays",
        "A name keeps its value until a line changes it. This one began with None.",
        "It is natural to think that a later line has filled it. Check that this line ran.",
        "best = None\nfor mark in []:\n    print(mark)\nprint(best)",
        "None",
        "The loop had no round, so `best` is still what it was.",
    ),
    Misconception(
        "get-may-find-nothing",
        "A search that finds nothing gives back None. `get` and `match` work like that.",
        "It is natural to think that a search always finds something.",
        'prices = {"tea": 2}\nprint(prices.get("tea"), prices.get("milk"))',
        "2 None",
        "There is no milk, so the answer is None.",
    ),
    Misconception(
        "none-from-somewhere",
        "None means: there is no value here. Somewhere before, a line produced it.",
        "It is easy to look at the line that stopped. The line that made the None is an earlier one.",
        'nothing = print("hello")\nprint(nothing)',
        "hello\nNone",
        "Line 1 stored what `print` gave back.",
    ),
)
