"""Drills on the local cloud: something is down while phones text, and no vote is lost.

Whatever was down, in the end every text that Twilio received is in exactly one ballot or refused
for its reason, and the vote of every phone is its newest one.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

from services.adapters.clock import now_ms
from services.cli.deployment import find
from services.tools.demo.cloud import LocalCloud
from services.tools.local.webhook import webhook
from services.tools.twilio.api import MessageListLimits
from tests.support.clocked_webhook import clocked_webhook
from tests.support.drills import (
    CrashingBallots,
    Drill,
    a_drill,
    a_second,
    all_well,
    delete_polls,
    later_ms,
    next_second,
    no_votes,
    open_poll,
    until,
    votes,
)
from tests.support.fallback_replay import replay, stopped_replayer, take_items
from tests.support.store_proxy import Fault, store_proxy

pytestmark = pytest.mark.cloud

NUMBERS = {
    "drill-kill": "+15550100701",
    "drill-both": "+15550100702",
    "drill-store": "+15550100703",
    "drill-close": "+15550100704",
    "drill-archive": "+15550100705",
    "drill-reset": "+15550100706",
    "drill-log": "+15550100707",
    "drill-crash": "+15550100708",
    "drill-secret": "+15550100709",
}
FALLBACK, WEBHOOK = {(True, None)}, {(False, None)}
NOBODY = {(True, "ct")}
"""Who took the texts of a wave."""

Drills = Callable[..., AbstractAsyncContextManager[Drill]]


@pytest.fixture(scope="module")
def polls(cloud: LocalCloud) -> Iterator[None]:
    """A poll for each drill, which every webhook knows; they are deleted at the end."""
    with patch.dict(os.environ, {"VOTEAPP_LOCAL_ENDPOINT": cloud.aws.endpoint}):
        deployment = find(local=True, stage="")
    for poll, number in NUMBERS.items():
        open_poll(deployment, poll, number)
    opened_ms = now_ms()
    asyncio.run(until(lambda: now_ms() > opened_ms + 2_500))
    yield
    delete_polls(cloud, NUMBERS)


@pytest.fixture
def drills(cloud: LocalCloud, polls: None, monkeypatch: pytest.MonkeyPatch) -> Drills:
    """Begins the drill of a poll."""
    del polls
    monkeypatch.setenv("VOTEAPP_LOCAL_ENDPOINT", cloud.aws.endpoint)

    def begin(poll: str, **options: float) -> AbstractAsyncContextManager[Drill]:
        return a_drill(cloud, monkeypatch, poll, NUMBERS[poll], **options)

    return begin


async def test_the_webhook_is_killed_and_started_again(cloud: LocalCloud, drills: Drills) -> None:
    """The fallback takes the texts meanwhile; Twilio's log has nothing to add."""
    async with drills("drill-kill") as drill:
        with ExitStack() as running:
            one = webhook(cloud.aws, cloud.outputs, cloud.folder, name="drill")
            process, url = await asyncio.to_thread(running.enter_context, one)
            await asyncio.to_thread(drill.deliver_to, url)
            up = await drill.wave()
            await drill.text(shift=1)
            await asyncio.to_thread(process.stop)
            await drill.twilio.settle()
            down = await drill.wave(shift=2)
            port = urlsplit(url).port
            again = webhook(cloud.aws, cloud.outputs, cloud.folder, name="drill", port=port)
            await asyncio.to_thread(running.enter_context, again)
            await a_second()
            up_again = await drill.wave(shift=3)
        await drill.queue_is_empty()
        report = await drill.reconcile()
        found = await drill.findings(drill.sent)

    assert [drill.failures(wave) for wave in (up, down, up_again)] == [WEBHOOK, FALLBACK, WEBHOOK]
    assert (report["listed"], report["recovered"]) == (48, 0)
    assert found == all_well(no_votes(drill.sent))


