"""Checks the invariants of a lifecycle run from the replies to senders and the stored ballots.

It shares no code with the voting rules: it reads the poll files itself, knows ballots only as
lists of MessageSids under keys, and streams only when they are drained.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from services.tools.replay.lifecycle.past_facts import (
    FRESH_MS,
    ON_ITS_WAY_MS,
    STALE_MS,
    Counting,
    PastFacts,
)
from services.tools.replay.lifecycle.poll_facts import (
    SETTLED_MS,
    PollFacts,
    PollFile,
    RoundKey,
    parse_file,
)
from services.tools.replay.oracle import bare_text

MOST_TEXTS: Final = 20
COUNTED: Final = {"accepted", "changed", "same"}
_CARRIERS: Final = {"stop", "help", "start", "yes", "end", "quit", "info", "cancel"}
_CLOCKS_MS: Final = 20_000
"""How much the order of two texts may differ between Twilio's times and those of their arrivals."""

Snapshot = tuple[Mapping[str, int], int, int]
"""Totals, voters, accepted texts."""


class Way(StrEnum):
    """By which way a text came into a ballot."""

    LIVE = "live"
    REPLAYED = "replayed"
    """From the fallback queue."""
    RECOVERED = "recovered"
    """By a reconciliation."""


class ViolationError(Exception):
    """An invariant is violated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """A text; `phone` is the sender without its channel. `at_ms` is when Twilio received it."""

    sid: str
    sender: str
    phone: str
    to: str
    body: str
    at_ms: int
    place: int
    """Its place in Twilio's log."""

    @property
    def second_ms(self) -> int:
        """The time in Twilio's log."""
        return self.at_ms // 1_000 * 1_000


