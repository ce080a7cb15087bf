"""The forms of `From`, `To` and `MessageSid`."""

import pytest

from services.voting.addresses import is_message_sid, is_recipient, is_sender, without_channel

SENDERS = (
    "+15550100199", "+5550100", "+155501001991234", "123", "12345678", "ACME", "Acme 24Plus", "A",
    "A+B&C_D-E 1", "1st", "whatsapp:+15550100199", "rcs:+15550100199", "whatsapp:12345", "rcs:ACME",
)  # fmt: skip
STRANGERS = (
    "", "+", "+0555010019", "+15550", "+1555010019912345", "+1 555 010 0199", "15550100199", "12",
    "123456789", "Twelve chars", "1 2-3_4&5+6", "Ärger", "acme!", "ACME\n", "ACME\0", "+15550100199\n",
    "whatsapp:", "whatsapp:whatsapp:+15550100199", "WhatsApp:+15550100199", "messenger:123",
    "+\u0661\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "\u0661\u0662\u0663\u0664", "+15550100199FromCityX",
    "12345FromCityX", "123FromCity", "ABCFromZip", "whatsapp:123FromCity",
)  # fmt: skip


@pytest.mark.parametrize("address", SENDERS)
def test_a_phone_a_short_code_and_a_sender_id_can_send(address: str) -> None:
    """They can send on every channel, and every sender can also receive."""
    assert is_sender(address)
    assert is_recipient(address)


@pytest.mark.parametrize("address", STRANGERS)
def test_nothing_else_can_send_or_be_sent_to(address: str) -> None:
    """Digits of other scripts, control characters and a swallowed next field are refused, too."""
    assert not is_sender(address)
    assert not is_recipient(address)


@pytest.mark.parametrize("agent", ["rcs:brand_agent", "rcs:my-brand.agent_7abc", "rcs:a"])
def test_an_agent_is_sent_to(agent: str) -> None:
    """RCS texts are sent to the id of an agent instead of a number."""
    assert is_recipient(agent)


@pytest.mark.parametrize(
    "agent", ["rcs:", "rcs:a b c d e f g", "brand_agent_7", "whatsapp:my.brand"]
)
def test_only_on_its_own_channel(agent: str) -> None:
    """An agent id is valid with the RCS prefix only, and without spaces."""
    assert not is_recipient(agent)


def test_a_message_sid_is_two_letters_and_32_digits() -> None:
    """A sid begins with SM for a text or MM for a picture."""
    digits = "0123456789abcdefABCDEF0123456789"

    assert is_message_sid(f"SM{digits}")
    assert is_message_sid(f"MM{digits}")
    for sid in (
        "",
        "SM1",
        f"SM{digits}0",
        f"SM{digits[1:]}",
        f"AC{digits}",
        f"SM{digits}NumMedia0",
        f"SM{digits}\n",
        f"sm{digits}",
        f"SM{digits[1:]}g",
    ):
        assert not is_message_sid(sid)


@pytest.mark.parametrize("channel", ["", "whatsapp:", "rcs:"])
def test_a_number_is_the_same_on_every_channel(channel: str) -> None:
    """A person who texts on two channels is one voter."""
    assert without_channel(f"{channel}+15550100199") == "+15550100199"
