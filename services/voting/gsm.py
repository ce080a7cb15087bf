"""How long a text is to a carrier: septets of the GSM-7 alphabet. Standard library only.

One segment holds 160 septets (3GPP TS 23.038, "Alphabets and language-specific
information"). A single character outside the alphabet makes the whole text UCS-2, of which
a segment holds 70 characters.
"""

SEGMENT = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""Sent as an escape and a second septet. Left out is the form feed, which no XML can hold."""
_ALL = _BASIC | _EXTENDED


def septets(text: str) -> int:
    """Septets that a text takes. Raises: ValueError for one that leaves the alphabet."""
    if odd := outside(text):
        raise ValueError(odd)
    return len(text) + sum(char in _EXTENDED for char in text)


def outside(text: str) -> str:
    """The characters that are not in the alphabet, each once, in order."""
    return "".join(dict.fromkeys(char for char in text if char not in _ALL))


def cut(text: str, septets_at_most: int = SEGMENT) -> str:
    """The text, or as much of it as fits with three dots behind it."""
    # Most replies are so short that nothing need be counted.
    if len(text) * 2 <= septets_at_most or _length(text) <= septets_at_most:
        return text
    kept = text
    while _length(kept) > septets_at_most - 3:
        kept = kept[:-1]
    return f"{kept}..."


def _length(text: str) -> int:
    """Septets, were everything else in the alphabet."""
    return len(text) + sum(char in _EXTENDED for char in text)