@dataclass(slots=True)
class InvariantChecker:
    """Records what happens, and raises ViolationError if it contradicts what happened before."""

    polls: dict[str, PollFacts] = field(default_factory=dict)
    texts: dict[str, SentText] = field(default_factory=dict)
    accepted: dict[str, tuple[RoundKey, str]] = field(default_factory=dict)
    """The round that accepted a MessageSid, and the choice it names."""
    votes: defaultdict[RoundKey, dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """The accepted MessageSids by round and phone, in the order in which they were stored."""
    forgotten: set[str] = field(default_factory=set)
    forgotten_at_ms: dict[tuple[RoundKey, str], int] = field(default_factory=dict)
    """When the votes of a phone in a round were forgotten last."""
    expired_sids: set[str] = field(default_factory=set)
    certified: dict[RoundKey, Mapping[str, int]] = field(default_factory=dict)
    reconciled: set[RoundKey] = field(default_factory=set)
    """The certified rounds that were reconciled before."""
    arrived_ms: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """When a text arrived at the fallback URL."""
    first_answers: dict[str, tuple[str, str | None, PollFile]] = field(default_factory=dict)
    policies: dict[RoundKey, PollFile] = field(default_factory=dict)
    past: PastFacts = field(default_factory=PastFacts)
    by_way: Counter[Way] = field(default_factory=Counter)
    final_from_ms: dict[RoundKey, int | None] = field(default_factory=dict)
    """From when on the ballots of a round may expire."""
    stored_at_ms: dict[str, int] = field(default_factory=dict)
    changed_at_ms: int = 0
    was_unread_after: Callable[[int], bool] = lambda _: False
    """Returns whether webhooks could not read the directory at some time after the given one."""

    def apply_file(
        self, poll_id: str, toml: str, now_ms: int, *, back: bool, expires_from_ms: int | None
    ) -> None:
        """Record an applied poll file; `back` if the file had been removed before.

        A round without votes may get another expiry with its file: `expires_from_ms`.
        """
        facts = self.polls.setdefault(poll_id, PollFacts(definition={}, began_at_ms=now_ms))
        facts.definition = parse_file(toml)
        if back:
            facts.state, facts.state_at_ms = "auto", now_ms
        facts.note_closing_time(now_ms)
        if not self.votes.get((poll_id, facts.round)):
            facts.final_from_ms = expires_from_ms
        self._changed(poll_id, now_ms)

    def set_state(self, poll_id: str, state: str, now_ms: int) -> None:
        """Record that an operator opened, closed or archived a poll."""
        facts = self.polls[poll_id]
        facts.state, facts.state_at_ms = state, now_ms
        self._changed(poll_id, now_ms)

    def reset(self, poll_id: str, number: int, now_ms: int) -> None:
        """Record the start of a new round."""
        facts = self.polls[poll_id]
        facts.round, facts.first_vote_ms = number, None
        facts.began_at_ms, facts.final_from_ms = now_ms, None
        facts.note_closing_time(now_ms)
        self._changed(poll_id, now_ms)

    def expires(self, key: RoundKey, from_ms: int, now_ms: int) -> None:
        """Record that the ballots of a round may expire from a time on."""
        facts = self.polls[key[0]]
        if facts.round == key[1]:
            facts.final_from_ms = from_ms
            self._changed(key[0], now_ms)
        self.final_from_ms[key] = from_ms

    def _changed(self, poll_id: str, now_ms: int) -> None:
        facts = self.polls[poll_id]
        self.past.note(poll_id, facts, now_ms)
        self.final_from_ms[poll_id, facts.round] = facts.final_from_ms
        self.changed_at_ms = now_ms

    def stored(
        self, pk: str, texts: Sequence[tuple[str, str]], now_ms: int, *,
        way: Way = Way.LIVE, known_until_ms: int | None = None,
    ) -> None:  # fmt: skip
        """Record a stored ballot with these MessageSids and choices.

        What came by a reconciliation was put in order by Twilio's times of the texts that the
        ballot held at `known_until_ms`.
        """
        poll_id, _, rest = pk.partition(":")
        key = (poll_id, int(rest.partition("#")[0]))
        new = [sid for sid, _ in texts if sid not in self.accepted]
        for sid, choice in texts:
            if sid in new:
                self._accept(sid, choice, key, now_ms, way)
            elif self.accepted[sid][0] != key:
                raise ViolationError(f"{sid}: counted in {self.accepted[sid][0]} and in {key}")
        if texts:
            self._put_in_order(key, [sid for sid, _ in texts], new, way)
            self._check_order([sid for sid, _ in texts], new, way, known_until_ms)

    def answered(
        self, text: SentText, kind: str, poll: str | None, reply: str | None, now_ms: int
    ) -> None:
        """Record the answer to a text."""
        if text.sid in self.forgotten:
            if kind in COUNTED:
                raise ViolationError(f"{text.sid}: forgotten, and thanked again")
            return
        held = self.accepted.get(text.sid)
        if kind in COUNTED:
            if held is None or held[0][0] != poll:
                raise ViolationError(f"{text.sid}: thanked by {poll}, and stored in {held}")
            file = self.polls[poll].definition
            first = self.first_answers.setdefault(text.sid, (kind, reply, file))
            same_file = self._is_settled(now_ms) and first[2] == file
            if first[0] != kind or (same_file and first[1] != reply):
                raise ViolationError(f"{text.sid}: answered {first[:2]}, then {(kind, reply)}")
        elif held is not None and kind != "barred" and self._is_settled(now_ms):
            # Before that, a webhook may not know yet of a poll that has just been opened.
            raise ViolationError(f"{text.sid}: counted in {held[0]}, and answered {kind!r}")

    def expected(self, text: SentText, now_ms: int) -> str | None:
        """Return the one open poll that must count this text, or None if that is uncertain."""
        if not self._is_settled(now_ms) or bare_text(text.body) in _CARRIERS:
            return None
        for name, facts in self.polls.items():
            if not facts.is_certain(now_ms) or (name, facts.round) in self.certified:
                return None
        matching = [
            name
            for name, facts in self.polls.items()
            if facts.is_open(now_ms) and facts.names_choice(text.to, text.body)
        ]
        return matching[0] if len(matching) == 1 else None

    def forget(self, phone: str, now_ms: int) -> None:
        """Record that a phone's votes were removed from every round."""
        for key, votes in self.votes.items():
            sids = votes.pop(phone, [])
            if self.held_sids().intersection(sids):
                self.forgotten_at_ms[key, phone] = now_ms
            self.forgotten.update(sid for sid in sids if sid not in self.expired_sids)
            if kept := [sid for sid in sids if sid in self.expired_sids]:
                votes[phone] = kept

    def expired(self, sids: Sequence[str]) -> None:
        """Record that TTL has deleted a ballot; its votes stay counted."""
        self.expired_sids.update(sids)

    def snapshot(self, key: RoundKey) -> Snapshot:
        """Return the expected totals, voters and number of accepted texts of a round."""
        accepted = sum(key == held for held, _ in self.accepted.values())
        return self.totals(key), self.voters(key), accepted

    def certify(
        self, key: RoundKey, picks: Mapping[str, int], voters: int, audited: Snapshot, *,
        reconciled: bool,
    ) -> None:  # fmt: skip
        """Record a certificate; `audited` is the snapshot at the time of its audit."""
        shown = {choice: count for choice, count in picks.items() if count}
        if (shown, voters, self.snapshot(key)[2]) != audited:
            raise ViolationError(f"{key}: certified {shown}, {voters}; true: {audited}")
        self.certified[key] = shown
        if reconciled:
            self.reconciled.add(key)

    def totals(self, key: RoundKey) -> dict[str, int]:
        """Return the votes of a round by choice; choices without a vote are left out."""
        counts: Counter[str] = Counter()
        last = self.policies.get(key, {}).get("policy", "last") == "last"
        for sids in self.votes.get(key, {}).values():
            counts.update(self.accepted[sid][1] for sid in (sids[-1:] if last else sids))
        return {choice: count for choice, count in sorted(counts.items()) if count}

    def voters(self, key: RoundKey) -> int:
        """Return the number of ballots of a round that hold a vote."""
        votes = self.votes.get(key, {})
        if self.policies.get(key, {}).get("policy") == "unlimited":
            return sum(map(len, votes.values()))
        return sum(map(bool, votes.values()))

    def held_sids(self) -> set[str]:
        """Return the MessageSids that ballots hold now."""
        return self.accepted.keys() - self.expired_sids - self.forgotten

    def has_expired(self, key: RoundKey, now_ms: int) -> bool:
        """Return whether ballots of a round may have expired."""
        from_ms = self.final_from_ms.get(key)
        return from_ms is not None and from_ms <= now_ms

    def most_texts(self, key: RoundKey) -> int | None:
        """Return how many texts of a phone a round takes, or None without a limit."""
        policy = self.policies.get(key) or self.past.definition_of(key)
        most = {"first": 1, "last": MOST_TEXTS, "each": int(policy.get("limit", 1))}
        return most.get(str(policy.get("policy", "last")))

    def _is_settled(self, now_ms: int) -> bool:
        """Return whether every webhook uses the newest directory."""
        unread = self.was_unread_after(now_ms - ON_ITS_WAY_MS)
        return now_ms - self.changed_at_ms >= SETTLED_MS + (STALE_MS if unread else 0)

    def _accept(self, sid: str, choice: str, key: RoundKey, now_ms: int, way: Way) -> None:
        facts = self.polls[key[0]]
        if sid in self.forgotten:
            raise ViolationError(f"{sid}: forgotten, and counted again in {key}")
        if key in self.certified:
            raise ViolationError(f"{sid}: {way}, counted in {key} after its certificate")
        self.policies.setdefault(key, self.past.definition_of(key))
        if (key, choice) not in self._allowed(self.texts[sid], way):
            raise ViolationError(f"{sid}: {way}, {self.texts[sid]} is not {choice} in {key}")
        self.accepted[sid], self.stored_at_ms[sid] = (key, choice), now_ms
        self.by_way[way] += 1
        if key[1] == facts.round and facts.first_vote_ms is None:
            facts.first_vote_ms = now_ms

    def _allowed(self, text: SentText, way: Way) -> set[Counting | None]:
        """Return where a text may count that comes by a way."""
        match way:
            case Way.RECOVERED:
                return {self.past.verdict(text.to, text.body, text.second_ms)}
            case Way.REPLAYED:
                return {
                    self.past.counting_at(text.to, text.body, at_ms, at_ms)
                    for at_ms in self.arrived_ms[text.sid]
                }
            case _:
                unread = self.was_unread_after(text.at_ms)
                age_ms = STALE_MS if unread else FRESH_MS
                return {*self.past.possible(text.to, text.body, text.at_ms, age_ms)}

    def _put_in_order(
        self, key: RoundKey, sids: Sequence[str], new: Sequence[str], way: Way
    ) -> None:
        """Take over the order of a stored ballot: what it held must have kept its own."""
        phone = self.texts[sids[0]].phone
        before = self.votes[key].get(phone, [])
        most = self.most_texts(key)
        if most is None:
            self.votes[key][phone] = [*before, *new]
            return
        expired = [sid for sid in before if sid in self.expired_sids]
        kept = [sid for sid in before if sid not in self.expired_sids]
        if [sid for sid in sids if sid not in new] != kept:
            raise ViolationError(f"{key}: {way}, a ballot held {kept}, and holds {sids}")
        self.votes[key][phone] = [*expired, *sids]
        if len(sids) + len(expired) > most:
            raise ViolationError(f"{key}: a phone holds {len(sids)} texts, and may hold {most}")

    def _check_order(
        self, sids: Sequence[str], new: Sequence[str], way: Way, known_until_ms: int | None
    ) -> None:
        """Check that late texts are where Twilio's times put them, and others at the end."""
        if way is Way.LIVE:
            if new and [*sids[-1:]] != new:
                raise ViolationError(f"{new}: accepted, and not the last of {sids}")
            return
        for sid in new:
            place = sids.index(sid)
            for after in sids[place + 1 :]:
                self.first_answers.pop(after, None)  # another text is before it now
            for pair in [(before, sid) for before in sids[:place]] + [
                (sid, *sids[place + 1 :][:1])
            ]:
                known = known_until_ms is not None and all(
                    one in new or self.stored_at_ms[one] < known_until_ms for one in pair
                )
                self._check_pair([self.texts[one] for one in pair], known=known)

    def _check_pair(self, pair: Sequence[SentText], *, known: bool) -> None:
        """Check that Twilio received one text before another one.

        What only knows when they arrived at webhooks may be wrong by the time of a delivery.
        """
        for one, other in pairwise(pair):
            late_ms = one.second_ms - other.second_ms
            is_later = (one.second_ms, one.place) > (other.second_ms, other.place)
            if late_ms > _CLOCKS_MS or (known and is_later):
                raise ViolationError(f"{one} is before {other}, and Twilio received it later")
