"""The page of the docs on alarms is the one that the stack's alarms make."""

import re

from tests.infra.alarm_page import COMMAND, CONTAINER_OPTIONS, OPTIONS, PAGE, page
from tests.infra.conftest import Resources, Synthesise
from tests.infra.test_observability import NAMES


def test_the_page_is_made_of_the_alarms_of_the_stack(synthesise: Synthesise) -> None:
    """Word for word."""
    stacks = [Resources(synthesise("prod", **of)) for of in (OPTIONS, CONTAINER_OPTIONS)]
    made = page(*stacks)

    assert PAGE.read_text(encoding="utf-8") == made, f"renew it: {COMMAND}"


def test_the_page_names_every_alarm_with_a_meaning_and_a_command() -> None:
    """A row each, in the first table."""
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index("## Every alarm") : text.index("## Every way")]
    rows = re.findall(
        r"^\| \*(\w+)\* \| (.{40,}) \| `(.+)` \| (\d+ (?:min|days)) \|$", table, re.MULTILINE
    )

    assert [name for name, *_ in rows] == NAMES
    assert all(re.match(r"voteapp |aws ", command) for _, _, command, _ in rows)
    slow = {name: within for name, *_, within in rows if "days" in within}
    minutes = [int(within.split()[0]) for *_, within in rows if "min" in within]
    assert slow == {"MergeFails": "2 days"}
    assert all(0 < number <= 10 for number in minutes)
