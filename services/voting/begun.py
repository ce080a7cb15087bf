"""Whether a round has begun, for resets, applied poll files and deploys."""

from services.voting import schema
from services.voting.poll import Round
from services.voting.ports import AuditedBallots, Certificates, Tallies


def has_begun(
    round: Round, *, recounts: AuditedBallots, tallies: Tallies, certificates: Certificates
) -> bool:
    """Whether a round has a ballot, a board that is not zero, or a certificate.

    Ballots alone are not enough: they expire. Neither is the board: it lags. Call this only for a
    round that is quiet (`services.voting.lifecycle.is_quiet`): else a first vote may be in flight.
    """
    for name in schema.boards_of(round.poll.id):
        board = tallies.totals(name, round.number)
        if board.folded or board.voters or any(board.picks.values()):
            return True
    if certificates.find(round.poll.id, round.number) is not None:
        return True
    return recounts.has_ballots(round)
