"""The answer in Markdown: from the student's own lines to the idea, an example that ran, its rounds, and a check."""

import ast
import re
from dataclasses import dataclass

from learnflow.curriculum import Card, ChoiceCheck, Curriculum
from learnflow.curriculum.languages import in_languages
from learnflow.curriculum.phrases import ConceptPhrases, load_phrases
from learnflow.services.concepts.levels import Level
from learnflow.services.concepts.markdown import NEW_LINE, block, listed, span, table
from learnflow.services.concepts.program import Program
from learnflow.services.concepts.reading import find_place, function_in_words, in_words
from learnflow.services.concepts.search import Found, Query
from learnflow.services.concepts.walk import Run, rounds_table, steps_table

PHRASES = in_languages(lambda language: load_phrases(language=language).concept)
NOT_RUN = "I could not run your code this time, so its steps are missing here."
_NAMED = re.compile(r"`?\b([A-Za-z]\w*)`?(?:\(\))?\s+(?:function|method)\b|\b(?:function|method)\s+`?([A-Za-z]\w*)")


@dataclass(frozen=True, slots=True)
class OwnCode:
    """The student's code: a program or the line where reading stops; and its run, None when there was none."""

    program: Program | int
    run: Run | None = None

    @property
    def readable(self) -> Program | None:
        return self.program if isinstance(self.program, Program) else None


def explain(curriculum: Curriculum, card: Card, level: Level, query: Query, own: OwnCode | None = None) -> str:
    """The whole answer for a card."""
    walked, says = _walk(card, query, own), _says(curriculum)
    parts = [
        _opening(card, query, own),
        f"**{card.idea}** {card.model}" if walked or own else f"**{card.idea}**\n\n{card.model}",
        walked,
        _example(card, says, is_second=walked is not None),
        None if walked else _rounds(card),
        _depth(card, level),
        _mistake(curriculum, card),
        says.mix_up.format(contrast=card.contrast),
        _next(curriculum, card),
        _check(card, level, says),
    ]
    return "\n\n".join(part for part in parts if part)


def is_of_the_card_alone(query: Query, own: OwnCode | None) -> bool:
    """Whether all that is said comes from the card; what is said about somebody's own code is English."""
    return own is None and _unseen_function(query) is None


def _says(curriculum: Curriculum) -> ConceptPhrases:
    return PHRASES.at(curriculum.language)


def decline(curriculum: Curriculum, found: Found, own: OwnCode | None = None) -> str:
    """What is said when no card fits: that there is none, and what is near."""
    parts = [_unreadable(own.program) if own and isinstance(own.program, int) else None]
    if found.missing is not None:
        title = curriculum.catalogue.topics[found.missing].title
        parts.append(f"I have no card for that yet. It belongs to the topic **{title}**.")
    else:
        parts.append("I have no card for that yet, so I will not guess.")
    ask = _what_to_ask(curriculum, found)
    parts.append(ask if own else f"{ask} If it is about your code, send the code with your question.")
    return "\n\n".join(part for part in parts if part)


def _what_to_ask(curriculum: Curriculum, found: Found) -> str:
    cards = nearest(curriculum, found)
    if cards:
        near = listed([_quoted(f"**{card.title}**") for card in cards], "or")
        return f"The nearest that I can explain: {near}. Ask me for it by name."
    taught = {card.topic_id for card in curriculum.cards.values()}
    modules = [m.title for m in curriculum.catalogue.modules if taught.intersection(topic.id for topic in m.topics)]
    return f"I can explain ideas of Python: {listed(modules)}. Ask for one by its name, such as “What is a list?”."


def nearest(curriculum: Curriculum, found: Found) -> list[Card]:
    """Up to three cards near a question that none fits: of its topic or of topics like it; none when nothing is."""
    cards = list(curriculum.cards.values())
    module = (found.missing or "").partition("/")[0]
    near = [card for card in cards if card.topic_id == found.missing]
    near += [card for topic in found.nearest for card in cards if card.topic_id == topic][:3]
    near += [card for card in cards if card.card.startswith(f"{module}/")]
    unique = {card.card: card for card in near}
    return list(unique.values())[:3]


def related(curriculum: Curriculum, card: Card) -> list[str]:
    """The ids of up to four cards to go on with: what it needs, and what needs it."""
    follow = [other.card for other in curriculum.cards.values() if card.card in other.needed]
    return [*card.needed, *follow][:4]


def options(check: ChoiceCheck) -> list[str]:
    """All answers in an order that does not tell which is right."""
    return sorted([check.right, *check.wrong], key=lambda answer: (len(answer) % 3, answer))


