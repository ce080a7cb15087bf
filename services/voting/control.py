"""The operator's word on a round: open, close, archive, reset. Pure; standard library only.

Each is idempotent: said twice, it changes nothing the second time.
"""

from dataclasses import replace

from services.voting.poll import Phase, Round, State


def opened(standing: Round, now_ms: int) -> Round:
    """The round open from now on, until a closing time that is yet to come."""
    if standing.phase_at(now_ms) is Phase.OPEN:
        return standing
    return replace(standing, state=State.OPEN, state_at_ms=now_ms)


def closed(standing: Round, now_ms: int) -> Round:
    """The round closed; one that the clock has closed keeps its time."""
    if standing.phase_at(now_ms) in {Phase.CLOSED, Phase.ARCHIVED}:
        return standing
    return replace(standing, state=State.CLOSED, state_at_ms=now_ms)


def archived(standing: Round, now_ms: int) -> Round:
    """The round heard no more; nothing of it is deleted."""
    if standing.state is State.ARCHIVED:
        return standing
    return replace(standing, state=State.ARCHIVED, state_at_ms=now_ms)


def next_round(standing: Round, now_ms: int) -> Round:
    """A new round, in the state of the old one: what was closed stays so until it is opened."""
    return replace(standing, number=standing.number + 1, began_at_ms=now_ms)
