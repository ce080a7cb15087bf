"""The operator's console in a browser, on a deployment in this process."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from services.adapters.clock import now_ms
from services.cli.console_desk import DeploymentDesk
from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.poll import Poll
from tests.browser.support.axe import violations
from tests.browser.support.console import record_console
from tests.support.console import RunningConsole, TestedDesk, running_console
from tests.support.moto_system import POLL, MotoSystem, moto_system

Picture = Callable[[Page, str], None]
OpenConsole = Callable[..., Page]

SIZES = {"laptop": (1280, 800), "wide": (1920, 1080), "phone": (390, 844)}
BLUES = (
    'dark = "#4f9dff", light = "#1b5fc1"',
    'dark = "#36d6a0", light = "#0b8f63"',
    'dark = "#ff5d47", light = "#c8371b"',
)


def a_file(
    name: str,
    more: str,
    question: str = "Which color should win tonight?",
    *,
    colours: Sequence[str] = BLUES,
) -> Poll:
    """A poll file of the three colours, for the screen."""
    text = POLL.format(more=more).replace("Which color should win tonight?", question)
    for key, colour in zip(("BLUE", "GREEN", "RED"), colours, strict=False):
        text = text.replace(f'key = "{key}"', f'key = "{key}"\ncolour = {{ {colour} }}')
    return parse_poll(text, source=f"{name}.toml")


def in_minutes(minutes: int) -> str:
    """A time of a poll file: so many minutes from now, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60 * minutes))


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoSystem]:
    """An open poll with 60 votes, a sealed one that is closed, one that waits, one archived."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with moto_system() as made:
        later = f"opens_at = {in_minutes(95)}"
        directory = made.directory_at(3_600_000)
        directory.apply(
            [
                a_file("colors", f'closes_at = {in_minutes(14)}\nnumbers = ["+15550100199"]'),
                a_file("finale", 'visibility = "sealed"\nkeyword = "FINALE"\nnumbers = ["+15550100198"]', "Who wins the finale?"),
                a_file("encore", f'{later}\nnumbers = ["+15550100197"]', "Which piece should the orchestra play again as an encore?", colours=()),
                a_file("rehearsed", 'numbers = ["+15550100196"]', "Can you read this?"),
            ],
            default_number="+15550100199",
        )  # fmt: skip
        for poll, change in (("finale", lifecycle.closed), ("rehearsed", lifecycle.archived)):
            entry, at_ms = directory.entry(poll), now_ms() - 1_200_000
            made.directory_at(1_200_000).write(
                replace(entry, round=change(entry.round, at_ms)), what="closed"
            )
        for phone, choice in enumerate(("RED", "RED", "GREEN", "BLUE", "RED", "GREEN"), 1):
            made.vote(phone, choice)
        yield made


@pytest.fixture
def desk(system: MotoSystem) -> TestedDesk:
    """On the deployment, as a stage of development."""
    made = DeploymentDesk.of(system.deployment, stage="dev")
    return TestedDesk(
        made, replace(made.stack, operator="arn:aws:sts::1:assumed-role/operators/alice")
    )


@pytest.fixture
def console(desk: TestedDesk) -> Iterator[RunningConsole]:
    """Served."""
    with running_console(desk) as made:
        yield made


@pytest.fixture
def open_console(browser: Browser) -> Iterator[OpenConsole]:
    """Open a console by its address; its page may say nothing wrong in the browser's own console."""
    opened = []

    def at(address: str, *, allow: str = "", **screen: object) -> Page:
        options = {"color_scheme": "dark", "locale": "en-US", "reduced_motion": "reduce", **screen}
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(8000)
        opened.append((context, record_console(page, allow=allow)))
        page.goto(address)
        return page

    yield at
    for context, _ in opened:
        context.close()
    for _, log in opened:
        assert log.faults() == []


def card(page: Page, poll: str) -> Locator:
    """The part of the page that shows a poll."""
    return page.locator(".poll", has=page.locator(f"#poll-{poll}"))


def button(page: Page, name: str) -> Locator:
    """A button of a poll, as "Close colors"."""
    return page.get_by_role("button", name=name, exact=True)


def test_it_fits_every_screen_and_axe_finds_nothing(
    console: RunningConsole, open_console: OpenConsole, picture: Picture
) -> None:
    """On a phone, a laptop and a wide screen, light and dark; also the dialog."""
    page = open_console(console.guard.address)
    expect(page.locator("#freshness")).to_have_text("Live")
    expect(page.locator(".check")).to_have_count(7)
    found = {}
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            picture(page, f"console-{size}-{theme}")
        found[size] = violations(page) if size != "wide" else []

        assert page.evaluate("document.documentElement.scrollWidth") == width, size
    button(page, "Reset… colors").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    picture(page, "console-dialog")
    page.emulate_media(color_scheme="dark")
    found["dialog"] = violations(page)

    assert {where: rules for where, rules in found.items() if rules} == {}


def test_a_choice_without_a_colour_has_the_one_that_the_screen_gives_it(
    console: RunningConsole, open_console: OpenConsole
) -> None:
    """By its place on the ballot."""
    page = open_console(console.guard.address)
    rows = card(page, "encore").locator(".choice")
    expect(rows).to_have_count(3)
    hues = rows.evaluate_all("rows => rows.map(({style}) => style.getPropertyValue('--dark'))")

    assert hues == ["#ff5d47", "#36d6a0", "#4f9dff"]


