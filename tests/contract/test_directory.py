"""The directory of polls, on moto and the emulator."""

from dataclasses import replace

import pytest

from services.adapters.dynamodb.allow_lists import DynamoAllowLists, PhoneListStore
from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting.errors import PollChangedError, PollFileError
from services.voting.poll import State
from tests.contract.conftest import environment
from tests.support.directory import COLORS, OTHER, Watch, poll_view_of
from tests.support.polls import NOON, NUMBER, PSEUDONYMS, a_phone

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)


@BOTH
def test_a_new_poll_is_created_with_its_view(directory: DynamoDirectory) -> None:
    """The webhook reads the poll of the file; the dashboard finds its view."""
    applied = directory.apply([COLORS], default_number=NUMBER)

    view = poll_view_of(directory, "colors")
    assert applied.created == ("colors",)
    assert [r.poll for r in directory.load().rounds] == [COLORS]
    assert view["question"] == {"S": "Which color should win tonight?"}
    assert [c["M"]["key"]["S"] for c in view["choices"]["L"]] == ["RED", "GREEN", "BLUE"]
    assert view["number"] == {"S": NUMBER}


@BOTH
def test_applying_twice_changes_nothing(directory: DynamoDirectory) -> None:
    """The second time no revision changes."""
    directory.apply([COLORS, OTHER], default_number=NUMBER)
    before = directory.entries()

    applied = directory.apply([COLORS, OTHER], default_number=NUMBER)

    assert applied.unchanged == ("colors", "other")
    assert directory.entries() == before


@BOTH
def test_a_changed_poll_keeps_its_round_and_state(directory: DynamoDirectory) -> None:
    """A deploy during an event neither reopens nor resets a poll."""
    directory.apply([COLORS])
    (entry,) = directory.entries()
    closed = replace(entry.round, number=3, state=State.CLOSED, state_at_ms=77)
    directory.write(replace(entry, round=closed))

    changed = parse_poll(COLORS.definition + "\n", source="colors.toml")
    applied = directory.apply([changed])

    (round,) = directory.load().rounds
    assert applied.changed == ("colors",)
    assert (round.number, round.state, round.state_at_ms) == (3, State.CLOSED, 77)


@BOTH
def test_a_poll_whose_file_is_gone_is_archived_and_comes_back(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """Nothing is deleted; the poll is restored with its file."""
    directory.apply([COLORS, OTHER])

    gone = directory.apply([COLORS])
    while_gone = {r.poll.id: r.state for r in directory.load().rounds}
    watch.now_ms += 301_000
    later = [r.poll.id for r in directory.load().rounds]
    directory.apply([COLORS, OTHER])

    assert gone.archived == ("other",)
    assert while_gone == {"colors": State.AUTO, "other": State.ARCHIVED}
    assert later == ["colors"]
    assert {r.poll.id: r.state for r in directory.load().rounds} == dict.fromkeys(
        ("colors", "other"), State.AUTO
    )


@BOTH
def test_two_writers_of_one_entry_cannot_both_win(directory: DynamoDirectory) -> None:
    """The writer with an older revision is refused."""
    directory.apply([COLORS])
    (entry,) = directory.entries()
    directory.write(replace(entry, number="+15550100111"))

    with pytest.raises(PollChangedError):
        directory.write(replace(entry, number="+15550100122"))


@BOTH
def test_polls_that_clash_are_refused_as_a_whole(directory: DynamoDirectory) -> None:
    """A text must never be for two polls."""
    twin = parse_poll(COLORS.definition, source="twin.toml")

    with pytest.raises(PollFileError, match=r"polls/twin\.toml"):
        directory.apply([COLORS, twin])

    assert directory.entries() == []


@BOTH
async def test_a_list_of_phones_holds_exactly_these(
    directory: DynamoDirectory, endpoint: str
) -> None:
    """Over several batches; lists are separate, and queries for polls do not read them."""
    directory.apply([COLORS])
    store = PhoneListStore(directory.client, directory.table)
    marks = {PSEUDONYMS.allow_list_id("colors", a_phone(n)) for n in range(60)}
    first, again = store.replace("colors", marks), store.replace("colors", marks)
    fewer = store.replace("colors", sorted(marks)[:20])
    connections = connection_pool(environment(endpoint))
    client = async_client(environment(endpoint), connections.send)
    lists = DynamoAllowLists(client, directory.table)
    kept, gone = min(marks), max(marks)

    assert (first, again, fewer) == ((60, 0), (0, 0), (0, 40))
    assert store.phone_ids("colors") == set(sorted(marks)[:20])
    assert store.phone_ids("color") == set()
    assert await lists.holds("colors", kept)
    assert not await lists.holds("colors", gone)
    assert not await lists.holds("other", kept)
    assert [r.poll.id for r in directory.load().rounds] == ["colors"]
    await connections.close()


@BOTH
async def test_a_phone_that_leaves_a_list_was_listed_until_then(
    directory: DynamoDirectory, endpoint: str
) -> None:
    """And from when it returns; an item without times, of an older version, was since ever."""
    now, phone = [NOON], "0" * 32
    store = PhoneListStore(directory.client, directory.table, clock=lambda: now[0])
    older = {"pk": {"S": "directory"}, "sk": {"S": f"~phone#colors#{'1' * 32}"}}
    directory.client.put_item(TableName=directory.table, Item=older)
    changes = [({phone, "1" * 32}, 100), (set(), 200), ({phone}, 300)]
    counts = []
    for wanted, later in changes:
        now[0] = NOON + later
        counts.append(store.replace("colors", wanted))
    connections = connection_pool(environment(endpoint))
    client = async_client(environment(endpoint), connections.send)
    lists = DynamoAllowLists(client, directory.table)
    times = (0, 99, 100, 199, 200, 299, 300, 999)
    found = {
        one: [at for at in times if await lists.was_listed("colors", one * 32, NOON + at)]
        for one in "012"
    }
    listed = [await lists.holds("colors", one * 32) for one in "012"]
    await connections.close()

    assert counts == [(1, 0), (0, 2), (1, 0)]
    assert found == {"0": [100, 199, 300, 999], "1": [0, 99, 100, 199], "2": []}
    assert listed == [True, False, False]
    assert store.phone_ids("colors") == {phone}
