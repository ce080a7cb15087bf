"""Memory of a reconciliation in which every text is missing, in a process of its own."""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

from services.adapters.twilio.message_log import LoggedText
from services.late.late_texts import LateTexts
from services.late.reconciliation import Reconciler
from services.voting.ballot import Ballot
from services.voting.history import History, RoundChange
from services.voting.identity import Pseudonyms
from services.voting.placement import LatePlacements
from services.voting.poll import Choice, Poll, Round

TEXTS = 500_000
PHONES = 400_000
BEGAN_MS = 1_800_000_000_000
TEXTS_PER_SECOND = 200


class DiscardedBallots:
    """The `Ballots` port that accepts every ballot and holds none: only the run takes memory."""

    async def create(self, ballot: Ballot) -> bool:
        """Accept a ballot."""
        del ballot
        return True

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Find no ballot."""
        del pk, sk
        return None

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Accept a ballot."""
        del ballot, expected
        return True


def memory_mb() -> float:
    """The highest memory of such a process in MB, Python and its modules included."""
    command = [sys.executable, "-m", "tests.bench.reconciling"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _round() -> Round:
    choices = tuple(Choice(key=key, label=key.title()) for key in ("RED", "GREEN", "BLUE"))
    return replace(
        Round(poll=Poll(id="colors", question="Which?", choices=choices)), began_at_ms=BEGAN_MS
    )


def _logged() -> Iterator[LoggedText]:
    for number in range(TEXTS, 0, -1):
        yield LoggedText(
            sid=f"SM{number:032x}",
            sender=f"+155501{number % PHONES:05}",
            to="+15550100199",
            body=("red", "green", "blue")[number % 3],
            media=0,
            at_ms=BEGAN_MS + number // TEXTS_PER_SECOND * 1_000,
            called_at_ms=None,
            place=number - TEXTS - 1,
        )


async def _never_listed(*_: object) -> bool:
    return False


def _reconcile() -> None:
    round = _round()
    reconciler = Reconciler(
        late=LateTexts(
            ballots=DiscardedBallots(),
            clock=lambda: BEGAN_MS,
            pseudonyms=Pseudonyms(b"a pepper for the benchmark, 32 b"),
            was_listed=_never_listed,
        ),
        placements=LatePlacements(History([RoundChange(at_ms=BEGAN_MS, round=round)])),
        ballots=lambda _: (),
        rounds=[round],
    )
    report = asyncio.run(reconciler.run(round, _logged(), now_ms=BEGAN_MS + 86_400_000))
    assert report.recovered == TEXTS
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    _reconcile()
