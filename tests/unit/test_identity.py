"""Pseudonyms of voters."""

from services.voting.identity import voter_of


def test_a_voter_is_the_same_within_a_round_only() -> None:
    """Ballots of two polls, rounds or deployments cannot be joined."""
    here = voter_of(b"pepper", "colors", 1, "+15550100001")
    others = {
        voter_of(b"pepper", "colors", 2, "+15550100001"),
        voter_of(b"pepper", "trees", 1, "+15550100001"),
        voter_of(b"other", "colors", 1, "+15550100001"),
        voter_of(b"pepper", "colors", 1, "+15550100002"),
    }

    assert voter_of(b"pepper", "colors", 1, "+15550100001") == here
    assert len(others | {here}) == 5
    assert len(here) == 32
    assert "0100001" not in here


def test_the_pseudonym_is_hmac_sha256_of_poll_round_and_phone() -> None:
    """For ever: with another one everybody could vote again."""
    assert voter_of(b"pepper", "colors", 1, "+15550100001") == "7352a412edc4970999772d072fc84b74"
