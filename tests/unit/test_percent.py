"""Percent-decoding by Python's own escapes: what looks like one of those is left alone."""

import pytest

from services.adapters.twilio.percent import decode_percent


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        (b"", b""),
        (b"red", b"red"),
        (b"%41", b"A"),
        (b"%c3%A4=%ff%00", b"\xc3\xa4=\xff\x00"),
        (b"%25%2541", b"%%41"),
        (b"\\n%41", b"\\nA"),
        (b"\\%41\\", b"\\A\\"),
        (b"\\\\x41%41\\u0041", b"\\\\x41A\\u0041"),
        (b"\xe4%41", b"\xe4A"),
    ],
)
def test_only_percent_escapes_are_decoded(text: bytes, decoded: bytes) -> None:
    """Backslashes stay, and so do bytes beyond ASCII."""
    assert decode_percent(text) == decoded


@pytest.mark.parametrize("text", [b"%", b"%4", b"%4g", b"a%", b"%%41", b"%\\x41", b"%u0041"])
def test_a_percent_sign_without_two_digits_is_refused(text: bytes) -> None:
    """Whatever follows it."""
    with pytest.raises(UnicodeDecodeError):
        decode_percent(text)
