"""The MessageSids of all ballots of some rounds, in little memory: about 200 bytes each."""

from collections.abc import Iterable
from typing import Final

from services.voting.insertion import Moment

_ROUND_BITS: Final = 16
_PLACE_BITS: Final = 32
_HALF: Final = 1 << (_PLACE_BITS - 1)
"""Places may be negative."""


class SidIndex:
    """Which round holds a text, and when Twilio received it once its log has said so."""

    def __init__(self) -> None:
        self._held: dict[bytes, int] = {}
        self._unseen: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._held)

    def add(self, sids: Iterable[str], round_index: int) -> None:
        """Add the texts of a ballot of the round with this index."""
        for sid in sids:
            self._held[_compact(sid)] = round_index
            self._unseen[round_index] = self._unseen.get(round_index, 0) + 1

    def see(self, sid: str, moment: Moment) -> int | None:
        """Note that Twilio's log has a text; return the index of its round, None without one."""
        key = _compact(sid)
        value = self._held.get(key)
        if value is None:
            return None
        round_index = value & ((1 << _ROUND_BITS) - 1)
        if value == round_index:
            self._unseen[round_index] -= 1
            packed = moment.at_ms << _PLACE_BITS | (moment.place + _HALF)
            self._held[key] = packed << _ROUND_BITS | round_index
        return round_index

    def moment(self, sid: str) -> Moment | None:
        """When Twilio received a text, or None if its log has not been seen to have it."""
        packed = self._held.get(_compact(sid), 0) >> _ROUND_BITS
        if not packed:
            return None
        return Moment(packed >> _PLACE_BITS, (packed & ((1 << _PLACE_BITS) - 1)) - _HALF)

    def unseen(self, round_index: int) -> int:
        """The number of texts in ballots of a round that the log has not been seen to have."""
        return self._unseen.get(round_index, 0)


def _compact(sid: str) -> bytes:
    """The MessageSid in 17 bytes, or as it is if it is not spelled as Twilio spells it."""
    try:
        return sid[:1].encode() + bytes.fromhex(sid[2:])
    except ValueError:
        return sid.encode()
