"""The directory of polls, on both stores that run DynamoDB's interface."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.adapters.directory import DynamoDirectory
from services.adapters.phones import DynamoPhoneLists, PhoneListStore
from services.adapters.provisioning import create_table
from services.adapters.sessions import Session, async_client
from services.voting import control
from services.voting.definition import parse_poll
from services.voting.errors import PollChangedError, PollFileError, PollUnknownError
from services.voting.identity import mark_of
from services.voting.poll import Phase, Round, State
from services.voting.schema import AGGREGATES
from tests.contract.conftest import environment
from tests.support.polls import COLORS_TOML, NUMBER, PEPPER, a_phone

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
OTHER = parse_poll(f'numbers = ["+15550100111"]\n{COLORS_TOML}', source="other.toml")
COLORS = parse_poll(f'numbers = ["{NUMBER}"]\n{COLORS_TOML}', source="colors.toml")

_serial = count(1)


@pytest.fixture
def directory(client: Any) -> DynamoDirectory:
    """An empty one, in a table of its own."""
    name = f"Directory{next(_serial)}"
    create_table(client, AGGREGATES, name)
    return DynamoDirectory(client=client, table=name)


@BOTH
def test_a_new_poll_is_created_with_its_face(directory: DynamoDirectory) -> None:
    """The webhook reads the poll as the file had it; the screen finds its face."""
    applied = directory.apply([COLORS], default_number=NUMBER)

    face = _face(directory, "colors")
    assert applied.created == ("colors",)
    assert [r.poll for r in directory.load().rounds] == [COLORS]
    assert face["question"] == {"S": "Which color should win tonight?"}
    assert [c["M"]["key"]["S"] for c in face["choices"]["L"]] == ["RED", "GREEN", "BLUE"]
    assert face["number"] == {"S": NUMBER}


@BOTH
def test_applying_twice_changes_nothing(directory: DynamoDirectory) -> None:
    """The second time every poll is unchanged, to its revision."""
    directory.apply([COLORS, OTHER], default_number=NUMBER)
    before = directory.entries()

    applied = directory.apply([COLORS, OTHER], default_number=NUMBER)

    assert applied.unchanged == ("colors", "other")
    assert directory.entries() == before


@BOTH
def test_a_changed_poll_keeps_its_round_and_state(directory: DynamoDirectory) -> None:
    """A deploy in the middle of an evening neither reopens nor restarts a poll."""
    directory.apply([COLORS])
    (entry,) = directory.entries()
    closed = replace(entry.round, number=3, state=State.CLOSED, state_at_ms=77)
    directory.write(replace(entry, round=closed))

    changed = parse_poll(COLORS.definition + "\n", source="colors.toml")
    applied = directory.apply([changed])

    (standing,) = directory.load().rounds
    assert applied.changed == ("colors",)
    assert (standing.number, standing.state, standing.state_at_ms) == (3, State.CLOSED, 77)


@BOTH
def test_a_poll_whose_file_is_gone_is_archived_and_comes_back(directory: DynamoDirectory) -> None:
    """Nothing is deleted: the directory stops answering for it, until the file is back."""
    directory.apply([COLORS, OTHER])

    gone = directory.apply([COLORS], now_ms=5)
    while_gone = [r.poll.id for r in directory.load().rounds]
    directory.apply([COLORS, OTHER])

    assert gone.archived == ("other",)
    assert while_gone == ["colors"]
    assert [r.poll.id for r in directory.load().rounds] == ["colors", "other"]


@BOTH
def test_two_writers_of_one_entry_cannot_both_win(directory: DynamoDirectory) -> None:
    """The one who read an older revision is refused."""
    directory.apply([COLORS])
    (entry,) = directory.entries()
    directory.write(replace(entry, number="+15550100111"))

    with pytest.raises(ClientError, match="TransactionCanceled"):
        directory.write(replace(entry, number="+15550100122"))


@BOTH
def test_a_poll_that_the_operator_archived_stays_so_after_a_deploy(
    directory: DynamoDirectory,
) -> None:
    """Its file may still be there; only what vanished with its file comes back with it."""
    directory.apply([COLORS, OTHER])
    directory.change("colors", lambda r: control.archived(r, 7))

    applied = directory.apply([COLORS, OTHER])
    _, opened = directory.change("colors", lambda r: control.opened(r, 9))

    assert applied.unchanged == ("colors", "other")
    assert [r.poll.id for r in directory.load().rounds] == ["colors", "other"]
    assert opened.round.phase_at(10) is Phase.OPEN


@BOTH
def test_a_reset_remembers_the_round_that_ended(directory: DynamoDirectory) -> None:
    """As it was: its ballots lie where its own definition says."""
    directory.apply([COLORS], default_number=NUMBER)
    directory.change("colors", lambda r: control.next_round(r, 50), now_ms=50)
    wider = parse_poll(f"shards = 99\n{COLORS.definition}", source="colors.toml")
    directory.apply([wider])
    directory.change("colors", lambda r: control.next_round(r, 60), now_ms=60)

    first, second, current = directory.rounds("colors")
    assert [(r.number, r.poll.shards) for r in (first, second, current)] == [
        (1, 10), (2, 99), (3, 99),
    ]  # fmt: skip
    assert (first.state, first.state_at_ms) == (State.CLOSED, 50)
    assert (current.state, current.began_at_ms) == (State.AUTO, 60)
    assert _face(directory, "colors")["round"] == {"N": "3"}
    assert [e.round.poll.id for e in directory.entries()] == ["colors"]


@BOTH
def test_a_change_that_changes_nothing_is_not_written(directory: DynamoDirectory) -> None:
    """Saying it twice leaves the revision as it is."""
    directory.apply([COLORS])
    directory.change("colors", lambda r: control.closed(r, 5))
    revision = directory.entry("colors").revision

    before, after = directory.change("colors", lambda r: control.closed(r, 9))

    assert before == after
    assert directory.entry("colors").revision == revision


@BOTH
def test_a_change_is_decided_anew_where_somebody_was_faster(directory: DynamoDirectory) -> None:
    """Two desks: neither word is lost."""
    directory.apply([COLORS])
    decided: list[Round] = []

    def close_while_another_moves_the_number(standing: Round) -> Round:
        if not decided:
            directory.write(replace(directory.entry("colors"), number="+15550100133"))
        decided.append(standing)
        return control.closed(standing, 5)

    directory.change("colors", close_while_another_moves_the_number)

    entry = directory.entry("colors")
    assert len(decided) == 2
    assert (entry.number, entry.round.state) == ("+15550100133", State.CLOSED)


@BOTH
def test_who_is_always_too_late_is_told(directory: DynamoDirectory) -> None:
    """Rather than tried for ever."""
    directory.apply([COLORS])
    numbers = (f"+1555010{n:04}" for n in count(1000))

    def too_late(standing: Round) -> Round:
        directory.write(replace(directory.entry("colors"), number=next(numbers)))
        return control.closed(standing, 5)

    with pytest.raises(PollChangedError):
        directory.change("colors", too_late)


@BOTH
def test_an_unknown_poll_is_named_with_those_there_are(directory: DynamoDirectory) -> None:
    """A typing mistake is seen at once."""
    directory.apply([COLORS])

    with pytest.raises(PollUnknownError, match="no poll 'colours'; there are: colors"):
        directory.change("colours", lambda r: r)


@BOTH
@pytest.mark.parametrize("begun", [True, False])
def test_what_a_round_depends_on_is_refused_while_it_has_ballots(
    directory: DynamoDirectory,
    begun: bool,  # noqa: FBT001
) -> None:
    """With the line; and nothing of the whole is applied."""
    directory.apply([COLORS])
    wider = parse_poll(f"shards = 99\n{COLORS.definition}", source="colors.toml")
    if not begun:
        assert directory.apply([wider, OTHER]).changed == ("colors",)
        return

    with pytest.raises(PollFileError, match=r"polls/colors.toml:1: shards: 99: round 1 has"):
        directory.apply([OTHER, wider], begun=lambda r: r.poll.id == "colors")

    assert [e.round.poll for e in directory.entries()] == [COLORS]


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
    """More than one batch; each list by itself; and reading the polls reads none of them."""
    directory.apply([COLORS])
    store = PhoneListStore(directory.client, directory.table)
    marks = {mark_of(PEPPER, "colors", a_phone(n)) for n in range(60)}
    first, again = store.replace("colors", marks), store.replace("colors", marks)
    fewer = store.replace("colors", sorted(marks)[:20])
    session = Session()
    lists = DynamoPhoneLists(async_client(environment(endpoint), session), directory.table)
    kept, gone = min(marks), max(marks)

    assert (first, again, fewer) == ((60, 0), (0, 0), (0, 40))
    assert store.marks("colors") == set(sorted(marks)[:20])
    assert store.marks("color") == set()
    assert await lists.holds("colors", kept)
    assert not await lists.holds("colors", gone)
    assert not await lists.holds("other", kept)
    assert [r.poll.id for r in directory.load().rounds] == ["colors"]
    await session.close()


def _face(directory: DynamoDirectory, poll_id: str) -> dict[str, Any]:
    answer = directory.client.get_item(
        TableName=directory.table, Key={"pk": {"S": f"open#{poll_id}"}, "sk": {"S": "poll"}}
    )
    return dict(answer["Item"])
