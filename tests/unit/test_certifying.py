"""A certificate: what it says, and what keeps it from being written."""

from dataclasses import replace
from typing import Any

import pytest

from services.voting.certificate import Certificate, DigestMismatchError, NotCertifiableError
from services.voting.poll import Round
from tests.support.audits import DIGEST, ENDED, RED, WRONG, World, reasons
from tests.support.polls import NOON, a_poll


def test_a_certificate_says_what_the_ballots_came_to() -> None:
    """Choices without a vote as well; and it is written once."""
    world = World()
    audit = world.audit(digest=True)
    first = world.auditor.certify(audit, current=True)
    second = world.auditor.certify(audit, current=True)

    assert first[0] == Certificate(
        poll="colors", round=1, picks={"RED": 2, "GREEN": 0, "BLUE": 1}, ballots=3, voters=3,
        certified_at_ms=NOON, digest=DIGEST,
    )  # fmt: skip
    assert (first[1], second[1]) == (True, False)
    assert world.certified == [first[0]]


@pytest.mark.parametrize(
    ("world", "round", "why"),
    [
        (World(), Round(poll=a_poll()), "the poll is open: close it first"),
        (World(), Round(poll=a_poll(opens_at_ms=NOON + 1)), "the poll is waiting"),
        (World(), replace(ENDED, state_at_ms=NOON - 72_999), "wait 73 seconds"),
        (World(boards=[replace(RED, folded=1)]), ENDED, "3 of 4 writes are not folded yet"),
        (World(unreadable=("p s",)), ENDED, "cannot be read as a ballot"),
        (World(), replace(ENDED, expires_from_ms=NOON), "have begun to expire"),
        (World(boards=[WRONG]), ENDED, "the board is not the recount"),
    ],
    ids=["open", "waits", "just closed", "behind", "unreadable", "expiring", "off"],
)
def test_what_speaks_against_a_certificate_keeps_it_from_being_written(
    world: World, round: Round, why: str
) -> None:
    """It is final."""
    audit = world.audit(round, digest=True)

    with pytest.raises(NotCertifiableError) as caught:
        world.auditor.certify(audit, current=True)
    assert why in reasons(caught)
    assert world.certified == []


def test_a_certificate_of_other_ballots_is_an_alarm_and_stays() -> None:
    """Somebody has changed ballots since."""
    world = World()
    before = replace(world.audit(digest=True).certificate, digest="another")
    world.certified.append(before)

    with pytest.raises(DigestMismatchError, match="somebody has changed ballots since"):
        world.auditor.certify(world.audit(digest=True), current=True)
    assert world.certified == [before]


def test_of_two_who_certify_at_once_the_slower_is_given_the_faster_ones() -> None:
    """It is the same but for its time."""
    world = World(certifies=False)
    audit = world.audit(digest=True)
    theirs = replace(audit.certificate, certified_at_ms=NOON - 1)
    found = iter([None, theirs])
    certificates: Any = type("Certificates", (), {})()
    certificates.find = lambda *_: next(found)
    certificates.write = world.write

    assert replace(world.auditor, certificates=certificates).certify(audit, current=True) == (
        theirs, False,
    )  # fmt: skip
