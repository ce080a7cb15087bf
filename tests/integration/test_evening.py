"""A whole evening on the local stack, through the real webhook and the real command line.

Two polls share a number, a third has another; one opens and one closes by the clock, one
is closed by hand, one is sealed and for invited phones. Every reply and every total.
"""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.deployment import ENDPOINT_VARIABLE
from services.tools.demo.cloud import LocalCloud

pytestmark = pytest.mark.cloud

ROOT = Path(__file__).parents[2]
SHARED, OTHER, DEFAULT = "+15550100150", "+15550100160", "+15550100100"
ANN, BEN, CAT, DAN, EVE, FAY = (f"+15550102{n:03}" for n in range(6))
EVERYWHERE_SECONDS = 3
DRAIN_SECONDS = 20

DISH = """
question = "Which dish?"
numbers = ["{number}"]
keyword = "dish"
opens_at = {opens}
[replies]
accepted = "{{choice}}, noted."
[[choices]]
key = "PIZZA"
label = "Pizza"
[[choices]]
key = "PASTA"
label = "Pasta"
words = ["spaghetti"]
"""

SONG = """
question = "Which songs?"
numbers = ["{number}"]
keyword = "song"
policy = "each"
limit = 2
closes_at = {closes}
[replies]
accepted_left = "{{choice}}, {{left}} left, closes {{closes_in}}."
[[choices]]
key = "WALTZ"
label = "The Waltz"
[[choices]]
key = "TANGO"
label = "The Tango"
"""

AWARD = """
question = "Who wins the award?"
numbers = ["{number}"]
policy = "first"
visibility = "sealed"
phones = "jury.txt"
[[choices]]
key = "IRIS"
label = "Iris"
[[choices]]
key = "OTTO"
label = "Otto"
"""


