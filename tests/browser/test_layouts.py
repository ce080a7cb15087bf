"""Every state at every size, as screenshots; none of them may scroll sideways."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support.store import Board, epoch_ms

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]

SIZES = {"hd": (1280, 720), "full-hd": (1920, 1080), "phone": (390, 844), "narrow": (320, 640)}
Theme = Literal["dark", "light"]
BOTH: tuple[Theme, ...] = ("dark", "light")
THEMES: dict[str, tuple[Theme, ...]] = {
    "full-hd": ("dark",),
    "narrow": ("light",),
    "4k": ("dark",),
}  # elsewhere both
LARGEST = {"4k": (3840, 2160)}
ON_THE_LARGEST = ("six", "waiting")
COLORS = {"RED": 15646, "GREEN": 14425, "BLUE": 7933}
ROOMS = {
    name.upper(): f"{name} room, evening track"
    for name in ("Amber", "Green", "Red", "Violet", "Blue", "Slate")
}
MONTHS = {
    name.upper(): name
    for name in (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    )
}  # fmt: skip
LONG = {
    "A": "Arabesque in three movements, for the left hand, with chorus",
    "B": "שלום עולם, ערב טוב",
    "C": "مساء الخير جميعا",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the store holds, and what the screen then says somewhere."""

    says: str
    counts: Mapping[str, int] | None = field(default_factory=lambda: dict(COLORS))
    labels: Mapping[str, str] | None = None
    poll_view: Mapping[str, Any] = field(default_factory=dict)
    certified: Mapping[str, int] | None = None
    tally: Mapping[str, Any] = field(default_factory=dict)


def falling(names: Mapping[str, str], first: int) -> dict[str, int]:
    """Counts that fall from choice to choice."""
    return {name: round(first / (place + 1) ** 1.4) for place, name in enumerate(names)}


def closed(**poll_view: object) -> dict[str, Any]:
    """Values of the poll view of a poll that was closed a minute ago."""
    return {"state": "closed", "state_at": epoch_ms(ago_seconds=60), **poll_view}


STATES = {
    "live": State(says="Leads by 1,221", poll_view={"closes_at": epoch_ms(ago_seconds=-900)}),
    "two": State(says="Leads by 20", labels={"YES": "Yes", "NO": "No"}, counts={"YES": 120, "NO": 100}),
    "four": State(says="Leads by", labels=dict(list(ROOMS.items())[:4]), counts=falling(dict(list(ROOMS.items())[:4]), 320)),
    "six": State(
        says="Leads by",
        labels=ROOMS,
        counts=falling(ROOMS, 340) | {"SLATE": 1},
        poll_view={"question": "Which talk of the day do you want to see again next year?"},
    ),
    "twelve": State(says="Leads by", labels=MONTHS, counts=falling(MONTHS, 5000)),
    "one-vote": State(says="1 vote", counts={"RED": 0, "GREEN": 1, "BLUE": 0}),
    "tie": State(says="Tied for first", counts={"RED": 500, "GREEN": 500, "BLUE": 300}),
    "millions": State(says="10,000,000", counts={"RED": 4321000, "GREEN": 3456000, "BLUE": 2223000}),
    "long-labels": State(
        says="Leads by", labels=LONG, counts={"A": 51, "B": 40, "C": 9},
        poll_view={"question": "Which of these pieces, all of them longer than they had to be, should the orchestra play again as an encore tonight?"},
    ),
    "few": State(says="3 votes", counts={"RED": 2, "GREEN": 1}, poll_view={"percent_from": 20}),
    "invite": State(says="To vote, text one of", counts=None),
    "invite-twelve": State(says="To vote, text one of", counts=None, labels=MONTHS),
    "waiting": State(says="Not open yet", counts=None, poll_view={"opens_at": epoch_ms(ago_seconds=-1200)}),
    "closed": State(says="Red wins", poll_view=closed()),
    "closed-tie": State(says="It is a tie", counts={"RED": 500, "GREEN": 500, "BLUE": 300}, poll_view=closed()),
    "closed-empty": State(says="No votes", counts=None, poll_view=closed()),
    "certified": State(says="Certified", poll_view=closed(), certified=COLORS),
    "sealed": State(says="Sealed: the results", counts=None, poll_view={"visibility": "sealed"}),
    "sealed-closed": State(says="The ballot is sealed", counts=None, poll_view=closed(visibility="sealed")),
    "sealed-certified": State(says="Certified", counts=None, poll_view=closed(visibility="sealed"), certified=COLORS),
    "no-number": State(says="To vote, text one of", poll_view={"number": None}),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_every_state_fits_every_screen(
    name: str, board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """Nothing is cut off sideways; at 16:9 nothing scrolls at all with 2 to 6 choices."""
    state = STATES[name]
    board.put_poll_view(state.labels, **state.poll_view)
    if state.counts is not None:
        board.tally(state.counts, **state.tally)
    if state.certified is not None:
        board.certify(state.certified)
    page = open_page()
    expect(page.get_by_text(state.says).first).to_be_visible()

    too_wide, too_high = {}, {}
    sizes = SIZES | (LARGEST if name in ON_THE_LARGEST else {})
    for size, (width, height) in sizes.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES.get(size, BOTH):
            page.emulate_media(color_scheme=theme)
            picture(page, f"{name}-{size}-{theme}")
        content = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        if content[0] > width:
            too_wide[size] = content[0]
        if width >= 800 and content[1] > height:
            too_high[size] = content[1]

    assert too_wide == {}
    assert too_high == {}