def _opening(card: Card, query: Query, own: OwnCode | None) -> str | None:
    """The first sentence is about the student's own code whenever there is some."""
    if own is None:
        return _unseen_function(query)
    if isinstance(own.program, int):
        return f"{_unreadable(own.program)} So this is the idea without it."
    if names := query.functions():
        return function_in_words(own.program, names[0])
    place = find_place(query, card)
    return in_words(own.program, place) if place else None


def _unreadable(line: int) -> str:
    return f"Python cannot read line {line} of your code yet."


def _unseen_function(query: Query) -> str | None:
    names = [first or second for first, second in _NAMED.findall(query.text)]
    own = [name for name in names if "_" in name.strip("_") or any(letter.isdigit() for letter in name)]
    if not own:
        return None
    return f"I cannot see {span(own[0])} from here. Send its code with your question, and I start from its lines."


def _walk(card: Card, query: Query, own: OwnCode | None) -> str | None:
    """The steps of the student's own lines, as they really were."""
    if own is None or own.readable is None:
        return None
    if own.run is None or own.run.status == "sandbox_error":
        return NOT_RUN
    table_text = _own_table(card, query, own.readable, own.run)
    ending = _ending(own.run)
    if table_text is None:
        return ending
    return "\n\n".join(part for part in ("**Your code, as it ran**", table_text, ending) if part)


def _own_table(card: Card, query: Query, program: Program, run: Run) -> str | None:
    place = find_place(query, card)
    loops = [place.node] if place and isinstance(place.node, ast.For | ast.While) else list(program.loops)
    if place is None or place.sign in {"for", "while", "range()", "+=", "break", "continue"}:
        for loop in loops:
            if text := rounds_table(loop, run.steps):
                return text
    return steps_table(program, run.steps)


def _ending(run: Run) -> str | None:
    if run.status == "timeout":
        return "After one second it was still running, so I stopped it."
    if run.error_type == "EOFError":
        return "Then it waits for input. I have none here, so it stops."
    if run.error_type is not None:
        where = f" on line {run.error_line}" if run.error_line else ""
        article = "an" if run.error_type[0] in "AEIOU" else "a"
        return f"Then it stops{where} with {article} {span(run.error_type)}."
    return None


def _example(card: Card, says: ConceptPhrases, *, is_second: bool) -> str:
    head = "**Another example**\n\n" if is_second else ""
    typed = f"\n\n{says.typed}\n\n{block(card.example.stdin.rstrip(), 'text')}" if card.example.stdin else ""
    return f"{head}{block(card.example.code)}{typed}\n\n{says.prints}\n\n{block(card.example.output, 'text')}"


def _rounds(card: Card) -> str | None:
    if card.rounds is None:
        return None
    names = [_column(name) for name in card.rounds.columns]
    prints = any(row[-1] for row in card.rounds.rows)
    head = ["Round", *names, *(["Prints"] if prints else [])]
    rows = [
        [str(number), *map(span, row[:-1]), *([span(row[-1]) if row[-1] else ""] if prints else [])]
        for number, row in enumerate(card.rounds.rows, start=1)
    ]
    return f"**Round by round**\n\n{table(head, rows)}\n\n{card.rounds.end}"


def _column(name: str) -> str:
    bare, _, when = name.partition(" ")
    return f"{span(bare)} {when}".strip()


def _depth(card: Card, level: Level) -> str:
    parts = {
        "low": [card.depths.low],
        "mid": [card.depths.low, card.depths.mid],
        "high": [card.depths.mid, card.depths.high],
    }
    return " ".join(parts[level])


def _mistake(curriculum: Curriculum, card: Card) -> str:
    belief = curriculum.beliefs[card.misconception.id]
    return _says(curriculum).mistake.format(belief=belief, symptom=card.misconception.symptom)


def _next(curriculum: Curriculum, card: Card) -> str | None:
    titles = [_quoted(other.title) for other in curriculum.cards.values() if card.card in other.needed][:2]
    says = _says(curriculum)
    return says.go_on.format(titles=listed(titles, says.either)) if titles else None


def _quoted(title: str) -> str:
    """A title inside a sentence: one that is a question keeps its mark inside its quotes."""
    return f"“{title}”" if title.endswith("?") else title


def _check(card: Card, level: Level, says: ConceptPhrases) -> str:
    check = card.checks[0 if level == "low" else 1]
    if not isinstance(check, ChoiceCheck):
        return says.your_turn.format(ask=check.ask)
    code = f"\n\n{block(check.code)}" if check.code is not None else ""
    shown = [span(answer) if check.code is not None else answer for answer in options(check)]
    note = f" {says.new_line.format(sign=NEW_LINE.strip())}" if any(NEW_LINE in answer for answer in shown) else ""
    return f"{says.your_turn.format(ask=check.ask)}{note}{code}\n\n" + "\n".join(f"- {answer}" for answer in shown)
