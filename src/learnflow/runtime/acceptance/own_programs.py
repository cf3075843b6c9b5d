"""What the demo student writes in the topic of lists: guesses and programs of their own, from the statements alone."""

TOPIC = "data-structures/lists"

GUESSES = ("150\n3",)
"""What they think the programs of the lesson print, one for each question of that kind."""

TRIES = (
    """\
party = ["Drift", "Amber"]
party.append("Comet")
party.sort()
print(party)
""",
)
"""What they make of the programs that the lesson wants to be changed."""

SOLUTIONS = {
    "data-structures/lists/two-names": "['Mia', 'Kim', 'Noor']\n3\n",
    "data-structures/lists/short-songs": """\
def short(songs, most):
    fitting = []
    for title in songs:
        length = len(title)
        if length <= most:
            fitting.append(title)
    return fitting
""",
    "data-structures/lists/dry-plants": """\
def dry(soil, limit):
    positions = []
    for place, water in enumerate(soil):
        if water < limit:
            positions.append(place)
    return positions
""",
    "data-structures/lists/double-portions": """\
def double(grams):
    return [2 * amount for amount in grams]
""",
    "data-structures/lists/loud-names": """\
def loud(names, least):
    return [one.upper() for one in names if len(one) >= least]
""",
}
"""Their answer to each core exercise."""
