"""Pseudonyms of voters."""

import pytest

from services.voting.identity import Pseudonyms


def test_a_voter_is_the_same_within_a_round_only() -> None:
    """Ballots of two polls, rounds or deployments cannot be joined."""
    here = Pseudonyms(b"pepper").voter("colors", 1, "+15550100001")
    others = {
        Pseudonyms(b"pepper").voter("colors", 2, "+15550100001"),
        Pseudonyms(b"pepper").voter("trees", 1, "+15550100001"),
        Pseudonyms(b"other").voter("colors", 1, "+15550100001"),
        Pseudonyms(b"pepper").voter("colors", 1, "+15550100002"),
    }

    assert Pseudonyms(b"pepper").voter("colors", 1, "+15550100001") == here
    assert len(others | {here}) == 5
    assert len(here) == 32
    assert "0100001" not in here


def test_the_pseudonym_is_hmac_sha256_of_poll_round_and_phone() -> None:
    """With another function everybody could vote again after a deploy."""
    assert (
        Pseudonyms(b"pepper").voter("colors", 1, "+15550100001")
        == "7352a412edc4970999772d072fc84b74"
    )


@pytest.mark.parametrize("poll_id", ["list", "7", "list-7", "0"])
def test_no_entry_of_a_list_is_the_pseudonym_of_a_voter(poll_id: str) -> None:
    """Checked for poll ids that could make the HMAC inputs equal."""
    phone = "+15550100001"
    voters = {Pseudonyms(b"pepper").voter(name, 7, phone) for name in ("list", poll_id)}

    assert Pseudonyms(b"pepper").allow_list_id("7", phone) not in voters
    assert Pseudonyms(b"pepper").allow_list_id(poll_id, phone) not in voters
    assert len(Pseudonyms(b"pepper").allow_list_id(poll_id, phone)) == 32
