"""What applying poll files would change, in words: a line for each setting, old -> new."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from services.polls.moments import format_time
from services.polls.plan import PollChange
from services.voting.poll import Choice, Poll

_SETTINGS: Final[Sequence[tuple[str, Callable[[Poll], str]]]] = (
    ("question", lambda poll: poll.question),
    ("numbers", lambda poll: ", ".join(poll.numbers) or "all of the account"),
    ("keyword", lambda poll: poll.keyword or "none"),
    ("policy", lambda poll: poll.policy.value),
    ("limit", lambda poll: f"{poll.limit}"),
    ("opens_at", lambda poll: _time(poll.opens_at_ms, poll.opens_utc_offset_minutes)),
    ("closes_at", lambda poll: _time(poll.closes_at_ms, poll.closes_utc_offset_minutes)),
    ("visibility", lambda poll: poll.visibility),
    ("shards", lambda poll: f"{poll.shards}"),
    ("retention_days", lambda poll: f"{poll.retention_days}"),
    ("percent_from", lambda poll: f"{poll.percent_from}"),
    ("phones", lambda poll: poll.phones or "all"),
    ("replies.mode", lambda poll: poll.reply_mode.value),
)


def preview(changes: Sequence[PollChange]) -> list[str]:
    """The changes of a plan, without those polls that stay as they are."""
    return [
        line
        for change in changes
        if change.verdict != "unchanged"
        for line in (f"{change.poll.id}: {_VERDICTS[change.verdict]}", *_differences(change))
    ]


_VERDICTS: Final = {
    "created": "is created",
    "changed": "changes",
    "archived": "has no file any more and is archived",
}


def _differences(change: PollChange) -> Iterator[str]:
    if change.before is None or change.verdict != "changed":
        return
    before, after = change.before.round.poll, change.poll
    pairs = [(name, text_of(before), text_of(after)) for name, text_of in _SETTINGS]
    pairs.append(("state", change.before.round.state.value, change.after.round.state.value))
    pairs += _choices(before, after)
    pairs += [
        (f"replies.{name}", before.reply_texts.get(name, "as usual"), text)
        for name, text in {
            **dict.fromkeys(before.reply_texts, "as usual"),
            **after.reply_texts,
        }.items()
    ]
    found = [f"  {name}: {old} -> {new}" for name, old, new in pairs if old != new]
    yield from found or ["  only what people do not see, such as comments"]


def _choices(before: Poll, after: Poll) -> Iterator[tuple[str, str, str]]:
    old = {choice.key: _describe(choice) for choice in before.choices}
    new = {choice.key: _describe(choice) for choice in after.choices}
    for key in dict.fromkeys([*old, *new]):
        yield f"choice {key}", old.get(key, "none"), new.get(key, "none")
    if set(old) == set(new):
        yield "order of choices", ", ".join(old), ", ".join(new)


def _describe(choice: Choice) -> str:
    words = f" ({', '.join(choice.words)})" if choice.words else ""
    colour = " ".join(dict.fromkeys(choice.colour.values()))
    return f"{choice.label}{words} {colour}".rstrip()


def _time(at_ms: int | None, offset_minutes: int | None) -> str:
    return "none" if at_ms is None else format_time(at_ms, offset_minutes)