def test_a_poll_is_closed_by_the_keyboard_and_a_second_press_does_nothing_more(
    console: RunningConsole, desk: TestedDesk, open_console: OpenConsole
) -> None:
    """The dialog names stack, poll and consequence, and begins at the harmless answer."""
    page = open_console(console.guard.address)
    button(page, "Close colors").press("Enter")
    dialog = page.get_by_role("dialog", name="Close colors, round 1, on VoteApp-test?")
    expect(dialog).to_contain_text("Within 3 seconds texts are no longer counted")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    button(page, "Close colors").press("Enter")
    dialog.get_by_role("button", name="Close voting").dblclick()

    expect(card(page, "colors").locator(".phase")).to_have_text("Closed")
    expect(page.locator(".action")).to_have_text(["Close colors: done. colors: round 1 is closed"])
    expect(page.locator(".log .what").first).to_have_text("colors, round 1: closed")
    expect(page.locator("#spoken")).to_have_text("Close colors: done. colors: round 1 is closed")
    expect(button(page, "Close colors")).to_have_attribute("aria-disabled", "true")
    assert [(one.action, one.poll) for one in desk.actions] == [("close", "colors")]


def test_reset_and_certify_want_the_id_of_the_poll(
    console: RunningConsole, system: MotoSystem, desk: TestedDesk, open_console: OpenConsole
) -> None:
    """Another word is refused in the dialog. An action may ask back before it goes on."""
    desk.question = "Count 1 missing text?"
    page = open_console(console.guard.address)
    finale = card(page, "finale")
    expect(finale.locator(".sealed")).to_have_text("Sealed: guests see no count")
    button(page, "Certify… finale").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its sealed result is shown to everybody.")
    dialog.get_by_label("Type finale to confirm").fill("colors")
    dialog.get_by_role("button", name="Certify for good").click()
    expect(dialog.get_by_role("alert")).to_have_text("Type finale to confirm.")
    assert desk.actions == []
    dialog.get_by_label("Type finale to confirm").fill("finale")
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog", name="Count 1 missing text?")
    expect(asked.get_by_role("button", name="No", exact=True)).to_be_focused()
    assert violations(page) == []
    asked.get_by_role("button", name="Yes, count them").click()

    expect(page.locator(".action")).to_contain_text(
        "Certify finale: done. finale, round 1: certified"
    )
    expect(finale.locator(".time")).to_contain_text("certified")
    assert system.directory.entry("finale").round.certified_at_ms


def test_who_confirms_what_somebody_else_has_just_changed_is_refused(
    console: RunningConsole, system: MotoSystem, open_console: OpenConsole
) -> None:
    """The dialog was opened on what is no longer so."""
    page = open_console(console.guard.address)
    button(page, "Extend… colors").click()
    system.close(ago_ms=0)
    expect(card(page, "colors").locator(".phase")).to_have_text("Closed")
    page.get_by_role("button", name="Extend voting").click()

    expect(page.locator(".action[data-status=refused]")).to_contain_text(
        "Extend colors: refused. poll 'colors': somebody else has changed it since this was shown"
    )


def test_when_aws_is_lost_the_page_says_how_old_it_is_and_its_buttons_rest(
    console: RunningConsole, desk: TestedDesk, open_console: OpenConsole, picture: Picture
) -> None:
    """Until it is found again."""
    page = open_console(console.guard.address)
    expect(button(page, "Close colors")).to_have_attribute("aria-disabled", "false")
    desk.is_cut = True
    expect(page.locator("#notice")).to_contain_text("AWS cannot be reached: no route to host.")
    expect(page.locator("#freshness")).to_have_text(re.compile(r"^\d+ s old$"))
    picture(page, "console-lost")
    for name in ("Close colors", "Reset… colors", "Open encore"):
        expect(button(page, name)).to_have_attribute("aria-disabled", "true")
    button(page, "Close colors").press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    desk.is_cut = False

    expect(page.locator("#freshness")).to_have_text("Live")
    expect(button(page, "Close colors")).to_have_attribute("aria-disabled", "false")


def test_production_is_red_reads_only_if_wanted_and_lets_nobody_else_in(
    desk: TestedDesk, open_console: OpenConsole, picture: Picture
) -> None:
    """The address works once; a reload goes on."""
    desk.stack = replace(desk.stack, stage="prod", name="VoteApp-prod")
    with running_console(desk, read_only=True) as console:
        page = open_console(console.guard.address)
        expect(page.locator(".top .stage")).to_have_text("PROD")
        page.reload()
        expect(page.locator("#who")).to_contain_text("read only")
        expect(page.locator("#freshness")).to_have_text("Live")
        picture(page, "console-production")
        stranger = open_console(console.guard.address, allow="401")
        expect(stranger.locator("#message")).to_contain_text("This address was used already")

        assert page.url == f"{console.url}/"
        expect(page.locator(".buttons:visible")).to_have_count(0)
        red = page.locator(".top .stage").evaluate("e => getComputedStyle(e).backgroundColor")
        assert red == "rgb(255, 122, 102)"
        assert page.title().startswith("PROD")
        expect(stranger.locator(".poll")).to_have_count(0)
        for one in (page, stranger):
            one.close()  # before the server ends