async def test_webhook_and_fallback_are_down(drills: Drills) -> None:
    """Twilio's log has the texts; older ones override no newer ones."""
    async with drills("drill-both") as drill:
        await drill.wave()
        drill.cut(drill.cloud.webhook.url)
        drill.cut(drill.fallback_url)
        down = await drill.wave(shift=1) + await drill.wave(shift=2)
        drill.mend(drill.fallback_url)
        await drill.wave(phones=8, shift=4)
        drill.mend(drill.cloud.webhook.url)
        await a_second()
        await drill.wave(phones=6, shift=3)
        await drill.queue_is_empty()
        report = await drill.reconcile()
        found = await drill.findings(drill.sent)

    assert drill.failures(down) == NOBODY
    assert report["recovered"] == votes(down)
    assert found == all_well(no_votes(drill.sent))


@pytest.mark.parametrize(("verb", "reason"), [("close", "closed"), ("archive", "unknown")])
async def test_the_poll_ends_in_the_middle_of_an_outage(
    verb: str, reason: str, drills: Drills
) -> None:
    """What Twilio received before counts, though it is delivered later; the rest is refused.

    After the poll was archived, the poll on all numbers answers, which has other choices.
    """
    async with drills(f"drill-{verb}") as drill:
        before = await drill.wave()
        drill.cut(drill.cloud.webhook.url)
        before += await drill.wave(shift=1)
        drill.cut(drill.fallback_url)
        lost = await drill.wave(shift=2)
        await drill.voteapp("poll", verb, drill.poll, *(["--yes"] if verb == "archive" else []))
        await next_second()
        lost_later = await drill.wave(shift=3)
        drill.mend(drill.fallback_url)
        later = lost_later + await drill.wave(shift=4)
        await drill.queue_is_empty()
        report = await drill.reconcile()
        found = await drill.findings(before + lost)

    refused = no_votes(drill.sent)
    refused[reason] = refused.get(reason, 0) + votes(later)
    assert report["recovered"] == votes(lost)
    assert found == all_well(refused)


