"""Numbers of things in sentences for people: `1 vote`, `2,000 votes`."""


def amount(count: int, one: str, many: str = "") -> str:
    """Return the number and its noun, perhaps with a verb, as `1 text waits` or `2 texts wait`.

    Without `many` the plural is `one` and an s.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