def voteapp(*arguments: str, code: int = 0) -> Any:
    """Run a command against the running cloud; its JSON document."""
    done = CliRunner().invoke(app, [*arguments, "--local", "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if done.stdout.strip() else None


@dataclass
class Evening:
    """The cloud and the desk it is led from."""

    cloud: LocalCloud
    folder: Path
    opens: datetime
    closes: datetime
    said: dict[str, Any] = field(default_factory=dict)

    def close_sooner(self) -> None:
        """Give the songs another close, by their file, after every webhook has read it."""
        now = datetime.now(UTC).replace(microsecond=0)
        self.closes = min(self.closes, now + timedelta(seconds=EVERYWHERE_SECONDS + 2))
        song = SONG.format(number=SHARED, closes=self.closes.isoformat())
        (self.folder / "song.toml").write_text(song)
        assert voteapp("poll", "apply", str(self.folder), "--yes")["changed"] == ["song"]

    def text(self, words: str, phone: str, to: str = SHARED, sid: str | None = None) -> str | None:
        """One text by the command line; the reply."""
        again = ("--sid", sid) if sid else ()
        return str(voteapp("text", words, "--from", phone, "--to", to, *again)["reply"])

    def totals(self, poll: str, wanted: dict[str, int], *more: str) -> dict[str, Any]:
        """The count by the command line, once it is what it must be or patience ends."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while True:
            seen: dict[str, Any] = voteapp("results", poll, *more)
            if seen["choices"] == wanted or time.monotonic() > deadline:
                return seen
            time.sleep(0.2)

    def board(self, poll: str) -> list[dict[str, Any]]:
        """Everything that a guest may read of a poll."""
        return list(
            self.cloud.dynamodb.query(
                TableName=self.cloud.outputs.aggregates_table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"open#{poll}"}},
                ConsistentRead=True,
            )["Items"]
        )


def clock(moment: datetime) -> str:
    """A time as replies tell it."""
    return f"{moment.day} {moment:%b} at {moment:%H:%M} UTC"


def wait_until(moment: datetime) -> None:
    """Until the clock has passed it."""
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds() + 0.05))


@pytest.fixture
def evening(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Evening]:
    """The polls of the evening, applied; afterwards those of the project again."""
    monkeypatch.setenv(ENDPOINT_VARIABLE, cloud.aws.endpoint)
    opens = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    closes = opens + timedelta(seconds=59)
    files = {
        "colors": f'numbers = ["{DEFAULT}"]\n' + (ROOT / "polls/colors.toml").read_text(),
        "dish": DISH.format(number=SHARED, opens=opens.isoformat()),
        "song": SONG.format(number=SHARED, closes=closes.isoformat()),
        "award": AWARD.format(number=OTHER),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "jury.txt").write_text(f"{ANN}  # chair\n{BEN}\n")
    applied = voteapp("poll", "apply", str(tmp_path), "--yes")
    again = voteapp("poll", "apply", str(tmp_path), "--yes")

    assert applied["created"] == ["award", "dish", "song"]
    assert applied["changed"] == ["colors"]
    assert applied["lists"] == {"award": {"phones": 2, "added": 2, "removed": 0}}
    assert sorted(again["unchanged"]) == ["award", "colors", "dish", "song"]
    assert again["lists"] == {"award": {"phones": 2, "added": 0, "removed": 0}}
    yield Evening(cloud=cloud, folder=tmp_path, opens=opens, closes=closes)
    voteapp("poll", "apply", str(ROOT / "polls"), "--yes")


def test_an_evening_from_the_opening_to_the_last_word(evening: Evening) -> None:
    """In the order in which it happens."""
    before_the_opening(evening)
    votes_and_changed_minds(evening)
    votes_on_the_other_number(evening)
    closed_by_hand_and_by_the_clock(evening)
    a_second_round(evening)
    a_phone_is_forgotten(evening)


def test_a_stack_is_found_by_its_name_and_worked_on_alike(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As in an account: by CloudFormation's outputs, region and credentials of the shell."""
    for name, value in cloud.aws.environment().items():
        monkeypatch.setenv(name, value)
    shell = CliRunner()
    listed = shell.invoke(app, ["poll", "list", "--stage", "local", "--json"])
    nobody = shell.invoke(app, ["forget", "+15550102999", "--stage", "local", "--json", "--yes"])
    missing = shell.invoke(app, ["poll", "list", "--stage", "nowhere"])
    file = tmp_path / "count.csv"
    watched = shell.invoke(
        app,
        ["results", "colors", "--stage", "local", "--watch", "--looks", "2", "--every", "0.2",
         "--csv", str(file)],
    )  # fmt: skip

    assert "colors" in [row["poll"] for row in json.loads(listed.stdout)["polls"]]
    assert json.loads(nobody.stdout)["removed"] == []
    assert (missing.exit_code, "no stack VoteApp-nowhere" in missing.stderr) == (3, True)
    assert watched.exit_code == 0
    # A line for each look, because nobody sees a table that is drawn anew in a pipe.
    assert watched.stdout.count("colors, round 1, open") == 2
    assert file.read_text().splitlines()[0] == "poll,round,choice,label,votes"
    assert [line.split(",")[2] for line in file.read_text().splitlines()[1:]] == [
        "RED", "GREEN", "BLUE",
    ]  # fmt: skip


def before_the_opening(evening: Evening) -> None:
    """Early texts are told when voting opens; nothing is counted."""
    time.sleep(EVERYWHERE_SECONDS)
    early = evening.text("pizza", ANN)
    wait_until(evening.opens)

    assert early == f"Voting is not open yet. It opens on {clock(evening.opens)}."
    assert voteapp("poll", "show", "dish")["phase"] == "open"
    assert voteapp("results", "dish")["voters"] == 0


def votes_and_changed_minds(evening: Evening) -> None:
    """Two polls on one number: by word, by keyword, by place; and what is no vote."""
    sid = f"SM{secrets.token_hex(16)}"
    say = evening.text

    assert say("Pizza!", ANN, sid=sid) == "Pizza, noted."
    assert say("i vote for spaghetti 🍝", BEN) == "Pasta, noted."
    assert say("dish 2", CAT) == "Pasta, noted."
    assert say("pasta", ANN) == "Your vote is now Pasta. It was Pizza."
    assert say("PASTA", ANN) == "Your vote is still Pasta. Thank you!"
    assert say("Pizza!", ANN, sid=sid) == "Pizza, noted."
    assert say("spagetti", DAN) == "Did you mean SPAGHETTI? Text SPAGHETTI."
    assert say("song taango", DAN) == "Did you mean TANGO? Text TANGO."
    choices = "PIZZA, SPAGHETTI, WALTZ, TANGO"
    told = f"That is not one of the choices. Text one of: {choices}"
    assert say("2", DAN) == told
    assert say("burger", DAN) == told
    assert say("РIZZA", BEN) == told
    assert say("pizza\x00", BEN) == told
    assert say("stop", DAN) == "None"
    minute = r"in 1 min"
    assert say("waltz", ANN) == f"The Waltz, 1 left, closes {minute}."
    again = f"SM{secrets.token_hex(16)}"
    assert say("song 2", ANN, sid=again) == f"The Tango, 0 left, closes {minute}."
    assert say("tango", ANN) == "You have used all your votes in this poll. Thank you!"
    assert say("tango", EVE) == f"The Tango, 1 left, closes {minute}."
    evening.said["tango"] = again

    dish = evening.totals("dish", {"PIZZA": 0, "PASTA": 3})
    song = evening.totals("song", {"WALTZ": 1, "TANGO": 2})
    assert (dish["choices"], dish["voters"]) == ({"PIZZA": 0, "PASTA": 3}, 3)
    assert (song["choices"], song["voters"]) == ({"WALTZ": 1, "TANGO": 2}, 2)


def votes_on_the_other_number(evening: Evening) -> None:
    """Sealed, for the jury only, and the first text stands."""
    sealed = "Thank you! Your vote for Iris is in. Results come after the close."
    assert evening.text("iris", ANN, OTHER) == sealed
    assert evening.text("otto", ANN, OTHER) == "Your first vote stands: Iris. Thank you!"
    assert evening.text("otto", CAT, OTHER) == (
        "This vote is for invited phones only. Your text was not counted."
    )
    assert evening.text("pizza", BEN, OTHER) == (
        "That is not one of the choices. Text one of: IRIS, OTTO"
    )
    assert evening.text("pizza", BEN, "+15550100170") == (
        "There is no vote on this number at the moment."
    )

    seen = evening.totals("award", {"IRIS": 1, "OTTO": 0})
    assert (seen["choices"], seen["voters"]) == ({"IRIS": 1, "OTTO": 0}, 1)
    (face,) = evening.board("award")
    assert face["sk"] == {"S": "poll"}
    assert not any("IRIS" in name for name in face)
    stored = evening.cloud.dynamodb.scan(TableName=evening.cloud.outputs.aggregates_table)
    assert ANN[1:] not in json.dumps(stored["Items"])


def closed_by_hand_and_by_the_clock(evening: Evening) -> None:
    """Late texts are told so; a text accepted in time is answered as it was."""
    closing = voteapp("poll", "close", "dish")
    twice = voteapp("poll", "close", "dish")
    closed_at = datetime.fromtimestamp(voteapp("poll", "show", "dish")["closes_at"] / 1000, UTC)
    time.sleep(EVERYWHERE_SECONDS)
    late = "Voting closed on {}. Your text came too late and was not counted."

    assert (closing["changed"], closing["phase"]) == (True, "closed")
    assert (twice["changed"], twice["phase"]) == (False, "closed")
    # Not DAN, who has had as many error replies as a phone gets in a minute.
    assert evening.text("pizza", FAY) == late.format(clock(closed_at))
    evening.close_sooner()
    wait_until(evening.closes)
    assert evening.text("waltz", EVE) == late.format(clock(evening.closes))
    assert evening.text("song 2", ANN, sid=evening.said["tango"]) == (
        "The Tango, 0 left, closes in 1 min."
    )
    time.sleep(1)
    assert voteapp("results", "dish")["choices"] == {"PIZZA": 0, "PASTA": 3}
    assert voteapp("results", "song")["choices"] == {"WALTZ": 1, "TANGO": 2}


def a_second_round(evening: Evening) -> None:
    """The screen goes to zero at once; the first round stays readable."""
    done = voteapp("poll", "reset", "dish", "--open", "--yes")
    at_once = voteapp("results", "dish")
    (face,) = (row for row in evening.board("dish") if row["sk"]["S"] == "poll")
    twice = voteapp("poll", "reset", "dish", "--open", "--yes")
    time.sleep(EVERYWHERE_SECONDS)

    assert (done["round"], done["phase"]) == (2, "open")
    assert (twice["changed"], twice["round"]) == (False, 2)
    assert face["round"] == {"N": "2"}
    assert at_once["choices"] == {"PIZZA": 0, "PASTA": 0}
    assert evening.text("pizza", ANN) == "Pizza, noted."
    assert evening.text("pizza", DAN) == "Pizza, noted."
    second = evening.totals("dish", {"PIZZA": 2, "PASTA": 0})
    assert (second["choices"], second["voters"]) == ({"PIZZA": 2, "PASTA": 0}, 2)
    first = voteapp("results", "dish", "--round", "1")
    assert (first["choices"], first["phase"]) == ({"PIZZA": 0, "PASTA": 3}, "closed")
    assert [one["votes"] for one in voteapp("poll", "show", "dish")["rounds"]] == [3, 2]


def a_phone_is_forgotten(evening: Evening) -> None:
    """Its ballots in every round of every poll, and nothing else."""
    gone = voteapp("forget", ANN, "--yes")
    again = voteapp("forget", ANN, "--yes")

    assert sorted((one["poll"], one["round"], one["picks"]) for one in gone["removed"]) == [
        ("award", 1, {"IRIS": 1}),
        ("dish", 1, {"PASTA": 1}),
        ("dish", 2, {"PIZZA": 1}),
        ("song", 1, {"WALTZ": 1, "TANGO": 1}),
    ]
    assert again["removed"] == []
    assert evening.totals("dish", {"PIZZA": 1, "PASTA": 0})["voters"] == 1
    first = evening.totals("dish", {"PIZZA": 0, "PASTA": 2}, "--round", "1")
    assert (first["choices"], first["voters"]) == ({"PIZZA": 0, "PASTA": 2}, 2)
    assert evening.totals("song", {"WALTZ": 0, "TANGO": 1})["voters"] == 1
    assert evening.totals("award", {"IRIS": 0, "OTTO": 0})["voters"] == 0