async def test_twilios_log_is_slow_paged_and_limited(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read to its end nevertheless."""
    monkeypatch.setattr("services.adapters.twilio.message_log.PAGE_SIZE", 7)
    async with drills("drill-log") as drill:
        await drill.wave()
        drill.cut(drill.cloud.webhook.url)
        drill.cut(drill.fallback_url)
        lost = await drill.wave(shift=1) + await drill.wave(shift=2)
        limits = drill.twilio.api.limits
        limits.page_seconds, limits.requests_per_second = 0.02, 5
        limits.failures.extend([429, 503])
        report = await drill.reconcile()
        drill.twilio.api.limits = MessageListLimits()
        found = await drill.findings(drill.sent)

    assert not limits.failures
    assert (report["listed"], report["recovered"]) == (36, votes(lost))
    assert found == all_well(no_votes(drill.sent))


async def test_a_reconciliation_crashes_at_each_write(
    drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after it, in turn; the next one goes on from there."""
    monkeypatch.setattr("services.late.reconciliation.PHONES_AT_ONCE", 1)
    monkeypatch.setattr("services.late.run.DynamoBallots", CrashingBallots)
    async with drills("drill-crash") as drill:
        await drill.wave(phones=2)
        drill.cut(drill.cloud.webhook.url)
        drill.cut(drill.fallback_url)
        lost = await drill.wave(phones=3, shift=1)
        crashes = 0
        while not (done := await drill.try_to_reconcile()):
            crashes += 1
        found = await drill.findings(drill.sent)

    assert crashes == 2 * votes(lost)
    assert done["recovered"] == 0
    assert found == all_well(no_votes(drill.sent))


async def test_the_store_fails_in_several_ways(cloud: LocalCloud, drills: Drills) -> None:
    """Polls unreadable: the webhook knows them. Then throttled, unreachable, or its answers lost.

    A write whose answer is lost is stored, and the text comes again by the fallback.
    """
    async with drills("drill-store", time_scale=0.2) as drill, store_proxy(cloud.aws) as store:
        with ExitStack() as running:
            one = webhook(cloud.aws, cloud.outputs, cloud.folder, name="drill", dynamodb=store.url)
            _, url = await asyncio.to_thread(running.enter_context, one)
            await asyncio.to_thread(drill.deliver_to, url)
            await drill.wave(phones=18)
            store.fault, store.table = Fault.UNREACHABLE, cloud.outputs.polls_table
            await a_second(2.1)
            stale = await drill.wave(phones=18, shift=1)
            failed_reads = store.faults
            store.table = cloud.outputs.votes_table
            failed = []
            for number, fault in enumerate(Fault):
                store.fault = fault
                failed += await drill.wave(phones=6, first=6 * number, shift=2)
            store.fault = None
        await drill.queue_is_empty()
        await drill.reconcile()
        found = await drill.findings(drill.sent)

    assert drill.failures(stale) == WEBHOOK
    assert failed_reads > 0
    assert (True, None) in drill.failures(failed)
    assert found == all_well(no_votes(drill.sent))


async def test_the_secret_is_unreadable_for_longer_than_the_webhook_may_use_the_old_one(
    cloud: LocalCloud, drills: Drills, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For an hour it does; then no signature can be verified, and the fallback takes the texts."""
    async with drills("drill-secret", time_scale=0.2) as drill, store_proxy(cloud.aws) as store:
        with clocked_webhook(cloud, monkeypatch, secrets_endpoint=store.url) as (url, clock):
            await asyncio.to_thread(drill.deliver_to, url)
            await drill.wave(phones=6)
            store.fault, store.table = Fault.UNREACHABLE, cloud.outputs.secret_arn
            clock.ahead_seconds += 3_000
            stale = await drill.wave(phones=6, shift=1)
            failed_reads = store.faults
            clock.ahead_seconds += 700
            down = await drill.wave(shift=2)
            store.fault = None
            await a_second()
            readable = await drill.wave(phones=6, shift=3)
        await drill.queue_is_empty()
        report = await drill.reconcile()
        found = await drill.findings(drill.sent)

    assert [drill.failures(wave) for wave in (stale, down, readable)] == [
        WEBHOOK,
        FALLBACK,
        WEBHOOK,
    ]
    assert failed_reads > 0
    assert (report["listed"], report["recovered"]) == (30, 0)
    assert found == all_well(no_votes(drill.sent))


async def test_the_poll_is_reset_in_the_middle_of_an_outage(
    cloud: LocalCloud, drills: Drills
) -> None:
    """What Twilio received before belongs to round 1, what it received later to round 2.

    Near a reset, items wait in the queue; some are replayed before the reconciliations and some
    after them.
    """
    async with drills("drill-reset") as drill:
        with stopped_replayer(cloud):
            before = await drill.wave()
            drill.cut(drill.cloud.webhook.url)
            before += await drill.wave(shift=1)
            drill.cut(drill.fallback_url)
            before += await drill.wave(phones=6, shift=2)
            await drill.voteapp("poll", "reset", drill.poll, "--yes")
            await next_second()
            after = await drill.wave(phones=6, shift=3)
            drill.mend(drill.fallback_url)
            after += await drill.wave(shift=4)
            items = await asyncio.to_thread(take_items, cloud)
        drill.mend(drill.cloud.webhook.url)
        await a_second(2.1)
        after += await drill.wave(phones=6, shift=5)
        too_soon = await replay(drill.deployment, items, now_ms)
        too_late = await replay(drill.deployment, too_soon[::2], later_ms)
        reports = [await drill.reconcile(1), await drill.reconcile(2)]
        too_late += await replay(drill.deployment, too_soon[1::2], later_ms)
        found = [await drill.findings(before, round=1), await drill.findings(after, round=2)]

    assert len(items) == 24
    assert len(too_soon) == 20
    assert too_late == []
    assert all(report["recovered"] > 0 for report in reports)
    assert found == [all_well(no_votes(drill.sent))] * 2
