"""The length of a text in septets of the GSM-7 alphabet, and truncation to one segment.

One segment holds 160 septets (3GPP TS 23.038, "Alphabets and language-specific
information"). A single character outside the alphabet makes the whole text UCS-2, and a
segment then holds 70 characters.
"""

SEGMENT = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""Sent as an escape and a second septet. Without the form feed, which XML cannot contain."""
_ALL = _BASIC | _EXTENDED


def count_septets(text: str) -> int:
    """Septets that a text takes. Raises: ValueError if a character is not in the alphabet."""
    if unsupported := unsupported_characters(text):
        raise ValueError(unsupported)
    return len(text) + sum(char in _EXTENDED for char in text)


def unsupported_characters(text: str) -> str:
    """The characters that are not in the alphabet, each once, in order."""
    return "".join(dict.fromkeys(char for char in text if char not in _ALL))


def truncate(text: str, max_septets: int = SEGMENT) -> str:
    """The text, shortened if necessary, with three dots at the end if it was."""
    # A shortcut: most replies fit even if every character took two septets.
    if len(text) * 2 <= max_septets or _estimate_septets(text) <= max_septets:
        return text
    kept = text
    while _estimate_septets(kept) > max_septets - 3:
        kept = kept[:-1]
    return f"{kept}..."


def _estimate_septets(text: str) -> int:
    """Septets, with one for each unsupported character."""
    return len(text) + sum(char in _EXTENDED for char in text)
