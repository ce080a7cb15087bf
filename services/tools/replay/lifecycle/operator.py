"""What operators and deploys do in a scenario, and what must be so afterwards."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from services.adapters.event_source import MappingState
from services.polls.definition import parse_poll
from services.tools.operations.audits import Auditor
from services.tools.replay.lifecycle.boards import SimulatedBoards, SimulatedCorrections
from services.tools.replay.lifecycle.files import IDS, PollFile, draw_file, edit_file
from services.tools.replay.lifecycle.lag import Aggregator
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.tools.replay.lifecycle.traffic import PEPPER
from services.tools.replay.lifecycle.truth import RoundKey, Truth, ViolationError
from services.voting.audit import Audit
from services.voting.begun import has_begun
from services.voting.errors import VotingError
from services.voting.lifecycle import archived, closed, opened
from services.voting.poll import Poll, Round

_MAPPING: Final = MappingState(state="Enabled", last_result="OK", iterator_age_ms=None)


@dataclass(slots=True)
class Operator:
    """Runs the commands' own code on the simulated stores. `meanwhile` lets others act."""

    draw: random.Random
    truth: Truth
    polls: SimulatedPolls
    votes: SimulatedVotes
    boards: SimulatedBoards
    aggregator: Aggregator
    clock: list[int]
    meanwhile: Callable[[], None]
    files: dict[str, PollFile] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _looking: bool = False

    def act(self) -> None:
        """Give one command, drawn; a refusal must have a reason."""
        commands: list[tuple[str, Callable[[], None]]] = [
            ("apply", self.apply), ("apply", self.apply), ("open", self.open),
            ("open", self.open), ("open", self.open), ("close", self.close), ("close", self.close),
            ("archive", self.archive), ("reset", self.reset), ("reset", self.reset),
            ("certify", self.certify), ("certify", self.certify), ("certify", self.certify),
            ("repair", self.repair), ("repair", self.repair), ("forget", self.forget),
            ("expire", self.expire), ("stream lost", self.repair_lost),
        ]  # fmt: skip
        name, command = self.draw.choice(commands)
        self.try_to(command, name)

    def try_to(self, command: Callable[[], None], name: str = "meanwhile") -> None:
        """Give a command; it does what it says, or fails with a reason."""
        self.clock[0] += 1  # no two commands are carried out in the same millisecond
        try:
            command()
            self.done[name] += 1
        except VotingError as error:
            self.refused[name] += 1
            if not str(error).strip():
                raise ViolationError(f"{name}: refused without a reason") from error

    def apply(self) -> None:
        """Apply poll files: new ones, changed ones, some gone."""
        wanted, now_ms = dict(self.files), self.clock[0]
        name = self.draw.choice(IDS)
        if name not in wanted or self.draw.random() < 1 / 8:
            wanted[name] = draw_file(self.draw, name, now_ms)
        elif self.draw.random() < 1 / 12:
            del wanted[name]
        else:
            wanted[name] = edit_file(self.draw, wanted[name], now_ms)
        parsed = [_parsed(file) for _, file in sorted(wanted.items())]
        gone = {name for name, entry in self.polls.held.items() if entry.file_removed}
        self.polls.apply(parsed, begun=self.begun)
        for name, file in wanted.items():
            if name not in self.files or self.files[name].toml != file.toml or name in gone:
                self.truth.applied(name, file.toml, now_ms, back=name in gone)
        for name in set(self.truth.polls) - set(wanted):
            self.truth.said(name, "archived", now_ms)
        self.files = wanted

    def open(self) -> None:
        """Open a poll."""
        name, now_ms = self._poll(), self.clock[0]
        before, after = self.polls.change(name, lambda one: opened(one, now_ms))
        self._expect(name, after.round, "open")
        if before != after:
            self.truth.said(name, "open", now_ms)

    def close(self) -> None:
        """Close a poll."""
        name, now_ms = self._poll(), self.clock[0]
        before, after = self.polls.change(name, lambda one: closed(one, now_ms))
        self._expect(name, after.round, "closed", "archived")
        if before != after:
            self.truth.said(name, "closed", now_ms)

    def archive(self) -> None:
        """Archive a poll."""
        name, now_ms = self._poll(), self.clock[0]
        before, after = self.polls.change(name, lambda one: archived(one, now_ms))
        self._expect(name, after.round, "archived")
        if before != after:
            self.truth.said(name, "archived", now_ms)

    def reset(self) -> None:
        """Start the next round, perhaps open."""
        name, now_ms = self._poll(), self.clock[0]
        number = self.polls.entry(name).round.number
        voted = any(self.truth.votes.get((name, number), {}).values())
        open_it = self.draw.random() < 1 / 2
        before, after = self.polls.reset(name, number, begun=self.begun, opened=open_it)
        if voted and after.round.number != number + 1:
            raise ViolationError(f"{name}: reset of a round with votes did nothing")
        if after.round.number != before.round.number:
            self.truth.reset(name, after.round.number, now_ms)
        if open_it:
            self._expect(name, after.round, "open")
        states = [(one.round.state, one.round.state_at_ms) for one in (before, after)]
        if states[0] != states[1]:
            self.truth.said(name, after.round.state.value, now_ms)

    def certify(self) -> None:
        """Certify a round; somebody else may act between the audit and the write."""
        round, current = self._round()
        key = (round.poll.id, round.number)
        found = self._audit(round, digest=True)
        true = self.truth.snapshot(key)
        auditor = self._auditor()
        if auditor.certificate(found)[1]:
            self._somebody_else()
        certificate, new = auditor.certify(found, current=current)
        if new:
            self.truth.certify(key, certificate.picks, certificate.voters, true)

    def repair(self) -> None:
        """Set a board right."""
        round, _ = self._round()
        found = self._audit(round)
        self._auditor().repair(found)

    def repair_lost(self) -> None:
        """Write off what a lost stream will never deliver."""
        round, _ = self._round()
        found = self._audit(round)
        self._auditor().repair(found, unfolded=self.aggregator.unfolded)
        self.aggregator.lost_rounds.discard((round.poll.id, round.number))

    def forget(self) -> None:
        """Forget a phone, in every round of every poll."""
        phone = self.draw.choice(sorted({text.phone for text in self.truth.texts.values()}) or [""])
        for name in list(self.polls.held):
            for there in self.polls.rounds(name):
                self.votes.forget(there, phone, PEPPER, self.clock[0])
        self.truth.forget(phone)

    def expire(self) -> None:
        """Give the ballots of an ended round their expiry; perhaps interrupted before them."""
        round, _ = self._round()
        at_ms = self.polls.promise_expiry(round.poll.id, round.number)
        if self.draw.random() < 3 / 4:
            self.votes.expire(round, at_ms)

    def begun(self, round: Round) -> bool:
        """As the commands and the deploy ask."""
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
            sleep=lambda _: self._somebody_else(),
        )

    def _audit(self, round: Round, *, digest: bool = False) -> Audit:
        """The board is read, then others act, then the ballots are read."""
        self.votes.before_reading = self._somebody_else
        try:
            return self._auditor().audit(round, digest=digest)
        finally:
            self.votes.before_reading = lambda: None

    def _somebody_else(self) -> None:
        if not self._looking and self.draw.random() < 1 / 2:
            self._looking = True
            try:
                self.meanwhile()
            finally:
                self._looking = False

    def _poll(self) -> str:
        return self.draw.choice(sorted(self.polls.held) or [IDS[0]])

    def _round(self) -> tuple[Round, bool]:
        rounds = self.polls.rounds(self._poll())
        round = rounds[-1] if self.draw.random() < 3 / 4 else self.draw.choice(rounds)
        return round, round is rounds[-1]

    def _expect(self, name: str, round: Round, *phases: str) -> None:
        phase = round.phase_at(self.clock[0]).value
        if phase not in phases:
            raise ViolationError(f"{name}: told to be {phases[0]}, and is {phase}")


def key_of(round: Round) -> RoundKey:
    """Poll and number of a round."""
    return round.poll.id, round.number


def _parsed(file: PollFile) -> Poll:
    return parse_poll(file.toml, source=f"{file.name}.toml")
