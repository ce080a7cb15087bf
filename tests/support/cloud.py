"""The local cloud, brought up once for all tests that need it."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory_reader import DirectoryReader
from services.tools.demo.cloud import DEFAULT_POLL, LocalCloud, clear_aws_environment, local_cloud
from services.tools.phones.delivery import WebhookEndpoint, WebhookReply, deliver, session
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.tally import Totals
from services.voting.timing import SETTLING_MS

DRAIN_SECONDS = 20


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """Emulator, deployed stack, site, webhook; its polls are those of polls/.

    Shared: a test that counts compares with what was there before it.
    """
    clear_aws_environment()
    with local_cloud() as running:
        yield running


def send(line: WebhookEndpoint, texts: Sequence[SimulatedText]) -> list[WebhookReply]:
    """Post texts one after the other and return the answers."""

    async def all_of_them() -> list[WebhookReply]:
        async with session() as http:
            return [await deliver(http, line, text) for text in texts]

    # In a thread of its own: a browser test has an event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(all_of_them())).result()


def totals_when(
    cloud: LocalCloud, ready: Callable[[Totals], bool], *, poll: str = DEFAULT_POLL
) -> Totals:
    """The totals once they satisfy a condition, or as they are when patience ends."""
    round, _ = cloud.round_of(poll)
    deadline = time.monotonic() + DRAIN_SECONDS
    while not ready(totals := cloud.totals(round)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return totals


def wait_until_settled(cloud: LocalCloud) -> None:
    """Wait until no text is barred any more in polls that other tests have changed: 73 s.

    Until then each text of the lab is more than one write.
    """
    outputs = cloud.outputs
    directory = DirectoryReader(client=cloud.dynamodb, table=outputs.polls_table)
    deadline = time.monotonic() + 90

    def changed_ms() -> int:
        rounds = [entry.round for entry in directory.entries()]
        return max((one.changed_at_ms for one in rounds if one.poll.id != "lab"), default=0)

    while now_ms() - changed_ms() < SETTLING_MS + 2_000 and time.monotonic() < deadline:
        time.sleep(0.5)


def a_vote(phone: int, choice: str, *, sid: str, to: str = "+15550100100") -> SimulatedText:
    """A text of one phone that votes for a choice of the default poll."""
    return SimulatedText(
        kind=TextKind.NEW, sid=sid, sender=f"+155501{phone:05d}", to=to, body=choice, choice=choice
    )
