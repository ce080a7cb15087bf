"""`voteapp rehearse` through a webhook on this machine, with the deployment's tables on moto."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.adapters.clock import now_ms
from services.adapters.secrets import Secrets
from services.cli import rehearse
from services.cli.app import app
from services.cli.deployment import Deployment
from services.cli.rounds import create_auditor
from services.tools.rehearsal.load import send_texts
from services.tools.rehearsal.poll import RehearsalPoll
from tests.support.moto_system import PEPPER, MotoSystem, moto_system
from tests.support.small_webhook import TOKEN, SmallWebhook, small_webhook


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallWebhook]:
    """A deployment with one open poll that has votes, found by the command; waiting folds."""
    with moto_system() as system, small_webhook(system) as webhook:
        system.vote(1, "RED")

        def fold(_: float) -> None:
            with webhook.lock:
                system.fold()

        deployment = replace(system.deployment, webhook_url=webhook.url)
        monkeypatch.setattr(rehearse, "find", lambda **_: deployment)
        monkeypatch.setattr(Deployment, "secrets", lambda _: Secrets(TOKEN, PEPPER))
        monkeypatch.setattr(rehearse, "RehearsalPoll", partial(RehearsalPoll, sleep=fold))
        monkeypatch.setattr(
            rehearse,
            "create_auditor",
            lambda found, **more: replace(create_auditor(found, **more), sleep=fold),
        )
        yield webhook


def run(*arguments: str, answer: str = "") -> Result:
    """Run the command as a shell would."""
    fixed = ("rehearse", "--rate", "100", "--seconds", "1", "--stage", "dev")
    return CliRunner().invoke(app, [*fixed, *arguments], input=answer)


def rows(system: MotoSystem) -> list[dict[str, Any]]:
    """Everything in the tables."""
    found = []
    for table in ("Votes", "Aggregates", "Polls"):
        found += system.dynamodb.scan(TableName=table)["Items"]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def test_every_accepted_vote_is_counted_and_nothing_is_left(webhook: SmallWebhook) -> None:
    """A hundred texts; the tables hold the same rows as before, to the last attribute."""
    before = rows(webhook.system)
    done = run("--yes", "--json")
    document = json.loads(done.stdout)
    webhook.system.fold()

    assert done.exit_code == 0, done.output
    assert (document["sent"], len(webhook.texts)) == (100, 100)
    assert document["votes_accepted"] == document["votes_counted"] > 50
    assert (document["exact"], document["problems"], document["refused"]) == (True, [], {})
    assert rows(webhook.system) == before


def test_refused_texts_are_told_by_reason_and_fail_the_command(webhook: SmallWebhook) -> None:
    """The count is exact all the same."""
    webhook.refuses = 503
    done = run("--yes")

    assert done.exit_code == 1
    assert "100: the store or the webhook was not available (503)" in done.output
    assert "0 accepted, 0 counted" in done.output


def test_a_text_that_was_accepted_and_is_no_ballot_is_found(webhook: SmallWebhook) -> None:
    """The verdict is the audit's, not the webhook's."""
    webhook.loses = True
    done = run("--yes", "--json")
    document = json.loads(done.stdout)

    assert done.exit_code == 1
    assert not document["exact"]
    assert "0 votes were counted" in document["problems"][0]


def test_it_says_what_it_costs_and_asks(webhook: SmallWebhook) -> None:
    """Without a yes no text is sent, and nothing is written."""
    before = rows(webhook.system)
    done = run(answer="n\n")

    assert done.exit_code == 1
    assert "It costs about $" in done.output
    assert "100 texts to VoteApp-test" in done.output
    assert (webhook.texts, rows(webhook.system)) == ([], before)


def test_after_an_interruption_nothing_is_left(
    webhook: SmallWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while texts are on their way: no verdict, and no row."""
    before = rows(webhook.system)

    def interrupted(*arguments: Any, **more: Any) -> None:
        send_texts(*arguments, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearse, "send_texts", interrupted)
    done = run("--yes", "--json")
    webhook.system.fold()

    assert done.exit_code == 1
    assert "interrupted" in json.loads(done.stdout.splitlines()[-1])["problems"][0]
    assert webhook.texts
    assert rows(webhook.system) == before


def a_poll(system: MotoSystem, began_at_ms: int) -> RehearsalPoll:
    """The poll of a run that began then."""
    return RehearsalPoll(
        client=system.dynamodb, votes="Votes", aggregates="Aggregates", polls="Polls",
        began_at_ms=began_at_ms, sleep=lambda _: None,
    )  # fmt: skip


def test_one_rehearsal_at_a_time_and_a_killed_one_is_swept_up(webhook: SmallWebhook) -> None:
    """After twenty minutes it cannot be running any more."""
    before = rows(webhook.system)
    a_poll(webhook.system, now_ms() - 19 * 60_000).open()
    refused = run("--yes")
    a_poll(webhook.system, now_ms() - 19 * 60_000).remove()
    a_poll(webhook.system, now_ms() - 21 * 60_000).open()
    done = run("--yes")
    webhook.system.fold()

    assert (refused.exit_code, done.exit_code) == (3, 0)
    assert "another rehearsal is under way" in refused.output
    assert rows(webhook.system) == before
