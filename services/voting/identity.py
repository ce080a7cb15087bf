"""Who voted, without knowing who: a keyed pseudonym for each phone, poll and round."""

import hmac


def voter_of(pepper: bytes, poll_id: str, round_number: int, phone: str) -> str:
    """32 hex characters that stand for a phone in one round of one poll.

    HMAC-SHA256 under the deployment's pepper: without it the number cannot be found by
    trying all of them, and the ballots of two polls or rounds cannot be joined.
    """
    subject = f"{poll_id}:{round_number}:{phone}".encode()
    return hmac.digest(pepper, subject, "sha256").hex()[:32]


def allow_list_id(pepper: bytes, poll_id: str, phone: str) -> str:
    """32 hex characters by which a phone stands on the list of one poll.

    The input of the HMAC begins with a character that no poll id has, so that it never
    equals the input for a voter: a list does not tell who has voted.
    """
    return hmac.digest(pepper, f"#list:{poll_id}:{phone}".encode(), "sha256").hex()[:32]
