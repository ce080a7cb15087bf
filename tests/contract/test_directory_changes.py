"""Which changes of poll files are applied to existing rounds, on moto and the emulator."""

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.errors import PollChangedError, PollFileError
from services.voting.poll import Round
from tests.support.directory import COLORS, OTHER, Watch, always, colors_with
from tests.support.polls import NOON

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)


@BOTH
@pytest.mark.parametrize("line", ["shards = 99", 'policy = "first"', 'visibility = "sealed"'])
def test_what_a_round_depends_on_is_refused_once_it_has_begun(
    directory: DynamoDirectory, watch: Watch, line: str
) -> None:
    """The error names the line, and no other poll is applied either."""
    directory.apply([COLORS])
    directory.change("colors", lambda r: lifecycle.closed(r, watch()))
    watch.now_ms += 3_600_000

    with pytest.raises(PollFileError, match=r"polls/colors.toml:1: \w+: .*: round 1 has begun"):
        directory.apply([OTHER, colors_with(line)], begun=lambda r: r.poll.id == "colors")

    assert [e.round.poll for e in directory.entries()] == [COLORS]


@BOTH
def test_what_no_ballot_depends_on_is_applied_while_people_vote(directory: DynamoDirectory) -> None:
    """Reply texts of an open poll that has begun may change."""
    directory.apply([COLORS])
    after = colors_with('replies.same = "Again!"')

    assert directory.apply([after], begun=always).changed == ("colors",)
    assert directory.entry("colors").round.poll.reply_texts == {"same": "Again!"}


@BOTH
@pytest.mark.parametrize(("waited_ms", "applied"), [(72_999, False), (73_000, True)])
def test_before_a_round_has_begun_it_takes_other_shards_once_it_is_quiet(
    directory: DynamoDirectory,
    watch: Watch,
    waited_ms: int,
    applied: bool,  # noqa: FBT001
) -> None:
    """A first vote may still arrive until 73 seconds after the close."""
    directory.apply([COLORS])
    watch.now_ms += 3_600_000
    directory.change("colors", lambda r: lifecycle.closed(r, watch()))
    watch.now_ms += waited_ms
    if applied:
        assert directory.apply([colors_with("shards = 99")]).changed == ("colors",)
        return

    with pytest.raises(PollFileError, match=r"colors.toml:1: shards: 99: .*wait 73 seconds"):
        directory.apply([colors_with("shards = 99")])
    assert directory.entry("colors").round.poll.shards == 10


@BOTH
def test_an_open_poll_without_a_vote_takes_no_other_shards(directory: DynamoDirectory) -> None:
    """The first vote may arrive at any moment."""
    directory.apply([COLORS])

    with pytest.raises(PollFileError, match="the poll is open, opens soon or closed just now"):
        directory.apply([colors_with("shards = 99")])


@BOTH
@pytest.mark.parametrize(("opens_in_s", "applied"), [(72, False), (73, True)])
def test_a_poll_that_opens_soon_takes_no_other_shards(
    directory: DynamoDirectory,
    watch: Watch,
    opens_in_s: int,
    applied: bool,  # noqa: FBT001
) -> None:
    """A webhook may still have the old file in its cache."""
    watch.now_ms = NOON - 3_600_000
    directory.apply([colors_with("opens_at = 2027-01-15T08:00:00Z")])
    watch.now_ms = NOON - opens_in_s * 1_000
    entry = directory.entry("colors")
    changed = parse_poll(f"shards = 99\n{entry.round.poll.definition}", source="colors.toml")
    if applied:
        assert directory.apply([changed]).changed == ("colors",)
        return

    with pytest.raises(PollFileError, match="opens soon"):
        directory.apply([changed])


@BOTH
def test_a_poll_that_another_operator_opens_meanwhile_takes_no_other_shards(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """Between the check whether it has begun and the write."""
    directory.apply([COLORS])
    directory.change("colors", lambda r: lifecycle.closed(r, watch()))
    watch.now_ms += 73_000

    def begun(_: Round) -> bool:
        directory.change("colors", lambda r: lifecycle.opened(r, watch()))
        return False

    with pytest.raises(PollChangedError):
        directory.apply([colors_with("shards = 99")], begun=begun)
    assert directory.entry("colors").round.poll.shards == 10
