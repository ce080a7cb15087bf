"""The directory of an older version, in the table of aggregates, is copied to the polls' own."""

from itertools import count
from typing import Any

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.directory_copy import DirectoryCopy
from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.voting import lifecycle
from services.voting.poll import Phase, State
from tests.support.cloudformation import COLORS, CloudFormation

BEGAN = 1_800_000_000_000
LATER = BEGAN + 86_400_000
ROUND_1, ROUND_2, ROUND_3 = BEGAN, BEGAN + 1_000, BEGAN + 2_000


def directory_row(sk: str, round_number: int, at_ms: int, state: str = "auto", **more: Any) -> Any:
    """A row as the older version wrote it."""
    times = ("state_at", "began_at", "changed_at", "heard_until")
    return {
        "pk": {"S": "directory"},
        "sk": {"S": sk},
        "definition": {"S": COLORS},
        "round": {"N": str(round_number)},
        "state": {"S": state},
        **{name: {"N": str(at_ms)} for name in times},
        **more,
    }


PHONE_ID = "0123456789abcdef0123456789abcdef"
OLD_ROWS = [
    directory_row("colors", 3, ROUND_3, revision={"N": "5"}, number={"S": "+15550100199"}),
    directory_row("~round#colors#00001", 1, ROUND_1, "closed", certified_at={"N": "7"}),
    directory_row("~round#colors#00002", 2, ROUND_2, "closed", expires_from={"N": "9"}),
    directory_row("shut", 1, BEGAN, "closed", revision={"N": "2"}),
    directory_row("listed", 1, BEGAN, revision={"N": "1"}),
    {"pk": {"S": "directory"}, "sk": {"S": f"~phone#listed#{PHONE_ID}"}},
    {"pk": {"S": "directory"}, "sk": {"S": "torn"}, "definition": {"S": "="}},
]
OTHER_ROWS = [
    {"pk": {"S": "open#colors"}, "sk": {"S": "poll"}, "question": {"S": "Which?"}},
    {"pk": {"S": "open#colors"}, "sk": {"S": "00003#tally#label#shard"}, "c#RED": {"N": "4"}},
]


@pytest.fixture
def old(aggregates: Any) -> Any:
    """A client of tables as an older version left them; that of polls is new."""
    for row in [*OLD_ROWS, *OTHER_ROWS]:
        aggregates.put_item(TableName="aggregates", Item=row)
    return aggregates


def copy(client: Any) -> int:
    """Copy, as the deploy does."""
    return DirectoryCopy(
        client=client, source="aggregates", target="polls", by="deploy", clock=lambda: LATER
    ).run()


def directory_of(client: Any) -> DynamoDirectory:
    """The directory of the new version."""
    return DynamoDirectory(
        client=client, table="polls", aggregates="aggregates", clock=lambda: LATER
    )


def rows(client: Any, table: str) -> list[Any]:
    """Everything in a table."""
    return sorted(
        client.scan(TableName=table)["Items"], key=lambda row: (row["pk"]["S"], row["sk"]["S"])
    )


def test_every_row_of_the_directory_is_copied_as_it_is(old: Any) -> None:
    """Also the unreadable one. The old rows stay; boards are not copied."""
    before = rows(old, "aggregates")
    count = copy(old)
    copied = [row for row in rows(old, "polls") if row["pk"]["S"] == "directory"]

    assert count == 7
    assert copied == sorted(OLD_ROWS, key=lambda row: row["sk"]["S"])
    assert rows(old, "aggregates") == before


def test_the_copied_polls_go_on_where_they_were(old: Any) -> None:
    """Round 3 takes texts, its past rounds are known, what was closed by hand stays closed."""
    copy(old)
    directory = directory_of(old)
    phases = {e.round.poll.id: e.round.phase_at(LATER) for e in directory.entries()}
    past = directory.past_rounds("colors")
    before, after = directory.change("colors", lambda one: lifecycle.closed(one, LATER))

    assert phases == {"colors": Phase.OPEN, "shut": Phase.CLOSED, "listed": Phase.OPEN}
    assert [(one.number, one.state) for one in past] == [(1, State.CLOSED), (2, State.CLOSED)]
    assert (past[0].certified_at_ms, past[1].expires_from_ms) == (7, 9)
    assert (before.revision, after.revision, after.round.number) == (5, 6, 3)
    assert directory.unreadable() == ("torn",)


def test_each_poll_that_can_be_read_has_a_row_copied_in_its_log(old: Any) -> None:
    """The log knows nothing of what was before it."""
    copy(old)
    log = DynamoOperatorsLog(old, "polls").changes()

    assert {(row.round.poll.id, row.what, row.by, row.at_ms) for row in log} == {
        (name, "copied", "deploy", LATER) for name in ("colors", "shut", "listed")
    }
    assert [row.round.number for row in log if row.round.poll.id == "colors"] == [3]


