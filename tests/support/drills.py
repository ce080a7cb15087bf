"""Drills: phones text while something is down, and then every text is accounted for.

Each drill has a poll and a number of its own on the shared local cloud. The stand-in of Twilio
delivers the texts as Twilio would, and keeps the log with which they are reconciled.
"""

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, ClassVar, NamedTuple

import pytest
from typer.testing import CliRunner

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.twilio.client import client_from_env
from services.adapters.twilio.numbers import TwilioNumbers
from services.cli.app import app
from services.cli.deployment import Deployment, find
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.demo.cloud import LocalCloud
from services.tools.phones.sms import ACCOUNT
from services.tools.twilio.stand_in import TwilioStandIn
from services.voting.ballot import Ballot
from services.voting.identity import Pseudonyms
from services.voting.poll import Round

PATIENCE_SECONDS = 60
LATER_MS = 100_000
"""By so much the clock of a reconciliation is ahead: it leaves out texts of the last 88 s."""

POLL = """
question = "Is it lost?"
numbers = ["{number}"]
[[choices]]
key = "ALPHA"
label = "Alpha"
[[choices]]
key = "OMEGA"
label = "Omega"
"""
CHOICES = ("ALPHA", "OMEGA")
NO_CHOICES = {"what is this?": "unknown", "STOP": "reserved", "": "unknown"}
"""Texts that are no votes, and why; the last one is a picture."""


class Crash(Exception):  # noqa: N818 - it is none of the program's errors
    """The process died here."""


class CrashingBallots(DynamoBallots):
    """Ballots whose first write is the last thing that a process does: before it or after it."""

    after: ClassVar[Iterator[bool]] = cycle([False, True])

    async def create(self, ballot: Ballot) -> bool:
        """Store a new ballot, or not, and die; refuse one that exists already."""
        if await super().find(ballot.pk, ballot.sk):
            return False
        if next(self.after):
            await super().create(ballot)
        raise Crash

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Store a changed ballot, or not, and die."""
        if next(self.after):
            await super().replace(ballot, expected=expected)
        raise Crash


class Sent(NamedTuple):
    """A text that was sent."""

    sid: str
    phone: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is wrong after a drill, and why texts were refused."""

    lost: int
    """Texts in no ballot that should be in one."""
    twice: int
    """Texts in more than one ballot."""
    surplus: int
    """Texts in ballots that should be in none."""
    wrong_votes: int
    """Phones whose vote is not their newest one."""
    unknown: int
    """Texts in ballots that Twilio does not know."""
    missing: int
    """Texts that a second reconciliation counts."""
    refused: Mapping[str, int]
    exact: bool


