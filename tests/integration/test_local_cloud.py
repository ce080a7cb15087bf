"""The whole pipeline on the emulator, deployed by the CDK command line: text in, count out."""

import json
import secrets

import httpx
import pytest

from services.tools.demo.cloud import DEFAULT_POLL, LocalCloud
from services.tools.local.runs import find_running
from services.tools.phones.sms import SimulatedText, TextKind
from tests.support.cloud import a_vote, send, totals_when

pytestmark = pytest.mark.cloud


def a_sid() -> str:
    """A MessageSid nobody else has."""
    return f"SM{secrets.token_hex(16)}"


def test_texts_become_an_exact_count(cloud: LocalCloud) -> None:
    """Votes, a changed vote, a redelivery and a forgery, through webhook, stream and Lambda."""
    round, _ = cloud.round_of(DEFAULT_POLL)
    before = cloud.totals(round)
    first = a_vote(10_001, "RED", sid=a_sid())
    texts = [
        first,
        a_vote(10_002, "GREEN", sid=a_sid()),
        a_vote(10_003, "GREEN", sid=a_sid()),
        a_vote(10_001, "BLUE", sid=a_sid()),
        first,
    ]
    answers = send(cloud.webhook, texts)
    after = totals_when(cloud, lambda totals: totals.folded >= before.folded + 4)
    moved = {key: after.picks.get(key, 0) - before.picks.get(key, 0) for key in after.picks}

    assert [answer.status for answer in answers] == [200] * 5
    assert answers[4].body == answers[0].body
    assert {key: count for key, count in moved.items() if count} == {"GREEN": 2, "BLUE": 1}
    assert after.voters - before.voters == 3
    assert after.folded - before.folded == 4
    assert after.bad == before.bad


def test_a_text_through_the_http_api_is_counted_by_the_same_rules(cloud: LocalCloud) -> None:
    """API Gateway and the webhook on Lambda in place of uvicorn."""
    round, _ = cloud.round_of(DEFAULT_POLL)
    before = cloud.totals(round)
    answers = send(cloud.api, [a_vote(73_001, "RED", sid=a_sid())])
    after = totals_when(cloud, lambda totals: totals.folded > before.folded)

    assert answers[0].status == 200
    assert "<Message>" in answers[0].body
    assert after.picks["RED"] - before.picks.get("RED", 0) == 1


@pytest.mark.parametrize("door", ["webhook", "api"])
def test_a_forged_text_is_refused_at_both_doors(cloud: LocalCloud, door: str) -> None:
    """Signed with another token than the account's."""
    forged = SimulatedText(
        kind=TextKind.FORGED, sid=a_sid(), sender="+15550130001", to="+15550100100", body="RED"
    )
    answers = send(getattr(cloud, door), [forged])

    assert answers[0].status == 403


def test_the_site_is_served_with_its_security_headers(cloud: LocalCloud) -> None:
    """From the bucket, under a policy that names the emulator and nothing else."""
    page = httpx.get(cloud.dashboard_url)
    config = httpx.get(f"{cloud.dashboard_url}/config.json").json()
    missing = httpx.get(f"{cloud.dashboard_url}/nowhere.js")

    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert cloud.aws.endpoint in page.headers["content-security-policy"]
    assert "{" not in page.headers["content-security-policy"]
    assert config["aggregatesTable"] == cloud.outputs.aggregates_table
    assert config["polls"] == ["colors"]
    assert config["endpoints"]["dynamodb"] == cloud.aws.endpoint
    assert missing.status_code == 404


def test_a_running_cloud_tells_others_where_it_is_and_no_secret(cloud: LocalCloud) -> None:
    """What `voteapp --local` reads."""
    found = next(one for one in find_running() if one.endpoint == cloud.aws.endpoint)

    assert found.webhook_url == cloud.webhook.url
    assert found.outputs["VotesTable"] == cloud.outputs.votes_table
    assert cloud.webhook.token not in json.dumps(found.outputs)
