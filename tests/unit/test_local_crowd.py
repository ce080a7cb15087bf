"""The crowd of simulated phones, and what the count must come to."""

import re
from collections import Counter

from services.tools.phones.crowd import PHONES, Crowd, expected_counts
from services.tools.phones.sms import SimulatedText, TextKind

CHOICES = {"RED": ("RED", "Red"), "GREEN": ("GREEN", "Green"), "BLUE": ("BLUE", "Blue")}
TO = "+15550100100"


def a_crowd(seed: int = 7) -> Crowd:
    """A crowd for three colours."""
    return Crowd(CHOICES, to=TO, seed=seed)


def a_text(kind: TextKind, sender: str, choice: str | None, sid: str = "SM1") -> SimulatedText:
    """A text that says what it votes for."""
    return SimulatedText(kind=kind, sid=sid, sender=sender, to=TO, body=str(choice), choice=choice)


def test_the_same_seed_sends_the_same_texts() -> None:
    """What a run showed can be shown again."""
    one, other = a_crowd(), a_crowd()

    assert [one.next() for _ in range(500)] == [other.next() for _ in range(500)]
    assert a_crowd(seed=8).next() != a_crowd(seed=9).next()


def test_every_phone_has_a_fictional_number() -> None:
    """Nobody's real number can appear anywhere."""
    crowd = a_crowd()
    texts = [crowd.next() for _ in range(2_000)]

    assert all(re.fullmatch(r"\+155501\d{5}", text.sender) for text in texts)


def test_new_voters_are_new_until_all_numbers_are_used() -> None:
    """The walk over the numbers meets each once."""
    crowd = a_crowd()
    senders = {crowd.make(TextKind.NEW).sender for _ in range(PHONES)}

    assert len(senders) == PHONES


def test_all_kinds_of_texts_are_sent_and_most_are_new_voters() -> None:
    """Forgeries are the only kind that a crowd does not send by itself."""
    crowd = a_crowd()
    kinds = Counter(crowd.next().kind for _ in range(1_000))

    assert set(kinds) == set(TextKind) - {TextKind.FORGED}
    assert kinds.most_common(1)[0][0] is TextKind.NEW


def test_a_redelivery_repeats_an_earlier_text_in_everything_but_its_kind() -> None:
    """MessageSid, sender and body are those of the first delivery."""
    crowd = a_crowd()
    first = crowd.make(TextKind.NEW)
    again = crowd.make(TextKind.REDELIVERED)

    assert (again.sid, again.sender, again.body) == (first.sid, first.sender, first.body)


def test_a_changed_vote_is_for_another_choice() -> None:
    """A change that changes nothing would show nothing."""
    crowd = a_crowd()
    first = crowd.make(TextKind.NEW)
    second = crowd.make(TextKind.CHANGED)

    assert second.sender == first.sender
    assert second.sid != first.sid
    assert second.choice != first.choice


def test_only_votes_count_and_of_a_phone_only_its_last() -> None:
    """A redelivery of the first vote does not bring it back."""
    texts = [
        a_text(TextKind.NEW, "+15550100001", "RED"),
        a_text(TextKind.CHANGED, "+15550100001", "BLUE", "SM2"),
        a_text(TextKind.REDELIVERED, "+15550100001", "RED"),
        a_text(TextKind.NEW, "+15550100002", "BLUE", "SM3"),
        a_text(TextKind.UNKNOWN, "+15550100003", None, "SM4"),
        a_text(TextKind.FORGED, "+15550100004", "RED", "SM5"),
    ]

    assert expected_counts(texts) == {"BLUE": 2}
