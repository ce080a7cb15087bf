"""What is wrong with polls that are well-formed: each by itself, and side by side.

Standard library only.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from services.voting.contrast import BACKGROUNDS, ENOUGH, contrast
from services.voting.errors import Problem
from services.voting.gsm import SEGMENT, outside, septets
from services.voting.message import RESERVED, normalise
from services.voting.poll import Choice, Policy, Poll, ReplyMode
from services.voting.replies import (
    DEFAULT_TEXTS,
    LONGEST_MOMENT,
    LONGEST_SPAN,
    PLACEHOLDERS,
    fill,
    words_of,
)
from services.voting.size import WRITE_UNIT, largest_ballot_bytes


def check_alone(poll: Poll) -> Iterator[Problem]:
    """Everything wrong with one poll."""
    opens, closes = poll.opens_at_ms, poll.closes_at_ms
    if opens is not None and closes is not None and closes <= opens:
        yield Problem(key="closes_at", value=closes, remedy="close after the opening")
    if poll.limit != 1 and poll.policy is not Policy.EACH:
        yield Problem(key="limit", value=poll.limit, remedy='a limit goes with policy = "each"')
    yield from _check_names(poll)
    yield from _check_colours(poll)
    yield from _check_replies(poll)
    yield from _check_size(poll)


def _check_names(poll: Poll) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for place, choice in enumerate(poll.choices):
        for field, name in _names(choice):
            key = f"choices[{place}].{field}"
            if remedy := _unusable(normalise(name)):
                yield Problem(key=key, value=name, remedy=remedy)
            elif owners.setdefault(normalise(name), choice.key) != choice.key:
                remedy = f"{owners[normalise(name)]} already answers to it; take another"
                yield Problem(key=key, value=name, remedy=remedy)
    keys = [choice.key for choice in poll.choices]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Problem(key="choices", value=key, remedy="give every choice a key of its own")
    keyword = normalise(poll.keyword)
    if poll.keyword and (remedy := _unusable(keyword)):
        yield Problem(key="keyword", value=poll.keyword, remedy=remedy)
    elif keyword in owners:
        remedy = f"{owners[keyword]} already answers to it; take another"
        yield Problem(key="keyword", value=poll.keyword, remedy=remedy)


def _unusable(said: str) -> str | None:
    if not said:
        return "name it with letters or digits"
    return "carriers answer this word themselves; take another" if said in RESERVED else None


def _names(choice: Choice) -> Iterator[tuple[str, str]]:
    """Every name that a text may use, with the key it stands under."""
    yield "key", choice.key
    yield "label", choice.label
    for word in choice.words:
        yield "words", word


def _check_colours(poll: Poll) -> Iterator[Problem]:
    for place, choice in enumerate(poll.choices):
        for theme, colour in choice.colour.items():
            ratio = contrast(colour, BACKGROUNDS[theme])
            if ratio < ENOUGH:
                remedy = (
                    f"on the {theme} background {BACKGROUNDS[theme]} its contrast is {ratio:.1f}:1;"
                    f" people at the back need {ENOUGH:.0f}:1 or more"
                )
                key = f"choices[{place}].colour"
                yield Problem(key=key, value=colour, remedy=remedy, severity="warning")


def _check_replies(poll: Poll) -> Iterator[Problem]:
    """Own texts, and what the default ones come to with this poll's labels and words."""
    if poll.reply_mode is ReplyMode.NONE:
        return
    longest = {name: (lambda value=value: value) for name, value in _longest(poll).items()}
    for name, places in PLACEHOLDERS.items():
        own = poll.reply_texts.get(name)
        text, key = own or DEFAULT_TEXTS[name], f"replies.{name}"
        unknown = [found for found in re.findall(r"\{(\w*)\}", text) if found not in places]
        if unknown:
            offer = ", ".join(f"{{{place}}}" for place in sorted(places)) or "none"
            remedy = f"{{{unknown[0]}}} cannot be filled in here; what can: {offer}"
            yield Problem(key=key, value=own, remedy=remedy)
        elif odd := outside(text):
            remedy = f"{odd!r}: no carrier has this in its plain alphabet (GSM-7); write without"
            yield Problem(key=key, value=own, remedy=remedy)
        elif (length := septets(fill(text, longest))) > SEGMENT:
            remedy = (
                f"up to {length} characters, filled in; a text message holds {SEGMENT}: shorten "
                + ("it" if own else "labels or words, or write a shorter text of your own")
            )
            yield Problem(key=key if own else "replies", value=text, remedy=remedy)


def _longest(poll: Poll) -> dict[str, str]:
    """The longest thing that each placeholder can stand for."""
    label = max((choice.spoken_label for choice in poll.choices), key=septets)
    return {
        "choice": label,
        "previous": label,
        "word": max((choice.spoken_word for choice in poll.choices), key=septets),
        "choices": words_of(poll),
        "left": str(poll.limit),
        "opens_in": LONGEST_SPAN,
        "closes_in": LONGEST_SPAN,
        "opens_at": LONGEST_MOMENT,
        "closed_at": LONGEST_MOMENT,
    }


def _check_size(poll: Poll) -> Iterator[Problem]:
    size = largest_ballot_bytes(poll)
    if size > WRITE_UNIT:
        remedy = (
            f"a ballot could reach {size} bytes, and beyond {WRITE_UNIT} every vote costs double:"
            " shorten the keys of the choices, or lower the limit"
        )
        key = "limit" if poll.policy is Policy.EACH else "choices"
        yield Problem(key=key, value=poll.limit, remedy=remedy)


def check_together(polls: Sequence[Poll]) -> Iterator[tuple[Poll, Problem]]:
    """Words that two polls would both hear: on one number, open at the same time."""
    for one, other in combinations(sorted(polls, key=lambda poll: poll.id), 2):
        if _share_number(one, other) and _overlap(one, other):
            yield from ((other, problem) for problem in _clashes(one, other))


def _share_number(one: Poll, other: Poll) -> bool:
    return not one.numbers or not other.numbers or bool({*one.numbers} & {*other.numbers})


def _overlap(one: Poll, other: Poll) -> bool:
    def closes_first(first: Poll, second: Poll) -> bool:
        closes, opens = first.closes_at_ms, second.opens_at_ms
        return closes is not None and opens is not None and closes <= opens

    return not closes_first(one, other) and not closes_first(other, one)


def _clashes(one: Poll, other: Poll) -> Iterator[Problem]:
    heard = {normalise(name) for choice in one.choices for _, name in _names(choice)}
    keyword = normalise(one.keyword) if one.keyword else None
    where = f"poll {one.id!r}, open on the same number at the same time"
    told: set[str] = set()
    for place, choice in enumerate(other.choices):
        for field, name in _names(choice):
            said = normalise(name)
            if said in told:
                continue
            if said in heard or said == keyword:
                told.add(said)
                remedy = f"{where}, answers to it too; take another word or other times"
                yield Problem(key=f"choices[{place}].{field}", value=name, remedy=remedy)
    if other.keyword and normalise(other.keyword) in {*heard, keyword}:
        remedy = f"{where}, answers to it too; take another keyword"
        yield Problem(key="keyword", value=other.keyword, remedy=remedy)
