"""Checks the invariants of a lifecycle run from the replies to senders and the stored ballots.

It shares no code with the voting rules: it reads the poll files itself, knows ballots only as
lists of MessageSids under keys, and streams only when they are drained.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.tools.replay.lifecycle.poll_facts import (
    SETTLED_MS,
    PollFacts,
    PollFile,
    choice_in,
    parse_file,
)
from services.tools.replay.oracle import bare_text

MOST_TEXTS: Final = 20
COUNTED: Final = {"accepted", "changed", "same"}
REFUSED_BY_POLICY: Final = {"limit", "stands"}
_CARRIERS: Final = {"stop", "help", "start", "yes", "end", "quit", "info", "cancel"}

RoundKey = tuple[str, int]
Snapshot = tuple[Mapping[str, int], int, int]
"""Totals, voters, accepted texts."""


class ViolationError(Exception):
    """An invariant is violated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """A text; `phone` is the sender without its channel."""

    sid: str
    sender: str
    phone: str
    to: str
    body: str


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
    expired_sids: set[str] = field(default_factory=set)
    certified: dict[RoundKey, Mapping[str, int]] = field(default_factory=dict)
    first_answers: dict[str, tuple[str, str | None, PollFile]] = field(default_factory=dict)
    policies: dict[RoundKey, PollFile] = field(default_factory=dict)
    changed_at_ms: int = 0
    settled_ms: int = SETTLED_MS
    """Time after which every webhook uses a change of the directory."""

    def apply_file(self, poll_id: str, toml: str, now_ms: int, *, back: bool) -> None:
        """Record an applied poll file; `back` if the file had been removed before."""
        facts = self.polls.setdefault(poll_id, PollFacts(definition={}))
        facts.older, facts.definition = facts.definition, parse_file(toml)
        if back:
            facts.state, facts.state_at_ms = "auto", now_ms
        self.changed_at_ms = now_ms

    def set_state(self, poll_id: str, state: str, now_ms: int) -> None:
        """Record that an operator opened, closed or archived a poll."""
        facts = self.polls[poll_id]
        facts.state, facts.state_at_ms = state, now_ms
        self.changed_at_ms = now_ms

    def reset(self, poll_id: str, number: int, now_ms: int) -> None:
        """Record the start of a new round."""
        facts = self.polls[poll_id]
        facts.round, facts.first_vote_ms = number, None
        self.changed_at_ms = now_ms

    def stored(self, pk: str, sids: Sequence[str], now_ms: int) -> None:
        """Record a stored ballot with these MessageSids."""
        poll_id, _, rest = pk.partition(":")
        key = (poll_id, int(rest.partition("#")[0]))
        for sid in sids:
            if sid not in self.accepted:
                self._accept(sid, key, now_ms)
            elif self.accepted[sid][0] != key:
                raise ViolationError(f"{sid}: counted in {self.accepted[sid][0]} and in {key}")

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
            obeyed = now_ms - self.changed_at_ms > self.settled_ms
            same_file = obeyed and first[2] == file
            if first[0] != kind or (same_file and first[1] != reply):
                raise ViolationError(f"{text.sid}: answered {first[:2]}, then {(kind, reply)}")
        elif (
            held is not None and kind != "barred" and now_ms - self.changed_at_ms > self.settled_ms
        ):
            # Before that, a webhook may not know yet of a poll that has just been opened.
            raise ViolationError(f"{text.sid}: counted in {held[0]}, and answered {kind!r}")

    def expected(self, text: SentText, now_ms: int) -> str | None:
        """Return the one open poll that must count this text, or None if that is uncertain."""
        if now_ms - self.changed_at_ms < self.settled_ms or bare_text(text.body) in _CARRIERS:
            return None
        for name, facts in self.polls.items():
            if (
                not facts.is_certain(now_ms, self.settled_ms)
                or (name, facts.round) in self.certified
            ):
                return None
        matching = [
            name
            for name, facts in self.polls.items()
            if facts.is_open(now_ms) and facts.names_choice(text.to, text.body)
        ]
        return matching[0] if len(matching) == 1 else None

    def forget(self, phone: str) -> None:
        """Record that a phone's votes were removed from every round."""
        for votes in self.votes.values():
            sids = votes.pop(phone, [])
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
        self, key: RoundKey, picks: Mapping[str, int], voters: int, audited: Snapshot
    ) -> None:
        """Record a certificate; `audited` is the snapshot at the time of its audit."""
        shown = {choice: count for choice, count in picks.items() if count}
        if (shown, voters, self.snapshot(key)[2]) != audited:
            raise ViolationError(f"{key}: certified {shown}, {voters}; true: {audited}")
        self.certified[key] = shown

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

    def _accept(self, sid: str, key: RoundKey, now_ms: int) -> None:
        text, facts = self.texts[sid], self.polls[key[0]]
        if sid in self.forgotten:
            raise ViolationError(f"{sid}: forgotten, and counted again in {key}")
        if key in self.certified:
            raise ViolationError(f"{sid}: counted in {key} after its certificate")
        policy = self.policies.setdefault(key, facts.definition)
        files = (facts.definition, facts.older, policy)
        named = next(filter(None, (choice_in(file, text.body) for file in files)), None)
        if named is None:
            raise ViolationError(f"{sid}: {text.body!r} names nothing in {key}")
        sids = self.votes[key].setdefault(text.phone, [])
        sids.append(sid)
        self.accepted[sid] = (key, named)
        if key[1] == facts.round and facts.first_vote_ms is None:
            facts.first_vote_ms = now_ms
        most = {"first": 1, "last": MOST_TEXTS, "each": facts.definition.get("limit", 1)}
        name = str(policy.get("policy", "last"))
        if name in most and len(sids) > most[name]:
            raise ViolationError(f"{key}: a phone holds {len(sids)} texts under {name!r}")
