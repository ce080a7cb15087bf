"""The contrast between a colour and the background of the screen."""

from collections.abc import Mapping

BACKGROUNDS: Mapping[str, str] = {"dark": "#0d1117", "light": "#faf9f6"}
"""Background colours of the dashboard, by theme."""

MIN_CONTRAST = 3.0
"""Minimum contrast of graphical objects (WCAG 2.2, 1.4.11)."""

_CHANNELS = ((1, 0.2126), (3, 0.7152), (5, 0.0722))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    return sum(weight * _linear(int(colour[at : at + 2], 16) / 255) for at, weight in _CHANNELS)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
