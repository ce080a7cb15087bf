"""Keyed pseudonyms of phones: one for each poll and round, one for each allow list."""

import hmac


def voter_of(pepper: bytes, poll_id: str, round_number: int, phone: str) -> str:
    """The pseudonym of a phone in one round of one poll: 32 hex characters.

    HMAC-SHA256 with the deployment's pepper: without the pepper, the number cannot be found by
    trying all numbers, and the ballots of two polls or rounds cannot be joined.
    """
    subject = f"{poll_id}:{round_number}:{phone}".encode()
    return hmac.digest(pepper, subject, "sha256").hex()[:32]


def allow_list_id(pepper: bytes, poll_id: str, phone: str) -> str:
    """The pseudonym of a phone on the allow list of one poll: 32 hex characters.

    The HMAC input begins with a character that no poll id has, so it never equals the input for
    a voter: an allow list and ballots cannot be joined.
    """
    return hmac.digest(pepper, f"#list:{poll_id}:{phone}".encode(), "sha256").hex()[:32]
