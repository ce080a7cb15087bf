"""Percent-decoding in linear time with a small constant, also for forged input."""


def decode_percent(text: bytes) -> bytes:
    r"""Decode `%XX` escapes; all other bytes stay as they are.

    Python's `\x` decoder runs in C; `urllib` takes ten times as long if everything is escaped,
    which a forger can choose.

    Raises:
        UnicodeDecodeError: a % without two hexadecimal digits.
    """
    if b"%" not in text:
        return text
    escaped = text.replace(b"\\", b"\\\\").replace(b"%", b"\\x")
    return escaped.decode("unicode_escape").encode("latin-1")
