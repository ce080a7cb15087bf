"""`voteapp smoke`: some hundred texts of every kind, and whether the count is exact.

What the count must come to is computed from the texts alone.
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
from typing import Final, Self

from services.tools.demo.cloud import (
    DEFAULT_POLL,
    LocalCloud,
    Progress,
    forget_own_account,
    local_cloud,
)
from services.tools.demo.demo import crowd_for, end_on_signals
from services.tools.local.deployment import NUMBER
from services.tools.local.runs import LAST_FAILURE, keep_logs
from services.tools.phones.crowd import Crowd, expected
from services.tools.phones.latency import vote_to_count_ms
from services.tools.phones.load_generator import WebhookEndpoint, WebhookReply, deliver, session
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
"""500 texts to the webhook under uvicorn."""
API_TEXTS: Final = 20
"""More, of new phones, to the webhook on Lambda behind the HTTP API."""
THREADS: Final = 4
TEXTS_PER_SECOND: Final = 100
DRAIN_SECONDS: Final = 30
SAMPLES_PER_SECOND: Final = 20


class Sampler:
    """Notes when the board's folded records reached which number, from a thread of its own."""

    def __init__(self, cloud: LocalCloud, round: Round) -> None:
        self.samples: list[tuple[float, int]] = []
        self.totals = Totals(picks={})
        self._cloud = cloud
        self._standing = round
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for(self, folded: int) -> None:
        """Wait until so many records are folded and the number rests, at most `DRAIN_SECONDS`."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.totals.folded < folded and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.totals = self._cloud.totals(self._standing)
            self.samples.append((time.time(), self.totals.folded))
            time.sleep(1 / SAMPLES_PER_SECOND)


def run_smoke(progress: Progress, *, seed: int | None = None) -> int:
    """Bring the cloud up, text, count, compare; 0 only if the count is exact.

    The last line on standard output is one line of JSON.
    """
    forget_own_account()
    end_on_signals()
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    with local_cloud(progress=progress) as cloud:
        round, number = cloud.round_of(DEFAULT_POLL)
        crowd = crowd_for(round, number or NUMBER, seed=seed)
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
    """The texts in a mixed order; nobody changes a vote or is redelivered before voting."""
    kinds = [kind for kind, count in PLAN.items() for _ in range(count)]
    random.Random(seed).shuffle(kinds)  # noqa: S311 - a show, not a secret
    first = kinds.index(TextKind.NEW)
    kinds[0], kinds[first] = kinds[first], kinds[0]
    return [crowd.make(kind) for kind in kinds]


def _send_all(cloud: LocalCloud, crowd: Crowd, seed: int) -> list[WebhookReply]:
    """Texts of one phone go through one thread, so that their order is known."""
    texts = plan(crowd, seed)
    shares: list[list[SimulatedText]] = [[] for _ in range(THREADS)]
    for text in texts:
        shares[int(text.sender[-4:]) % THREADS].append(text)
    to_api = [crowd.make(TextKind.NEW) for _ in range(API_TEXTS)]
    with ThreadPoolExecutor(THREADS + 1) as pool:
        answers = [pool.submit(_send, cloud.line, share) for share in shares]
        answers.append(pool.submit(_send, cloud.api, to_api))
        return [answer for share in answers for answer in share.result()]


def _send(line: WebhookEndpoint, texts: Sequence[SimulatedText]) -> list[WebhookReply]:
    async def one_by_one() -> list[WebhookReply]:
        answers = []
        async with session() as http:
            for text in texts:
                due = time.monotonic() + THREADS / TEXTS_PER_SECOND
                answers.append(await deliver(http, line, text))
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        return answers

    return asyncio.run(one_by_one())


def _writes(answers: Iterable[WebhookReply]) -> list[WebhookReply]:
    """The answers to texts that must have been written to a ballot."""
    return [a for a in answers if a.accepted and a.text.kind in {TextKind.NEW, TextKind.CHANGED}]


def _report(answers: Sequence[WebhookReply], sampler: Sampler) -> dict[str, object]:
    statuses = Counter(answer.status for answer in answers)
    must = expected([answer.text for answer in answers])
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
        "expected": dict(sorted(must.items())),
        "voters": totals.voters,
        "bad": totals.bad,
        "vote_to_count_ms": vote_to_count_ms(
            [answer.answered_at for answer in written], sampler.samples
        ),
        "exact": (
            counted == dict(must)
            and totals.voters == sum(must.values())
            and totals.folded == len(written)
            and totals.bad == 0
            and refused == PLAN[TextKind.FORGED]
            and accepted + refused == len(answers)
        ),
    }
