"""What the demo's pages talk to: only they can, and it says what is wrong; the measured lab."""

import json
import urllib.error
import urllib.request

import pytest

from services.tools.demo.cloud import LocalCloud
from services.tools.demo.experiment import Experiment
from services.tools.demo.progress import SilentProgress
from tests.support.cloud import wait_until_settled

pytestmark = pytest.mark.cloud


def asked(
    cloud: LocalCloud, path: str, method: str = "GET", body: object = None, **headers: str
) -> tuple[int, dict[str, object]]:
    """Status and JSON of an answer."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{cloud.dashboard_url}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_page_of_another_site_can_neither_text_nor_turn_a_slider(cloud: LocalCloud) -> None:
    """Its form sends no JSON, and its made-up host name is not ours."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    said = {"phone": 6, "text": "RED"}

    assert asked(cloud, "/api/phone", "POST", said, **form)[0] == 403
    assert asked(cloud, "/api/phone", "POST", said, Host="evil.example")[0] == 403
    assert asked(cloud, "/api/lab", "PUT", {"shards": 2}, **form)[0] == 403
    assert asked(cloud, "/api/lab", Host="evil.example:80")[0] == 403
    assert asked(cloud, "/api/phone", Host="localhost")[0] == 200


@pytest.mark.parametrize(
    ("path", "method", "body", "told"),
    [
        ("/api/lab", "PUT", {"shards": 0}, "shards: 0: the lab takes a whole number from 1 to 100"),
        ("/api/lab", "PUT", [1], "body: not a JSON object"),
        ("/api/phone", "POST", {"phone": 7, "text": "RED"}, "phone: 7: there are phones 1 to 6"),
        ("/api/phone", "POST", {"phone": 1, "text": "  "}, "write 1 to 1600 characters"),
        ("/api/phone", "POST", {"phone": 1, "text": "x" * 1601}, "write 1 to 1600 characters"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    cloud: LocalCloud, path: str, method: str, body: object, told: str
) -> None:
    """400, with key, value and remedy."""
    status, answer = asked(cloud, path, method, body)

    assert status == 400
    assert told in str(answer["error"])


def test_one_shard_loses_what_ten_accept_and_every_ballot_is_counted(cloud: LocalCloud) -> None:
    """The experiment of `voteapp lab`, shortened: 20 texts/s into partitions for 8.

    Three seconds on a shared machine give no exact rates, so they are compared with each other;
    the rates themselves are tested with a clock of the test, in test_local_throttle.py.
    """
    wait_until_settled(cloud)
    experiment = Experiment(
        texts_per_second=20, write_capacity=80, seconds=3, warm_up_seconds=3, steps=(1, 10)
    )
    one, ten = experiment.run(cloud, SilentProgress())

    assert one.throttled > one.accepted
    assert 0 < one.accepted < one.sent / 2
    assert (one.partitions, one.exact) == (1, True)
    assert ten.accepted > 2 * one.accepted
    assert (ten.refused, ten.exact) == (0, True)
    assert ten.throttled < one.throttled / 2
    assert ten.partitions > 3
