"""The texts to paste into Twilio's registration have its lengths, and are what polls send.

Lengths: Twilio, "A2P 10DLC - UsAppToPerson (Usa2p) resource".
"""

import re
import tomllib
from pathlib import Path

from services.polls.definition import check_poll
from services.voting.replies import DEFAULT_TEXTS

PAGE = (Path(__file__).parents[2] / "docs/deploy.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("### The texts to paste\n")[2].partition("\n### ")[0]
DESCRIPTION, FLOW, NOTICE, SAMPLES, OPT_IN = re.findall(
    r"^```text\n(.*?)\n```", SECTION, re.MULTILINE | re.DOTALL
)
(POLL,) = re.findall(r"^```toml\n(.*?)```", SECTION, re.MULTILINE | re.DOTALL)


def test_each_text_has_the_length_that_its_field_takes() -> None:
    """Characters; also with a name twice as long."""
    assert 40 <= len(DESCRIPTION) <= 4096
    assert 40 <= len(FLOW) <= 2048
    assert 20 <= len(OPT_IN) + 40 <= 320
    assert 2 <= len(SAMPLES.splitlines()) <= 5
    assert all(20 <= len(sample) <= 1024 for sample in SAMPLES.splitlines())


def test_the_notice_says_what_carriers_ask_for() -> None:
    """Who sends, how much, what it costs, how to get help and out; the flow quotes it."""
    for words in ("poll of [Town Hall Example]", "one reply per text", "rates may apply",
                  "HELP", "STOP", "privacy policy"):  # fmt: skip
        assert words in NOTICE

    assert f'"{NOTICE}"' in FLOW


def test_the_samples_are_the_replies_of_the_poll_file() -> None:
    """A reviewer compares them with what is sent."""
    replies = tomllib.loads(POLL)["replies"]
    filled = [
        text.format(choice="Red" if name == "accepted" else "Blue", previous="Red", choices="RED, GREEN, BLUE")
        for name, text in replies.items()
    ]  # fmt: skip

    assert [re.sub(r"[][]", "", sample) for sample in SAMPLES.splitlines()] == filled
    assert set(replies) <= set(DEFAULT_TEXTS)
    assert SAMPLES.splitlines()[0] == OPT_IN
    assert all(words in OPT_IN for words in ("STOP", "HELP", "rates may apply"))


def test_a_poll_with_these_replies_has_nothing_to_complain_of() -> None:
    """They fit into one segment, with the choices of the first poll."""
    colors = (Path(__file__).parents[2] / "polls/colors.toml").read_text(encoding="utf-8")

    result = check_poll(f"{colors}\n{POLL}", source="colors.toml")

    assert list(result.problems) == []
