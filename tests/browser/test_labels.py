"""Labels are shown whole on the stage; the rule that warns of others is held against the page."""

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Page, expect

from services.polls.stage_labels import find_cut_labels
from services.voting.poll import Choice
from tests.browser.support.axe import violations
from tests.browser.support.store import Board, epoch_ms

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]

SIZES = ((1280, 720), (1920, 1080))
LETTERS = "ABCDEFGHIJKL"
TEXTS = {
    "usual": "Arabesque in three movements, for the left hand, with chorus",
    "capitals": "THE NIGHT TRAIN TO THE SOUTH AND A SONG FOR ALL WHO MISSED IT",
    "wide": "WWWWWWW MMMMMM WWWWWWWW MMMMMMM WWWWWW MMMMMMMM WWWWWWW MMMM",
}
WORDS = {"usual": "SEVENTH", "capitals": "TRAIN", "wide": "WMWMWM"}
CUT = """() => document.documentElement.scrollHeight > innerHeight
  || document.documentElement.scrollWidth > innerWidth
  || [...document.querySelectorAll('.name, .word, .chip, .chips .label')].some(part => {
    const line = 0.12 * parseFloat(getComputedStyle(part).fontSize);
    return part.checkVisibility()
      && (part.scrollHeight > part.clientHeight + line || part.scrollWidth > part.clientWidth + 1);
  })"""
"""In the page: whether it scrolls, or a text is longer than its place."""


def choices_of(kind: str, count: int, length: int) -> list[Choice]:
    """Choices of one kind of text, with labels of at most that length."""
    return [
        Choice(
            key=letter, label=TEXTS[kind][:length].strip(), words=(f"{WORDS[kind][:-1]}{letter}",)
        )
        for letter in LETTERS[:count]
    ]


def longest(kind: str, count: int) -> int:
    """The greatest length of labels of which the rule does not warn."""
    lengths = range(60, 0, -1)
    return next(n for n in lengths if not list(find_cut_labels(choices_of(kind, count, n))))


def show(board: Board, page: Page, choices: Sequence[Choice], name: str, **view: object) -> None:
    """Put the choices on the screen, which reads them within a second."""
    rows = [{"key": one.key, "label": one.label, "word": one.word} for one in choices]
    board.put_poll_view(None, question=name, choices=rows, **view)
    expect(page.locator("#question")).to_have_text(name)


@pytest.mark.parametrize("count", [4, 8, 12])
def test_labels_that_raise_no_warning_are_shown_whole(
    count: int, board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """While voting is open and while it waits, at 1280x720 and at 1920x1080."""
    board.put_poll_view(question="First?")
    board.tally({letter: 15646 - 900 * place for place, letter in enumerate(LETTERS[:count])})
    page = open_page(reduced_motion="reduce")
    cut = []
    waiting: dict[str, object] = {"round": 2, "opens_at": epoch_ms(ago_seconds=-99)}
    views: dict[str, dict[str, object]] = {"live": {}, "waiting": waiting}
    for scene, view in views.items():
        for kind in TEXTS:
            choices = choices_of(kind, count, longest(kind, count))
            name = f"Which of them all, {kind} ones, {scene}, should the orchestra play?"
            show(board, page, choices, name, **view)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                picture(page, f"labels-{kind}-{scene}-{count}-{width}")
                if page.evaluate(CUT):
                    cut.append((kind, scene, width))

    assert cut == []


def test_eight_labels_of_sixty_characters_raise_no_warning() -> None:
    """Usual ones beside a word of seven letters, and capitals beside one of five."""
    assert (longest("usual", 8), longest("capitals", 8)) == (60, 60)
    assert (longest("wide", 8), longest("wide", 12)) < (60, 60)


def test_labels_far_too_wide_raise_a_warning_and_make_the_page_scroll(
    board: Board, open_page: OpenPage
) -> None:
    """So the rule does not warn of nothing."""
    choices = choices_of("wide", 12, 60)
    board.put_poll_view(question="First?")
    page = open_page()
    show(board, page, choices, "Then?", opens_at=epoch_ms(ago_seconds=-99))

    assert len(list(find_cut_labels(choices))) == 12
    assert page.evaluate(CUT)


def test_a_label_is_beside_its_word_and_never_linked_by_colour_alone(
    board: Board, open_page: OpenPage
) -> None:
    """Sealed, open and waiting; axe finds nothing."""
    choices = [
        Choice(key="ROSES", label="Paper Roses"),
        Choice(key="TRAIN", label="The Night Train"),
    ]
    board.put_poll_view(question="First?")
    page = open_page(reduced_motion="reduce")
    found = {}
    views: dict[str, dict[str, object]] = {
        "Sealed?": {"visibility": "sealed"},
        "Waiting?": {"opens_at": epoch_ms(ago_seconds=-99)},
    }
    for name, view in views.items():
        show(board, page, choices, name, **view)
        found[name] = (page.locator(".chips li").all_inner_texts(), violations(page))
    board.tally({"ROSES": 3, "TRAIN": 2})
    show(board, page, choices, "Open?")
    expect(page.locator(".naming")).to_have_count(2)
    found["Open?"] = (page.locator(".naming").all_inner_texts(), violations(page))
    words = {name: [text.split() for text in texts] for name, (texts, _) in found.items()}
    rows = [["ROSES", "Paper", "Roses"], ["TRAIN", "The", "Night", "Train"]]

    assert words == dict.fromkeys(found, rows)
    assert [broken for _, broken in found.values()] == [[], [], []]
