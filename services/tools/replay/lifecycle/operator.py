"""Runs random commands and deploys on the simulated stores, and checks their effects."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from services.adapters.event_source import MappingState
from services.polls.definition import parse_poll
from services.tools.operations.audits import Auditor
from services.tools.replay.lifecycle.aggregator import Aggregator
from services.tools.replay.lifecycle.boards import SimulatedBoards, SimulatedCorrections
from services.tools.replay.lifecycle.files import IDS, PollFile, draw_file, edit_file
from services.tools.replay.lifecycle.invariants import InvariantChecker, ViolationError
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.tools.replay.lifecycle.traffic import PSEUDONYMS
from services.voting.audit import Audit
from services.voting.begun import has_begun
from services.voting.errors import VotingError
from services.voting.lifecycle import archived, closed, opened
from services.voting.poll import Round

_MAPPING: Final = MappingState(state="Enabled", last_result="OK", iterator_age_ms=None)


@dataclass(slots=True)
class Operator:
    """Runs the real code of the commands; calls `interleave` where others can act interleave."""

    draw: random.Random
    checker: InvariantChecker
    polls: SimulatedPolls
    votes: SimulatedVotes
    boards: SimulatedBoards
    aggregator: Aggregator
    clock: list[int]
    interleave: Callable[[], None]
    before_certifying: Callable[[Round], bool] = lambda _: False
    """Reconciles a round, or raises; returns whether it was reconciled."""
    extends: bool = False
    """Whether closing times are moved as well."""
    files: dict[str, PollFile] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _is_interleaving: bool = False

    def act(self) -> None:
        """Run a random command."""
        commands: list[tuple[str, Callable[[], None]]] = [
            ("apply", self.apply), ("apply", self.apply), ("open", self.open),
            ("open", self.open), ("open", self.open), ("close", self.close), ("close", self.close),
            ("archive", self.archive), ("reset", self.reset), ("reset", self.reset),
            ("certify", self.certify), ("certify", self.certify), ("certify", self.certify),
            ("repair", self.repair), ("repair", self.repair), ("forget", self.forget),
            ("expire", self.expire), ("stream lost", self.repair_lost),
        ]  # fmt: skip
        if self.extends:
            commands += [("extend", self.extend), ("extend", self.extend)]
        name, command = self.draw.choice(commands)
        self.try_to(command, name)

    def try_to(self, command: Callable[[], None], name: str = "meanwhile") -> None:
        """Run a command; if it is refused, the error must have a text."""
        self.clock[0] += 1  # no two commands run in the same millisecond
        try:
            command()
            self.done[name] += 1
        except VotingError as error:
            self.refused[name] += 1
            if not str(error).strip():
                raise ViolationError(f"{name}: refused without a reason") from error

    def apply(self) -> None:
        """Apply poll files after a random change: one added, edited or removed."""
        files, now_ms = dict(self.files), self.clock[0]
        name = self.draw.choice(IDS)
        if name not in files or self.draw.random() < 1 / 8:
            files[name] = draw_file(self.draw, name, now_ms)
        elif self.draw.random() < 1 / 12:
            del files[name]
        else:
            files[name] = edit_file(self.draw, files[name], now_ms)
        parsed = [
            parse_poll(file.toml, source=f"{name}.toml") for name, file in sorted(files.items())
        ]
        gone = {name for name, entry in self.polls.held.items() if entry.file_removed}
        self.polls.apply(parsed, begun=self.begun)
        for name, file in files.items():
            if name not in self.files or self.files[name].toml != file.toml or name in gone:
                self.checker.apply_file(
                    name, file.toml, now_ms, back=name in gone,
                    expires_from_ms=self.polls.entry(name).round.expires_from_ms,
                )  # fmt: skip
        for name in set(self.checker.polls) - set(files):
            self.checker.set_state(name, "archived", now_ms)
        self.files = files

    def open(self) -> None:
        """Open a poll."""
        self._change(opened, "open")

    def close(self) -> None:
        """Close a poll."""
        self._change(closed, "closed", "archived")

    def extend(self) -> None:
        """Move the closing time of a poll, and write it into its file."""
        name, now_ms = self._poll(), self.clock[0]
        before, after = self.polls.extend(name, self.draw.choice((1, 5, 60)))
        closes_at_ms = after.round.poll.closes_at_ms
        if (closes_at_ms or 0) <= max(before.round.poll.closes_at_ms or 0, now_ms):
            raise ViolationError(f"{name}: extended, and closes at {closes_at_ms}")
        if name in self.files:
            self.files[name] = replace(self.files[name], closes_at_ms=closes_at_ms)
        self.checker.apply_file(
            name, after.round.poll.definition, now_ms, back=False,
            expires_from_ms=after.round.expires_from_ms,
        )  # fmt: skip

    def archive(self) -> None:
        """Archive a poll."""
        self._change(archived, "archived")

    def _change(self, change: Callable[[Round, int], Round], *phases: str) -> None:
        """Change the state of a poll; afterwards it must be in one of these phases."""
        name, now_ms = self._poll(), self.clock[0]
        before, after = self.polls.change(name, lambda one: change(one, now_ms))
        self._expect(name, after.round, *phases)
        if before != after:
            self.checker.set_state(name, phases[0], now_ms)

    def reset(self) -> None:
        """Start the next round, and perhaps open it."""
        name, now_ms = self._poll(), self.clock[0]
        number = self.polls.entry(name).round.number
        voted = any(self.checker.votes.get((name, number), {}).values())
        open_it = self.draw.random() < 1 / 2
        before, after = self.polls.reset(name, number, begun=self.begun, opened=open_it)
        if voted and after.round.number != number + 1:
            raise ViolationError(f"{name}: reset of a round with votes did nothing")
        if after.round.number != before.round.number:
            self.checker.reset(name, after.round.number, now_ms)
        if open_it:
            self._expect(name, after.round, "open")
        states = [(one.round.state, one.round.state_at_ms) for one in (before, after)]
        if states[0] != states[1]:
            self.checker.set_state(name, after.round.state.value, now_ms)

    def certify(self) -> None:
        """Certify a round; others may act between the audit and the write."""
        round, current = self._round()
        key = round.id
        reconciled = self.before_certifying(round)
        audit = self._audit(round, digest=True)
        expected = self.checker.snapshot(key)
        auditor = self._auditor()
        if auditor.certificate(audit)[1]:
            self._maybe_interleave()
        certificate, new = auditor.certify(audit, current=current)
        if new:
            self.checker.certify(
                key, certificate.picks, certificate.voters, expected, reconciled=reconciled
            )

    def repair(self) -> None:
        """Repair a board."""
        round, _ = self._round()
        audit = self._audit(round)
        self._auditor().repair(audit)

    def repair_lost(self) -> None:
        """Repair a board after the stream has lost records."""
        round, _ = self._round()
        audit = self._audit(round)
        self._auditor().repair(audit, unfolded=self.aggregator.unfolded)
        self.aggregator.lost_rounds.discard(round.id)

    def forget(self) -> None:
        """Forget a phone, in every round of every poll."""
        phone = self.draw.choice(
            sorted({text.phone for text in self.checker.texts.values()}) or [""]
        )
        for name in list(self.polls.held):
            for round in self.polls.rounds(name):
                self.votes.forget(round, phone, PSEUDONYMS, self.clock[0])
        self.checker.forget(phone, self.clock[0])

    def expire(self) -> None:
        """Set the expiry of an ended round; perhaps stop before the ballots are written."""
        round, _ = self._round()
        at_ms = self.polls.promise_expiry(*round.id)
        self.checker.expires(round.id, at_ms, self.clock[0])
        if self.draw.random() < 3 / 4:
            self.votes.expire(round, at_ms)

    def begun(self, round: Round) -> bool:
        """Return whether the round has begun, as commands and deploys decide it."""
        return has_begun(round, recounts=self.votes, tallies=self.boards, certificates=self.boards)

    def _auditor(self) -> Auditor:
        return Auditor(
            tallies=self.boards,
            recounts=self.votes,
            certificates=self.boards,
            corrections=SimulatedCorrections(self.boards),
            mapping=lambda: _MAPPING,
            settle_seconds=self.draw.choice((0, 1)),
            clock=lambda: self.clock[0],
            sleep=lambda _: self._maybe_interleave(),
        )

    def _audit(self, round: Round, *, digest: bool = False) -> Audit:
        """Audit a round; others may act after the board is read and before the ballots are."""
        self.votes.before_reading = self._maybe_interleave
        try:
            return self._auditor().audit(round, digest=digest)
        finally:
            self.votes.before_reading = lambda: None

    def _maybe_interleave(self) -> None:
        if not self._is_interleaving and self.draw.random() < 1 / 2:
            self._is_interleaving = True
            try:
                self.interleave()
            finally:
                self._is_interleaving = False

    def _poll(self) -> str:
        return self.draw.choice(sorted(self.polls.held) or [IDS[0]])

    def _round(self) -> tuple[Round, bool]:
        rounds = self.polls.rounds(self._poll())
        round = rounds[-1] if self.draw.random() < 3 / 4 else self.draw.choice(rounds)
        return round, round is rounds[-1]

    def _expect(self, name: str, round: Round, *phases: str) -> None:
        phase = round.phase_at(self.clock[0]).value
        if phase not in phases:
            raise ViolationError(f"{name}: should be {phases[0]}, and is {phase}")
