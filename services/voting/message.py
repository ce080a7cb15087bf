"""A text message, and which choice it names: exact matches of the whole text, never guesses."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from unicodedata import category, normalize
from unicodedata import name as unicode_name

RESERVED = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("help", "info", "start", "yes", "unstop"),
    }
)
"""Words that carriers and Twilio answer themselves and also forward ("Twilio support for
opt-out keywords", "Advanced Opt-Out"). They are never names of choices and never counted."""

Nearest = Callable[[str, Collection[str]], Collection[str]]
"""Takes a text and some words; returns the words that are one edit away from the text."""

MIN_NEAR_LENGTH = 3
"""Minimum length of a suggested word: shorter ones are one edit away from nearly everything."""

_TAGS = map(chr, range(0xE0020, 0xE0080))
_JOINERS = frozenset({"\u200d", "\ufe0e", *_TAGS})
"""Characters that join symbols to one emoji; trimmed only together with a symbol."""

_MARKS = frozenset(
    "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufe0f\ufeff"
)
"""Invisible characters that phones and copied texts add at the ends of a word: soft hyphen,
zero-width space, word joiner, byte order mark, emoji variation selector, and the marks that
set the direction of writing (Unicode, "Bidirectional Algorithm", explicit formatting)."""

_KEY = "\u20e3"
_KEYCAP = re.compile(f"([0-9])(?:\ufe0f?{_KEY})+")
"""A digit as a keycap emoji."""

_INTRODUCTION = re.compile(r"(?:i )?vote\b(?P<preposition> for\b)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text as Twilio delivers it. `sender` is a phone number and is never stored."""

    sid: str
    sender: str
    to: str
    body: str


def normalise(text: str) -> str:
    """Fold case, width and keycaps; trim space, punctuation, emoji and marks at both ends.

    Between the ends, only runs of white space are replaced, by one space: a joiner, a mark, a
    control character or a letter of another script inside a word makes it a different word.
    """
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    if _KEY in folded:
        folded = _KEYCAP.sub(r"\1", folded)
    return _trim(" ".join(folded.split()))


def _trim(text: str) -> str:
    if text[:1].isalnum() and text[-1:].isalnum():
        return text
    start = _start_of_words(text)
    return text[start : _end_of_words(text, start)]


def _start_of_words(text: str) -> int:
    symbols = False
    for place, char in enumerate(text):
        if _is_symbol(char):
            symbols = True
        elif char not in _MARKS and not (symbols and char in _JOINERS):
            return place
    return len(text)


def _end_of_words(text: str, start: int) -> int:
    end = place = len(text)
    while place > start:
        char = text[place - 1]
        # Joiners are trimmed only if a symbol precedes them.
        if _is_symbol(char) or (char in _MARKS and end == place):
            end = place - 1
        elif char not in _MARKS and char not in _JOINERS:
            break
        place -= 1
    return end


def _is_symbol(char: str) -> bool:
    return category(char)[0] in "PSZ"


@dataclass(frozen=True, slots=True)
class ParsedText:
    """The body of a message, normalised once.

    `candidates` are the names that are looked up for it, in order of precedence: the whole body,
    then the body without a leading "vote" or "i vote", then without a leading "vote for" or "i
    vote for": "vote for" names a choice called "For".
    """

    candidates: tuple[str, ...]

    @property
    def is_reserved(self) -> bool:
        """Whether the whole message is a reserved word of the carriers."""
        return self.candidates[0] in RESERVED

    def choice_in(self, lexicon: Mapping[str, str]) -> str | None:
        """Key of the choice that the whole message names, or None.

        `lexicon` maps normalised texts to keys.
        """
        for candidate in self.candidates:
            if candidate in lexicon:
                return lexicon[candidate]
        return None

    def after_keyword(self, keyword: str) -> "ParsedText | None":
        """What follows a poll's keyword, or None if the message does not begin with it.

        `keyword` is normalised, or empty if the poll has none.
        """
        first, _, rest = self.candidates[0].partition(" ")
        return parse_text(rest) if keyword and normalise(first) == keyword else None

    def near_choices(self, lexicon: Mapping[str, str], nearest: Nearest) -> frozenset[str]:
        """Keys of the choices that a misspelt message may mean; the message must not be counted.

        Look-alike letters and hidden characters are not treated as misspellings: nobody types
        them by accident. Neither are reserved words.
        """
        name = self.candidates[:2][-1]
        if name in RESERVED or not name.isprintable():
            return frozenset()
        words = [word for word in lexicon if _may_be_near(name, word)]
        return frozenset(lexicon[word] for word in nearest(name, words)) if words else frozenset()


def parse_text(body: str) -> ParsedText:
    """Normalise the body of a message."""
    whole = normalise(body)
    lead = _INTRODUCTION.match(whole)
    if lead is None:
        return ParsedText((whole,))
    shorter = (
        () if lead["preposition"] is None else (normalise(whole[lead.start("preposition") :]),)
    )
    return ParsedText((whole, normalise(whole[lead.end() :]), *shorter))


def _may_be_near(name: str, word: str) -> bool:
    """A cheap filter before the edit distance is computed."""
    close = len(word) >= MIN_NEAR_LENGTH and abs(len(name) - len(word)) <= 1
    return close and _scripts(name) <= _scripts(word)


def _scripts(text: str) -> frozenset[str]:
    """The scripts of the letters, such as `LATIN`: the first word of a letter's Unicode name."""
    return frozenset(_script_names(text))


def _script_names(text: str) -> Iterator[str]:
    for char in text:
        if char.isalpha():
            yield unicode_name(char, "?").partition(" ")[0]