def test_copying_again_copies_nothing(old: Any) -> None:
    """CloudFormation may repeat a request."""
    copy(old)
    before = rows(old, "polls")

    assert copy(old) == 0
    assert rows(old, "polls") == before


def test_what_is_newer_is_not_overwritten(old: Any) -> None:
    """A poll that was changed since, and a phone that has left its list."""
    copy(old)
    directory_of(old).change("colors", lambda one: lifecycle.closed(one, LATER))
    spans = {"L": [{"L": [{"N": "0"}, {"N": str(LATER)}]}]}
    old.put_item(TableName="polls", Item=OLD_ROWS[5] | {"spans": spans})
    before = rows(old, "polls")
    copy(old)

    assert rows(old, "polls") == before


def test_what_the_old_version_changed_since_is_copied(old: Any) -> None:
    """By its revision; a row of the log says so again."""
    copy(old)
    old.put_item(TableName="aggregates", Item=OLD_ROWS[0] | {"revision": {"N": "8"}})

    assert copy(old) == 1
    assert directory_of(old).entry("colors").revision == 8


def a_long_list(client: Any) -> None:
    """130 phones on the list of an older version."""
    for number in range(130):
        key = {"pk": {"S": "directory"}, "sk": {"S": f"~phone#listed#{number:032x}"}}
        client.put_item(TableName="aggregates", Item=key)


def phones(client: Any) -> int:
    """The number of phones on the lists of the new version."""
    return len([r for r in rows(client, "polls") if r["sk"]["S"].startswith("~phone#")])


def test_a_long_list_of_phones_is_copied_without_transactions(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one, each row would be two writes, and its partition takes 1,000 a second."""
    a_long_list(old)
    write, transactions = old.transact_write_items, []

    def noted(**asked: Any) -> Any:
        transactions.append(len(asked["TransactItems"]))
        return write(**asked)

    monkeypatch.setattr(old, "transact_write_items", noted)

    assert copy(old) == 137
    assert phones(old) == 131
    assert transactions == [7]  # four polls, and three of them can be read


def test_a_copy_that_ends_in_the_middle_of_a_list_is_completed_by_the_next_one(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No poll is copied before its list is complete: nobody on it would be refused."""
    a_long_list(old)
    put, puts = old.put_item, count()

    def fails(**asked: Any) -> Any:
        if next(puts) >= 50:
            raise TimeoutError
        return put(**asked)

    with monkeypatch.context() as patch:
        patch.setattr(old, "put_item", fails)
        with pytest.raises(TimeoutError):
            copy(old)
    polls = directory_of(old).entries()
    first = phones(old)

    assert (polls, first < 131) == ([], True)
    assert copy(old) > 7
    assert phones(old) == 131


def test_a_phone_that_is_put_on_the_list_meanwhile_is_left_as_it_is(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row says since when."""
    newer = OLD_ROWS[5] | {"spans": {"L": [{"L": [{"N": "1"}]}]}}
    put = old.put_item

    def faster(**asked: Any) -> Any:
        if asked["Item"] == OLD_ROWS[5]:
            put(TableName="polls", Item=newer)
        return put(**asked)

    with monkeypatch.context() as patch:
        patch.setattr(old, "put_item", faster)

        assert copy(old) == 6
    assert newer in rows(old, "polls")


def test_a_row_that_somebody_writes_meanwhile_is_left_to_them(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction fails, and the rest is copied in another one."""
    write, calls = old.transact_write_items, []

    def faster(**asked: Any) -> Any:
        calls.append(asked)
        if len(calls) == 1:
            old.put_item(TableName="polls", Item=OLD_ROWS[0] | {"revision": {"N": "6"}})
        return write(**asked)

    monkeypatch.setattr(old, "transact_write_items", faster)
    copy(old)

    assert len(calls) == 2
    assert directory_of(old).entry("colors").revision == 6
    assert directory_of(old).entry("shut").revision == 2


def test_the_deploy_copies_by_its_custom_resource(cloudformation: CloudFormation, old: Any) -> None:
    """And says how many rows it were."""
    answer = cloudformation.request("Create", "Custom::DirectoryCopied", From="a", To="p")

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"] == "copied"
    assert answer["Data"] == {"Rows": "7"}
    assert directory_of(old).entry("colors").round.number == 3


def test_a_new_stack_has_nothing_to_copy(cloudformation: CloudFormation, aggregates: Any) -> None:
    """Both tables are empty, and stay so."""
    answer = cloudformation.request("Create", "Custom::DirectoryCopied", From="a", To="p")

    assert answer["Data"] == {"Rows": "0"}
    assert rows(aggregates, "polls") == []
