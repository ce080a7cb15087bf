"""A text message, and what it says: a whole word, never a guess. Standard library only."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from unicodedata import category, name, normalize

RESERVED = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("help", "info", "start", "yes", "unstop"),
    }
)
"""Words that carriers and Twilio answer themselves and still pass on ("Twilio support for
opt-out keywords", "Advanced Opt-Out"). They are never choices and never counted."""

Nearest = Callable[[str, Collection[str]], Collection[str]]
"""Those of some words that are one edit away from a text."""

NEAR_LETTERS = 3
"""Shorter words are one edit away from nearly everything."""

_JOINERS = frozenset("\u200d\ufe0e\ufe0f")
"""What binds emoji into one: it may be trimmed with a symbol, never without one."""

_INTRODUCTION = re.compile(r"(?:i )?vote(?: for)?\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One text as Twilio delivers it. `sender` is a phone number and is never stored."""

    sid: str
    sender: str
    to: str
    body: str


def normalise(text: str) -> str:
    """Fold case and width, and trim space, punctuation, emoji and quotes at both ends.

    Inside, only runs of white space become one space: a joiner, a control character or a
    letter of another script in the middle of a word leaves it another word.
    """
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    return _trim(" ".join(folded.split()))


def _trim(text: str) -> str:
    start, end = 0, len(text)
    while start < end and (_decorates(text[start]) or (start and text[start] in _JOINERS)):
        start += 1
    while (stop := _before_joiners(text, end)) > start and _decorates(text[stop - 1]):
        end = stop - 1
    return text[start:end]


def _before_joiners(text: str, end: int) -> int:
    while end and text[end - 1] in _JOINERS:
        end -= 1
    return end


def _decorates(char: str) -> bool:
    return category(char)[0] in "PSZ"


def is_reserved(text: str) -> bool:
    """Whether the whole message is a word that belongs to the carriers."""
    return normalise(text) in RESERVED


def find_choice(text: str, lexicon: Mapping[str, str]) -> str | None:
    """Key of the choice that the whole message names, or None.

    A leading "vote", "vote for", "i vote" or "i vote for" is allowed. `lexicon` maps
    normalised texts to keys.
    """
    said = normalise(text)
    found = lexicon.get(said)
    if found is None and (lead := _INTRODUCTION.match(said)):
        found = lexicon.get(normalise(said[lead.end() :]))
    return found


def near_choices(text: str, lexicon: Mapping[str, str], nearest: Nearest) -> frozenset[str]:
    """Keys of the choices that a misspelt message may mean; none of them may be counted.

    Look-alike letters and hidden characters are no misspellings: nobody types them by
    accident. Neither are messages that are words of the poll, or reserved ones.
    """
    said = normalise(text)
    if lead := _INTRODUCTION.match(said):
        said = normalise(said[lead.end() :])
    if said in RESERVED or not said.isprintable():
        return frozenset()
    words = [word for word in lexicon if _may_be_near(said, word)]
    return frozenset(lexicon[word] for word in nearest(said, words)) if words else frozenset()


def _may_be_near(said: str, word: str) -> bool:
    """Cheap, so that the distance is asked for only where it can be one."""
    close = len(word) >= NEAR_LETTERS and abs(len(said) - len(word)) <= 1
    return close and _scripts(said) <= _scripts(word)


def _scripts(text: str) -> frozenset[str]:
    """`LATIN`, `CYRILLIC`, ...: every letter's name in Unicode begins with its script."""
    return frozenset(_script_names(text))


def _script_names(text: str) -> Iterator[str]:
    for char in text:
        if char.isalpha():
            yield name(char, "?").partition(" ")[0]


def without_keyword(text: str, keyword: str) -> str | None:
    """The rest of a message that leads with a poll's keyword, or None if it does not."""
    first, _, rest = normalise(text).partition(" ")
    return rest if keyword and normalise(first) == normalise(keyword) else None
