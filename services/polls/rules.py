"""Rules for polls whose fields are valid: times, names, colours, replies."""

import re
from collections.abc import Iterator, Sequence
from unicodedata import category

from services.polls.contrast import BACKGROUNDS, MIN_CONTRAST, contrast
from services.polls.moments import format_time
from services.polls.names import check_names
from services.polls.stage_labels import find_cut_labels
from services.voting.errors import Problem
from services.voting.gsm import SEGMENT, count_septets, unsupported_characters
from services.voting.poll import Policy, Poll, ReplyMode
from services.voting.replies import (
    DEFAULT_TEXTS,
    LONGEST_MOMENT,
    LONGEST_SPAN,
    PLACEHOLDERS,
    fill_placeholders,
    list_choice_words,
)


def check_rules(poll: Poll) -> Iterator[Problem]:
    """All problems of one poll."""
    opens, closes = poll.opens_at_ms, poll.closes_at_ms
    if opens is not None and closes is not None and closes <= opens:
        value = format_time(closes, poll.closes_utc_offset_minutes)
        yield Problem(key="closes_at", value=value, remedy="close after the opening")
    if poll.limit != 1 and poll.policy is not Policy.EACH:
        yield Problem(key="limit", value=poll.limit, remedy='a limit goes with policy = "each"')
    yield from _check_characters(poll)
    yield from check_names(poll)
    yield from _check_colours(poll)
    yield from _check_widths(poll)
    yield from _check_replies(poll)


def _check_characters(poll: Poll) -> Iterator[Problem]:
    """Check that texts have no control characters, which the screen and replies cannot show."""
    texts = [("question", poll.question)]
    for place, choice in enumerate(poll.choices):
        texts.append((f"choices[{place}].label", choice.label))
        texts += [(f"choices[{place}].words", word) for word in choice.words]
    for key, text in texts:
        if found := control_characters(text):
            yield Problem(key=key, value=text, remedy=_remedy(found))


def control_characters(text: str) -> list[str]:
    """The control characters and line separators of a text, each once, in order."""
    return [char for char in dict.fromkeys(text) if category(char) in {"Cc", "Zl", "Zp"}]


def _remedy(control: Sequence[str]) -> str:
    codes = ", ".join(f"U+{ord(char):04X}" for char in control)
    return f"{codes}: control characters cannot be shown; write without"


def _check_colours(poll: Poll) -> Iterator[Problem]:
    for place, choice in enumerate(poll.choices):
        for theme, colour in choice.colour.items():
            ratio = contrast(colour, BACKGROUNDS[theme])
            if ratio < MIN_CONTRAST:
                remedy = (
                    f"on the {theme} background {BACKGROUNDS[theme]} its contrast is {ratio:.1f}:1;"
                    f" people at the back need {MIN_CONTRAST:.0f}:1 or more"
                )
                key = f"choices[{place}].colour"
                yield Problem(key=key, value=colour, remedy=remedy, severity="warning")


def _check_widths(poll: Poll) -> Iterator[Problem]:
    remedy = "the stage may cut this, or have to scroll; shorten it"
    for place, text in find_cut_labels(poll.choices):
        is_label = text == poll.choices[place].label
        key = f"choices[{place}].{'label' if is_label else 'words'}"
        yield Problem(key=key, value=text, remedy=remedy, severity="warning")


def _check_replies(poll: Poll) -> Iterator[Problem]:
    """Check that custom and default replies fit into one segment, and use known placeholders."""
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
        elif control := [char for char in control_characters(text) if char != "\n"]:
            yield Problem(key=key, value=own, remedy=_remedy(control))
        elif unsupported := unsupported_characters(text):
            remedy = (
                f"{unsupported!r}: no carrier has this in its plain alphabet (GSM-7); write without"
            )
            yield Problem(key=key, value=own, remedy=remedy)
        elif (length := count_septets(fill_placeholders(text, longest))) > SEGMENT:
            remedy = (
                f"up to {length} characters, filled in; a text message holds {SEGMENT}: shorten "
                + ("it" if own else "labels or words, or write a shorter text of your own")
            )
            yield Problem(key=key if own else "replies", value=text, remedy=remedy)


def _longest(poll: Poll) -> dict[str, str]:
    """The longest value of each placeholder."""
    label = max((choice.reply_label for choice in poll.choices), key=count_septets)
    return {
        "choice": label,
        "previous": label,
        "word": max((choice.reply_word for choice in poll.choices), key=count_septets),
        "choices": list_choice_words(poll),
        "left": str(poll.limit),
        "opens_in": LONGEST_SPAN,
        "closes_in": LONGEST_SPAN,
        "opens_at": LONGEST_MOMENT,
        "closed_at": LONGEST_MOMENT,
    }
