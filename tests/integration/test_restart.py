"""The emulator's own stream and mapping, stopped in the middle of the count and started again.

When it stops, the emulator loses what its stream held, as DynamoDB does after 24 hours. So
this is the worst case: records are gone for good, and the count is exact all the same in the
end, because the ballots are all there.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.adapters.dynamodb.unfolded_records import UnfoldedRecords
from services.adapters.event_source import MappingState
from services.tools.local.aws import LocalAws
from services.tools.local.emulator import emulator
from services.tools.local.ports import free_port
from services.tools.operations.audits import Auditor
from services.voting.ballot import Ballot, cast
from services.voting.certificate import NotCertifiableError
from services.voting.poll import State
from services.voting.schema import AGGREGATES, VOTES
from tests.support import aggregator
from tests.support.polls import a_round, a_vote

THERE = a_round()
CLOSED = replace(THERE, state=State.CLOSED, state_at_ms=1)
"""The same round once nobody can vote in it any more."""
PHONES = 600
KILLS = 3


class Hall:
    """People who vote and change their minds; `latest` is what each holds."""

    def __init__(self, seed: int) -> None:
        self.latest: dict[int, Ballot] = {}
        self._draw = random.Random(seed)  # noqa: S311 - a repeatable crowd

    def vote(self, client: Any, phone: int) -> None:
        """One text of a phone, written as the webhook writes it."""
        choice = self._draw.choice(["RED", "GREEN", "BLUE"])
        ballot = cast(THERE, self.latest.get(phone), a_vote(choice, phone=phone)).ballot
        if ballot:
            client.put_item(TableName="Votes", Item=item_of(ballot))
            self.latest[phone] = ballot

    @property
    def truth(self) -> Counter[str]:
        """From what each phone holds."""
        return Counter(choice for ballot in self.latest.values() for choice in ballot.picks)


def auditor_of(client: Any) -> Auditor:
    """Of the tables."""
    state = MappingState(state="Enabled", last_result="", iterator_age_ms=None)
    return Auditor(
        tallies=DynamoTallies(client, "Aggregates"),
        recounts=DynamoRecounts(client, "Votes"),
        certificates=DynamoCertificates(client=client, table="Aggregates", polls="Polls"),
        corrections=DynamoCorrections(client, "Aggregates"),
        mapping=lambda: state,
        settle_seconds=2,
    )


def picks(client: Any) -> Counter[str]:
    """What the board shows."""
    return +Counter(DynamoTallies(client, "Aggregates").totals(THERE.board, 1).picks)


def folded(client: Any) -> int:
    """Records that were counted."""
    return DynamoTallies(client, "Aggregates").totals(THERE.board, 1).folded


def set_up(aws: LocalAws, *, batch: int = 20) -> str:
    """Tables, function and mapping; the mapping's id."""
    client = aws.client("dynamodb")
    create_table(client, VOTES, "Votes")
    create_table(client, AGGREGATES, "Aggregates")
    aggregator.create(aws.client("lambda"), aggregates="Aggregates")
    return aggregator.map_stream(aws.client("lambda"), stream_of(client), batch=batch)


def stream_of(client: Any) -> str:
    """The stream of the ballots."""
    return str(client.describe_table(TableName="Votes")["Table"]["LatestStreamArn"])


def test_a_restart_in_mid_count_ends_exact(tmp_path: Path) -> None:
    """Stopped while batches are under way; mapped anew, audited, written off: exact."""
    port, hall = free_port(), Hall(7)
    with emulator(tmp_path, port=port, keep=True) as (machine, aws):
        client = aws.client("dynamodb")
        mapping = set_up(aws, batch=1)
        for phone in range(PHONES):
            hall.vote(client, phone)
        aggregator.wait(lambda: folded(client) > 0)
        at_stop = folded(client)
        machine.stop()
    with emulator(tmp_path, port=port, keep=True) as (_, aws):
        client = aws.client("dynamodb")
        held = sum(1 for _ in DynamoRecounts(client, "Votes").ballots(THERE))
        # The mapping's place in a stream that is gone means nothing any more.
        aws.client("lambda").delete_event_source_mapping(UUID=mapping)
        aggregator.map_stream(aws.client("lambda"), stream_of(client))
        for phone in range(0, PHONES, 3):
            hall.vote(client, phone)
        aggregator.wait(lambda: folded(client) >= at_stop + PHONES // 3)
        auditor, rest = auditor_of(client), rest_of(aws)
        found = auditor.audit(CLOSED)
        lost = sum(hall.truth.values()) - sum(picks(client).values())
        with pytest.raises(NotCertifiableError):
            auditor.repair(found)
        auditor.repair(found, unfolded=rest.count)
        again = auditor.audit(CLOSED)
        shown = picks(client)

    assert 0 < at_stop < PHONES
    assert held == PHONES
    assert lost > 0
    assert found.drain_problems
    assert (again.drain_problems, again.differences) == ((), [])
    assert again.writes == again.folded == PHONES + PHONES // 3
    assert shown == hall.truth


def rest_of(aws: LocalAws) -> UnfoldedRecords:
    """What is left of the stream of the ballots."""
    return UnfoldedRecords(
        dynamodb=aws.client("dynamodb"), streams=aws.client("dynamodbstreams"), table="Votes"
    )


def test_the_emulators_mapping_counts_each_record_once_while_its_function_is_killed(
    tmp_path: Path,
) -> None:
    """The function's process dies again and again while people vote; the mapping tries anew."""
    hall, killed, texts = Hall(8), list[int](), 0
    with emulator(tmp_path) as (machine, aws):
        client = aws.client("dynamodb")
        set_up(aws)
        deaths = threading.Thread(target=kill_functions, args=(machine.pid, killed))
        deaths.start()
        while deaths.is_alive():
            hall.vote(client, texts % 900)
            texts += 1
        aggregator.wait(lambda: folded(client) >= texts, seconds=60)
        shown, total = picks(client), folded(client)

    assert len(killed) == KILLS
    assert shown == hall.truth
    assert total == texts


def kill_functions(leash: int, killed: list[int]) -> None:
    """Kill what the emulator has started, a moment after it appears, some times over."""
    deadline = time.monotonic() + 60
    while len(killed) < KILLS and time.monotonic() < deadline:
        time.sleep(0.2)
        for server in psutil.Process(leash).children():
            for worker in server.children(recursive=True):
                killed.append(worker.pid)
                worker.kill()
