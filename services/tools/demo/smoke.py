"""`voteapp smoke`: sends 520 texts of every kind and checks that the count is exact.

The expected count is computed from the texts alone.
"""

import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles
from typing import Final, Self

from services.tools.demo.cloud import (
    DEFAULT_POLL,
    LocalCloud,
    clear_aws_environment,
    local_cloud,
)
from services.tools.demo.demo import crowd_for, end_on_signals
from services.tools.demo.progress import Progress
from services.tools.local.runs import LAST_FAILURE, keep_logs
from services.tools.phones.crowd import Crowd, expected_counts
from services.tools.phones.delivery import WebhookEndpoint, WebhookReply, deliver, session
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.poll import Round
from services.voting.tally import Totals

PLAN: Final = {
    TextKind.NEW: 340,
    TextKind.REDELIVERED: 50,
    TextKind.CHANGED: 50,
    TextKind.FORGED: 20,
    TextKind.UNKNOWN: 30,
    TextKind.RESERVED: 10,
}
"""How many texts of each kind go to the webhook under uvicorn; 500 in all."""
API_TEXTS: Final = 20
"""Texts of further phones that go to the webhook on Lambda behind the HTTP API."""
THREADS: Final = 4
TEXTS_PER_SECOND: Final = 100
DRAIN_SECONDS: Final = 30
SAMPLES_PER_SECOND: Final = 20


class Sampler:
    """Samples the number of folded records of a round, in its own thread."""

    def __init__(self, cloud: LocalCloud, round: Round) -> None:
        self.samples: list[tuple[float, int]] = []
        self.totals = Totals(picks={})
        self._cloud = cloud
        self._round = round
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for(self, folded: int) -> None:
        """Wait until `folded` records are folded, at most `DRAIN_SECONDS`, and one second more."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.totals.folded < folded and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.totals = self._cloud.totals(self._round)
            self.samples.append((time.time(), self.totals.folded))
            time.sleep(1 / SAMPLES_PER_SECOND)


def run_smoke(progress: Progress, *, seed: int | None = None) -> int:
    """Start the cloud, send the texts and compare the count; return 0 if it is exact, else 1.

    Prints the report as the last line of standard output, in JSON.
    """
    clear_aws_environment()
    end_on_signals()
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    with local_cloud(progress=progress) as cloud:
        round, number = cloud.round_of(DEFAULT_POLL)
        crowd = crowd_for(round, number, seed=seed)
        with Sampler(cloud, round) as sampler:
            with progress.step("520 texts"):
                answers = _send_all(cloud, crowd, seed)
            with progress.step("stream drained"):
                sampler.wait_for(len(_writes(answers)))
        report = {"seed": seed} | _report(answers, sampler)
        if not report["exact"]:
            keep_logs(cloud.folder)
            print(f"Not exact. The logs: .local/{LAST_FAILURE}/", file=sys.stderr)
    print(json.dumps(report))
    return 0 if report["exact"] else 1


def plan(crowd: Crowd, seed: int) -> list[SimulatedText]:
    """Return the texts in random order; the first one is a vote of a new phone."""
    kinds = [kind for kind, count in PLAN.items() for _ in range(count)]
    random.Random(seed).shuffle(kinds)  # noqa: S311 - not a secret
    first = kinds.index(TextKind.NEW)
    kinds[0], kinds[first] = kinds[first], kinds[0]
    return [crowd.make(kind) for kind in kinds]


def _send_all(cloud: LocalCloud, crowd: Crowd, seed: int) -> list[WebhookReply]:
    """Send the texts of one phone in one thread, so that their order is known."""
    texts = plan(crowd, seed)
    shares: list[list[SimulatedText]] = [[] for _ in range(THREADS)]
    for text in texts:
        shares[int(text.sender[-4:]) % THREADS].append(text)
    to_api = [crowd.make(TextKind.NEW) for _ in range(API_TEXTS)]
    with ThreadPoolExecutor(THREADS + 1) as pool:
        answers = [pool.submit(_send, cloud.webhook, share) for share in shares]
        answers.append(pool.submit(_send, cloud.api, to_api))
        return [answer for share in answers for answer in share.result()]


def _send(endpoint: WebhookEndpoint, texts: Sequence[SimulatedText]) -> list[WebhookReply]:
    async def one_by_one() -> list[WebhookReply]:
        answers = []
        async with session() as http:
            for text in texts:
                due = time.monotonic() + THREADS / TEXTS_PER_SECOND
                answers.append(await deliver(http, endpoint, text))
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        return answers

    return asyncio.run(one_by_one())


def _writes(answers: Iterable[WebhookReply]) -> list[WebhookReply]:
    """Return the replies to texts that must have been written to a ballot."""
    return [a for a in answers if a.accepted and a.text.kind in {TextKind.NEW, TextKind.CHANGED}]


def _report(answers: Sequence[WebhookReply], sampler: Sampler) -> dict[str, object]:
    statuses = Counter(answer.status for answer in answers)
    expected = expected_counts([answer.text for answer in answers])
    totals = sampler.totals
    counted = {choice: count for choice, count in totals.picks.items() if count}
    written = _writes(answers)
    accepted, refused = statuses.pop(200, 0), statuses.pop(403, 0)
    return {
        "texted": len(answers),
        "accepted": accepted,
        "refused": refused,
        "failed": {str(status): count for status, count in statuses.items()},
        "counted": dict(sorted(counted.items())),
        "expected": dict(sorted(expected.items())),
        "voters": totals.voters,
        "bad": totals.bad,
        "vote_to_count_ms": vote_to_count_ms(
            [answer.answered_at for answer in written], sampler.samples
        ),
        "exact": (
            counted == dict(expected)
            and totals.voters == sum(expected.values())
            and totals.folded == len(written)
            and totals.bad == 0
            and refused == PLAN[TextKind.FORGED]
            and accepted + refused == len(answers)
        ),
    }


def vote_to_count_ms(
    written_at: Sequence[float], samples: Sequence[tuple[float, int]]
) -> dict[str, int]:
    """Return the median and the 99th percentile of the time from a write to its count, in ms.

    `written_at` are the times of the webhook's replies, in seconds; `samples` are times and
    the number of records folded by then, in order. The k-th write counts as folded at the first
    sample with k or more records; it does not matter which vote was the k-th. A write that was
    folded before its reply arrived took 0 ms. Writes that were never folded are left out.
    """
    delays_ms = []
    rest = iter(samples)
    sample = next(rest, None)
    for place, moment in enumerate(sorted(written_at), start=1):
        while sample is not None and sample[1] < place:
            sample = next(rest, None)
        if sample is None:
            break
        delays_ms.append(max(0.0, sample[0] - moment) * 1000)
    if len(delays_ms) < 2:  # noqa: PLR2004 - quantiles need two
        return {}
    percentiles = quantiles(delays_ms, n=100, method="inclusive")
    return {"p50": round(percentiles[49]), "p99": round(percentiles[98])}
