"""What the dashboard and the services define twice, in two languages, is the same."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.adapters.dynamodb.poll_view import poll_view_item
from services.voting import schema
from services.voting.poll import Round, State
from tests.support.polls import a_poll

DASHBOARD = Path(__file__).parents[2] / "dashboard"
SCHEMA = (DASHBOARD / "src" / "schema.js").read_text(encoding="utf-8")
CASES = json.loads((DASHBOARD / "test" / "phases.json").read_text(encoding="utf-8"))


def page_constant(name: str) -> str:
    """A text constant of the page's schema."""
    (value,) = re.findall(rf"^export const {name} = '(.+)';", SCHEMA, re.MULTILINE)
    return str(value)


def page_attributes(name: str) -> list[str]:
    """The attributes of one kind of row in the page's schema."""
    (body,) = re.findall(rf"^export const {name} = {{(.+?)}};", SCHEMA, re.MULTILINE | re.DOTALL)
    return re.findall(r": '(\w+)'", body)


def round_of(case: dict[str, Any]) -> Round:
    """The round of a case of the table."""
    stored = case["round"]
    return Round(
        poll=a_poll(opens_at_ms=stored.get("opens_at"), closes_at_ms=stored.get("closes_at")),
        state=State(stored["state"]),
        state_at_ms=stored["state_at"],
        expires_from_ms=stored.get("expires_from"),
        certified_at_ms=stored.get("certified_at"),
    )


def test_the_page_asks_for_the_attributes_of_the_schema() -> None:
    """All of the poll view and of a certificate; of a tally all but the aggregator's watermark."""
    assert page_attributes("POLL_VIEW") == list(schema.POLL_VIEW_ATTRIBUTES)
    assert page_attributes("CERTIFIED") == list(schema.CERTIFIED_ATTRIBUTES)
    assert page_attributes("BASE") == [schema.MERGED, schema.REVISION]
    assert set(page_attributes("TALLY")) == set(schema.TALLY_ATTRIBUTES) - {"wm"}


def test_the_page_builds_the_keys_of_the_schema() -> None:
    """Partition keys, sort keys and the attributes of counts."""
    assert page_constant("PARTITION_KEY") == schema.PARTITION_KEY
    assert page_constant("SORT_KEY") == schema.SORT_KEY
    assert page_constant("POLL_VIEW_SK") == schema.POLL_VIEW_SK
    assert page_constant("BOARD_PREFIX") + "colors" == schema.board_pk("colors", "open")
    assert "00007" + page_constant("TALLY_INFIX") == schema.tally_prefix(7)
    assert "00007" + page_constant("BASE_SUFFIX") == schema.base_sk(7)
    assert "00007" + page_constant("CERTIFIED_SUFFIX") == schema.certified_sk(7)
    assert page_constant("COUNT_PREFIX") + "RED" == schema.count_attribute("RED")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_round_has_the_phase_of_the_shared_table(case: dict[str, Any]) -> None:
    """The dashboard's tests read the same table."""
    round = round_of(case)

    assert round.phase_at(case["now"]).value == case["phase"]
    if "closed_at" in case:
        assert round.closed_at_ms == case["closed_at"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_the_page_reads_the_round_of_the_shared_table(case: dict[str, Any]) -> None:
    """The poll view of a case is the one that the services store for its round."""
    item = poll_view_item(round_of(case), None)
    times: dict[str, int] = {
        name: int(item[name]["N"]) for name in ("opens_at", "closes_at") if name in item
    }
    stored: dict[str, object] = {
        "state": item["state"]["S"],
        "state_at": int(item["state_at"]["N"]),
        **times,
    }

    assert stored == case["poll_view"]
    assert ("certified_at" in case["round"]) == case["certified"]
