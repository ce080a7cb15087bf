"""Conflicts between names and keywords: in one poll, or between polls on one number.

The names of a choice are its key, its label, its words and its place in ballot order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from services.voting.errors import Problem
from services.voting.message import RESERVED, normalise, parse_text
from services.voting.poll import Choice, Poll

_INTRODUCTIONS = ("", "vote ", "vote for ", "i vote ", "i vote for ")
_FIRST_WORDS = frozenset({"vote", "i"})
"""First words that may introduce a name, as in "I vote for RED"."""
_WAY_OUT = (
    'such as the key FOR with the label "Yes", beside AGAINST with the label "No"; to have people '
    'text numbers, give them words = ["1"] and words = ["2"]'
)
_LABEL_ONLY = "yes"
"""The one word of the carriers that may be a label: others make a carrier stop or start texts."""


def check_names(poll: Poll) -> Iterator[Problem]:
    """Problems with the names and the keyword of one poll."""
    places = {str(place): choice.key for place, choice in enumerate(poll.choices, start=1)}
    owners: dict[str, str] = {}
    for key, name, choice in _names_in(poll):
        normalised, texts = normalise(name), _texts_with(name)
        if remedy := _unusable(normalised):
            if not (key.endswith(".label") and normalised == _LABEL_ONLY):
                yield Problem(key=key, value=name, remedy=remedy)
        elif owner := _other_owner(texts, choice.key, owners):
            remedy = f"{owner} already answers to it; take another"
            yield Problem(key=key, value=name, remedy=remedy)
        elif owner := _other_owner(texts, choice.key, places):
            remedy = f"it is the place of {owner} in ballot order; take another"
            yield Problem(key=key, value=name, remedy=remedy)
        else:
            owners[normalised] = choice.key
    keys = [choice.key for choice in poll.choices]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Problem(key="choices", value=key, remedy="give every choice a key of its own")
    if poll.keyword and (remedy := _unusable_keyword(poll, places | owners)):
        yield Problem(key="keyword", value=poll.keyword, remedy=remedy)


def _names_in(poll: Poll) -> Iterator[tuple[str, str, Choice]]:
    """Every name in the file, and every label, with its key in the file and its choice."""
    for place, choice in enumerate(poll.choices):
        yield f"choices[{place}].key", choice.key, choice
        yield f"choices[{place}].label", choice.label, choice
        for word in choice.words:
            yield f"choices[{place}].words", word, choice


def _unusable(normalised: str) -> str | None:
    if not normalised:
        return "name it with letters or digits"
    if normalised not in RESERVED:
        return None
    remedy = "carriers answer this word themselves; take another"
    return f"{remedy}, {_WAY_OUT}" if normalised == "yes" else remedy


def _other_owner(texts: Iterable[str], own: str, owners: Mapping[str, str]) -> str | None:
    """Key of another choice that one of the texts names."""
    return next((owners[text] for text in texts if owners.get(text, own) != own), None)


def _texts_with(name: str) -> list[str]:
    """All candidate names of texts such as "vote for RED", for one name."""
    texts = (text for lead in _INTRODUCTIONS for text in parse_text(lead + name).candidates)
    return list(dict.fromkeys(texts))


def _unusable_keyword(poll: Poll, owners: Mapping[str, str]) -> str | None:
    keyword = poll.first_word
    if remedy := _unusable(keyword):
        return remedy
    if keyword in _FIRST_WORDS:
        return f"texts such as {keyword.upper()} {_example(keyword)} begin with it; take another"
    if keyword in owners:
        return f"{owners[keyword]} already answers to it; take another"
    if name := _name_beginning_with(keyword, poll):
        return f"the name {name!r} begins with it; take another"
    # Normalisation may turn a letter into several words, and then no text can begin with it.
    return None if " " not in keyword else "write it as one word"


def _example(keyword: str) -> str:
    return "RED" if keyword == "vote" else "VOTE FOR RED"


def _name_beginning_with(keyword: str, poll: Poll) -> str | None:
    """A name that is the keyword, or whose first word it is."""
    names = (name for _, name, _ in _names_in(poll))
    return next((name for name in names if parse_text(name).after_keyword(keyword)), None)


def check_name_conflicts(polls: Sequence[Poll]) -> Iterator[tuple[Poll, Problem]]:
    """Names and keywords that conflict between polls on one number, open at the same time."""
    for one, other in combinations(sorted(polls, key=lambda poll: poll.id), 2):
        if can_meet(one, other):
            yield from ((other, problem) for problem in _conflicting_names(one, other))
            yield from ((other, problem) for problem in _conflicting_keyword(one, other))
            yield from ((one, problem) for problem in _names_that_are_places(other, one))


def can_meet(one: Poll, other: Poll) -> bool:
    """Whether two polls can be open on one number at the same time."""
    return _share_number(one, other) and _overlap(one, other)


def _share_number(one: Poll, other: Poll) -> bool:
    return not one.numbers or not other.numbers or bool({*one.numbers} & {*other.numbers})


def _overlap(one: Poll, other: Poll) -> bool:
    def closes_first(first: Poll, second: Poll) -> bool:
        closes, opens = first.closes_at_ms, second.opens_at_ms
        return closes is not None and opens is not None and closes <= opens

    return not closes_first(one, other) and not closes_first(other, one)


def _conflicting_names(one: Poll, other: Poll) -> Iterator[Problem]:
    """Names of the other poll that are also used in this one."""
    for key, name in _distinct_names(other):
        if any(text in one.lexicon for text in _texts_with(name)):
            remedy = f"{_where(one)}, answers to it too; take another word or other times"
            yield Problem(key=key, value=name, remedy=remedy)
        elif parse_text(name).after_keyword(one.first_word):
            remedy = (
                f"{_where(one)}, takes every text that begins with its keyword {one.keyword!r};"
                " take another word or other times"
            )
            yield Problem(key=key, value=name, remedy=remedy)


def _conflicting_keyword(one: Poll, other: Poll) -> Iterator[Problem]:
    keyword = other.first_word
    if not keyword:
        return
    if keyword in one.lexicon or keyword == one.first_word:
        remedy = f"{_where(one)}, answers to it too; take another keyword"
        yield Problem(key="keyword", value=other.keyword, remedy=remedy)
    elif name := _name_beginning_with(keyword, one):
        remedy = f"{_where(one)}, has the name {name!r}, which begins with it; take another keyword"
        yield Problem(key="keyword", value=other.keyword, remedy=remedy)


def _names_that_are_places(other: Poll, one: Poll) -> Iterator[Problem]:
    """Names of one poll that are places in the ballot order of the other poll."""
    places = {str(place) for place in range(1, len(other.choices) + 1)}
    places -= {normalise(name) for _, name in _distinct_names(other)}
    for key, name in _distinct_names(one):
        if places.intersection(_texts_with(name)):
            remedy = (
                f"{_where(other)}, has a choice in that place; take another word or other times"
            )
            yield Problem(key=key, value=name, remedy=remedy)


def _where(poll: Poll) -> str:
    return f"poll {poll.id!r}, open on the same number at the same time"


def _distinct_names(poll: Poll) -> Iterator[tuple[str, str]]:
    """The names of a poll, without those that equal an earlier one after normalisation."""
    first: dict[str, tuple[str, str]] = {}
    for key, name, _ in _names_in(poll):
        first.setdefault(normalise(name), (key, name))
    return iter(first.values())