@dataclass(slots=True, kw_only=True)
class Drill:
    """One drill. `addresses` says where the stand-in really delivers to."""

    cloud: LocalCloud
    deployment: Deployment
    poll: str
    number: str
    twilio: TwilioStandIn
    addresses: dict[str, str]
    closed_url: str
    sent: list[Sent] = field(default_factory=list)

    @property
    def fallback_url(self) -> str:
        """The URL of the fallback, as Twilio knows it."""
        return self.deployment.fallback_url or ""

    def deliver_to(self, webhook_url: str) -> None:
        """Point the number at a webhook, as `voteapp connect` does."""
        client = client_from_env(
            {
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": self.cloud.webhook.token,
                "TWILIO_API_URL": self.twilio.api_url,
            }
        )
        numbers = TwilioNumbers(client)
        numbers.point(numbers.find(self.number), webhook_url, self.fallback_url)

    def cut(self, url: str) -> None:
        """Let connections to a URL be refused."""
        self.addresses[url] = self.closed_url

    def mend(self, url: str) -> None:
        """Let connections to a URL through again."""
        addresses = {self.fallback_url: self.deployment.fallback_address or ""}
        self.addresses[url] = addresses.get(url, url)

    async def text(self, *, phones: int = 12, first: int = 0, shift: int = 0) -> list[Sent]:
        """Let each phone send one text, some of them no vote, and begin to deliver all at once."""
        others, wave = list(NO_CHOICES), []
        for phone in range(first, first + phones):
            is_vote = (phone + shift) % 6
            body = CHOICES[(phone + shift) % 2] if is_vote else others[(phone // 6 + shift) % 3]
            sender = f"+155501{int(self.number[-2:]):02d}{phone:03d}"
            sid = await self.twilio.send(sender, self.number, body)
            wave.append(Sent(sid, sender, body))
        self.sent += wave
        return wave

    async def wave(self, *, phones: int = 12, first: int = 0, shift: int = 0) -> list[Sent]:
        """The same, and wait until every text is delivered or given up."""
        wave = await self.text(phones=phones, first=first, shift=shift)
        await self.twilio.settle()
        return wave

    def failures(self, wave: Sequence[Sent]) -> set[tuple[bool, str | None]]:
        """How the deliveries of some texts ended: whether at the fallback, and the failure."""
        last = [self.twilio.attempts[text.sid][-1] for text in wave]
        return {(one.request.is_fallback, one.outcome.failure) for one in last}

    def round(self, number: int = 1) -> Round:
        """A round of the poll as it is stored now."""
        return self.deployment.directory.rounds(self.poll)[number - 1]

    async def queue_is_empty(self) -> None:
        """Wait until the replayer has dealt with every text of the fallback's queue."""
        await until(lambda: not waiting_items(self.cloud))

    async def voteapp(self, *arguments: str) -> Any:
        """Run a command; the document that it prints."""
        done = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--local", "--json"])
        if isinstance(done.exception, Crash):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    async def reconcile(self, round: int = 1) -> Any:
        """Reconcile a round; the report."""
        return await self.voteapp("reconcile", self.poll, "--round", str(round), "--yes")

    async def try_to_reconcile(self) -> Any:
        """The report of a reconciliation, or None if it crashed."""
        try:
            return await self.reconcile()
        except Crash:
            return None

    async def findings(self, expected: Sequence[Sent], *, round: int = 1) -> Findings:
        """Look for what is wrong in a round that should have the votes among some texts."""
        again = await self.reconcile(round)
        audit = await self.voteapp("audit", self.poll, "--round", str(round), "--settle", "20")
        votes = [text for text in expected if text.body in CHOICES]
        held, picks = await asyncio.to_thread(self._ballots, round)
        newest = {text.phone: text.body for text in votes}
        return Findings(
            lost=sum(not held[text.sid] for text in votes),
            twice=sum(count > 1 for count in held.values()),
            surplus=len(held.keys() - {text.sid for text in votes}),
            wrong_votes=sum(
                picks.get(self._voter(round, phone)) != {body: 1} for phone, body in newest.items()
            ),
            unknown=again["unknown_to_twilio"],
            missing=again["recovered"] + sum(again["missing_elsewhere"].values()),
            refused=again["refused"],
            exact=audit["exact"] and audit["voters"] == len(newest),
        )

    def _ballots(self, round: int) -> tuple[Counter[str], dict[str, dict[str, int]]]:
        """How often each text is in a ballot, and the picks of each voter."""
        held: Counter[str] = Counter()
        picks = {}
        for ballot in self.deployment.recounts.ballots(self.round(round)):
            held.update(text.sid for text in ballot.texts)
            picks[ballot.sk] = dict(ballot.picks)
        return held, picks

    def _voter(self, round: int, phone: str) -> str:
        pseudonyms = Pseudonyms(self.deployment.secrets().voter_pepper)
        one = self.round(round)
        return one.ballot_key(pseudonyms.voter(self.poll, round, phone), "")[1]


def all_well(refused: Mapping[str, int]) -> Findings:
    """The findings when nothing is wrong."""
    return Findings(
        lost=0, twice=0, surplus=0, wrong_votes=0, unknown=0, missing=0, refused=refused, exact=True
    )


def votes(sent: Sequence[Sent]) -> int:
    """How many texts are votes."""
    return sum(text.body in CHOICES for text in sent)


def no_votes(sent: Sequence[Sent]) -> dict[str, int]:
    """How many texts are no votes, by reason."""
    return dict(Counter(NO_CHOICES[text.body] for text in sent if text.body in NO_CHOICES))


async def until(ready: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await asyncio.to_thread(ready):
        assert time.monotonic() < deadline, "not ready in time"
        await asyncio.sleep(0.1)


async def a_second(seconds: float = 1.1) -> None:
    """Wait: the order of a text by the fallback and the next one is only exact to a second."""
    since = time.monotonic()
    await until(lambda: time.monotonic() > since + seconds)


async def next_second() -> None:
    """Wait until Twilio's log has another time: it has whole seconds."""
    now = int(time.time())
    await until(lambda: int(time.time()) > now)


def waiting_items(cloud: LocalCloud) -> int:
    """The number of items in the fallback's queue, those that are being replayed included."""
    sqs = cloud.aws.client("sqs")
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = sqs.get_queue_attributes(QueueUrl=queue_url(cloud), AttributeNames=list(names))[
        "Attributes"
    ]
    return sum(int(found[name]) for name in names)


def queue_url(cloud: LocalCloud) -> str:
    """The URL of the fallback's queue."""
    url: str = cloud.outputs.all["FallbackQueueUrl"]
    return url


def later_ms() -> int:
    """The clock of a reconciliation."""
    return now_ms() + LATER_MS


def open_poll(deployment: Deployment, poll: str, number: str) -> None:
    """Open a poll on a number of its own."""
    definition = parse_poll(POLL.format(number=number), source=f"{poll}.toml")
    deployment.directory.write(DirectoryEntry(round=Round(poll=definition)))


def delete_polls(cloud: LocalCloud, polls: Iterable[str]) -> None:
    """Delete all rows of polls in the table of polls.

    For minutes after a poll was archived, texts to other numbers are barred from it, too: that
    would leave ballots where other tests expect none.
    """
    table, names = cloud.outputs.polls_table, tuple(polls)
    for page in cloud.dynamodb.get_paginator("scan").paginate(TableName=table):
        for row in page["Items"]:
            if any(name in row["pk"]["S"] + row["sk"]["S"] for name in names):
                key = {"pk": row["pk"], "sk": row["sk"]}
                cloud.dynamodb.delete_item(TableName=table, Key=key)


@asynccontextmanager
async def a_drill(
    cloud: LocalCloud,
    monkeypatch: pytest.MonkeyPatch,
    poll: str,
    number: str,
    *,
    time_scale: float = 1.0,
) -> AsyncIterator[Drill]:
    """A drill whose number is connected to the webhook of the cloud and to the fallback."""
    token, deployment = cloud.webhook.token, find(local=True, stage="")
    addresses = {deployment.fallback_url or "": deployment.fallback_address or ""}
    twilio = TwilioStandIn(token, addresses=addresses, time_scale=time_scale)
    twilio.account.add_number(number)
    monkeypatch.setattr("services.late.run.now_ms", later_ms)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", token)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        async with twilio:
            monkeypatch.setenv("TWILIO_API_URL", twilio.api_url)
            drill = Drill(
                cloud=cloud,
                deployment=deployment,
                poll=poll,
                number=number,
                twilio=twilio,
                addresses=addresses,
                closed_url=f"http://127.0.0.1:{held.getsockname()[1]}/sms",
            )
            await asyncio.to_thread(drill.deliver_to, cloud.webhook.url)
            yield drill
