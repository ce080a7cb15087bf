"""The lab's parts that need no store: settings, writes, meter, poll, the refusal's form."""

import json
from zlib import crc32

import botocore.session
import pytest
from botocore.parsers import create_parser

from services.polls.definition import parse_poll
from services.polls.names import check_name_conflicts
from services.tools.lab.lab_poll import begin_round, lab_poll, round_number
from services.tools.lab.recent_writes import MAX_LETTERS, RecentWrites
from services.tools.lab.settings import LabSettingError, LabSettings
from services.tools.lab.throttling_proxy import refusal
from services.tools.phones.rate_meter import RateMeter
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting import schema
from services.voting.directory import Directory
from services.voting.message import parse_text
from services.voting.poll import Round
from tests.support.polls import NOON, a_poll

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Votes"


def test_a_refusal_is_read_by_aws_s_own_library_as_the_real_one() -> None:
    """Code, message and reason, by the parser and the service model of botocore."""
    response = refusal(ARN)
    model = botocore.session.get_session().get_service_model("dynamodb")
    shape = model.operation_model("PutItem").output_shape
    assert shape
    parsed = create_parser(model.protocol).parse(
        {
            "status_code": response.status_code,
            "headers": {k.title(): v for k, v in response.headers.items()},
            "body": response.body,
        },
        shape,
    )

    assert response.status_code == 400
    assert parsed["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert "provisioned throughput" in parsed["Error"]["Message"]
    assert json.loads(bytes(response.body))["ThrottlingReasons"] == [
        {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": ARN}
    ]


def test_a_refusal_has_the_headers_of_the_service() -> None:
    """A client that checks the checksum finds it right."""
    response = refusal(ARN)

    assert response.headers["content-type"] == "application/x-amz-json-1.0"
    assert response.headers["x-amz-crc32"] == str(crc32(response.body))
    assert len(response.headers["x-amzn-requestid"]) >= 32


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shards": 0}, "shards: 0: the lab takes a whole number from 1 to 100"),
        ({"texts_per_second": 301}, "texts_per_second: 301"),
        ({"write_capacity": 2.5}, "write_capacity: 2.5"),
        ({"shards": True}, "shards: True"),
        ({"speed": 9}, "speed: 9: the lab takes texts_per_second, write_capacity, shards"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(
    changes: dict[str, object], message: str
) -> None:
    """And the one that the lab does not have."""
    with pytest.raises(LabSettingError, match=message.replace("(", r"\(")):
        LabSettings().changed(changes)


def test_a_setting_within_its_limits_is_taken() -> None:
    """The others stay."""
    changed = LabSettings().changed({"shards": 10, "texts_per_second": 0})

    assert (changed.shards, changed.texts_per_second, changed.write_capacity) == (10, 0, 240)


def test_recent_writes_returns_new_letters_and_at_most_300() -> None:
    """A reader that polls gets only the new ones."""
    writes = RecentWrites()
    for letter in "ABc":
        writes.add(letter)
    seen, first = writes.since(0)
    writes.add("D")

    assert (seen, first) == (3, "ABc")
    assert writes.since(seen) == (4, "D")
    assert writes.since(4) == (4, "")
    for _ in range(1_000):
        writes.add("E")
    assert writes.since(4) == (1_004, "E" * MAX_LETTERS)


def test_a_reader_with_a_number_of_an_earlier_run_gets_all_letters() -> None:
    """The demo was started again under an open page."""
    writes = RecentWrites()
    writes.add("A")

    assert writes.since(9_000) == (1, "A")


def test_a_meter_gives_rates_of_the_last_seconds() -> None:
    """Not of the slot that is not over, nor of what is long ago."""
    now = [0.0]
    meter: RateMeter[str] = RateMeter(lambda: now[0])
    for _ in range(400):
        now[0] += 0.1
        meter.add("often")
    now[0] += 0.3

    assert meter.per_second()["often"] == pytest.approx(10, rel=0.15)
    now[0] += 60
    assert meter.per_second() == {}


@pytest.mark.parametrize("shards", [1, 2, 5, 10, 20, 100])
def test_the_lab_s_poll_is_a_poll_like_any_other(shards: int) -> None:
    """Its file would be accepted, also beside the default poll."""
    poll = lab_poll(shards)

    assert parse_poll(poll.definition, source="lab.toml").shards == shards
    assert list(check_name_conflicts([poll, a_poll()])) == []


def test_a_lab_s_text_is_never_a_vote_in_the_demo_s_poll() -> None:
    """Though that poll listens on every number, the lab's included."""
    lab, colors = Round(poll=lab_poll(1)), Round(poll=a_poll())
    directory = Directory((colors, lab))
    for choice in lab.poll.choices:
        reading = directory.match_text(lab.poll.numbers[0], parse_text(choice.word), now_ms=1)

        assert reading.round is lab
        assert reading.choice == choice.key


def test_the_round_is_read_from_a_ballot_s_key() -> None:
    """And what is no ballot of the lab has none."""
    assert round_number(schema.ballot_pk("lab", 12, 7)) == 12
    assert round_number(schema.ballot_pk("labour", 1, 0)) is None
    assert round_number(schema.ballot_pk("colors", 1, 0)) is None


def test_a_round_of_the_lab_is_not_looked_for_in_the_next_one() -> None:
    """No text of the lab is redelivered, and looking for it would be a second write."""
    polls = SimulatedPolls(clock=lambda: NOON)
    first, second = begin_round(polls, 1), begin_round(polls, 10)

    assert (first.number, second.number) == (1, 2)
    assert (first.poll.shards, second.poll.shards) == (1, 10)
    assert polls.past_rounds("lab") == []
    assert second.previous is None
