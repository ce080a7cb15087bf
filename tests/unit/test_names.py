"""Names and keywords that would be confused: in one poll, or on one number."""

from dataclasses import replace

import pytest

from services.polls.definition import parse_poll, refuse_clashes
from services.polls.names import check_name_conflicts, check_names
from services.voting.errors import PollFileError
from services.voting.poll import Choice, Poll
from tests.support.polls import NOON, a_poll


def complaints(poll: Poll) -> list[str]:
    """The problems with the names of one poll, as text."""
    return [str(problem) for problem in check_names(poll)]


def choices(*labels: str, words: tuple[str, ...] = ()) -> tuple[Choice, ...]:
    """Choices A, B, C … with these labels; the first has the words."""
    first, *others = [Choice(key=chr(65 + n), label=label) for n, label in enumerate(labels)]
    return (replace(first, words=words), *others)


@pytest.mark.parametrize(
    ("keyword", "complaint"),
    [
        ("stop", "carriers answer this word themselves; take another"),
        ("_", "name it with letters or digits"),
        ("Red", "A already answers to it; take another"),
        ("2", "B already answers to it; take another"),
        ("song", "the name 'Song One' begins with it; take another"),
        ("SONG", "the name 'Song One' begins with it; take another"),
        ("night", "the name 'night: train' begins with it; take another"),
        ("vote", "texts such as VOTE RED begin with it; take another"),
        ("I", "texts such as I VOTE FOR RED begin with it; take another"),
        ("\ufdfa", "write it as one word"),
    ],
)
def test_a_keyword_is_no_name_and_no_first_word_of_one(keyword: str, complaint: str) -> None:
    """Otherwise a text could mean the poll or one of its choices."""
    named = choices("Red", "Song One", "Blue", words=("night: train",))

    (found,) = complaints(a_poll(keyword=keyword, choices=named))

    assert found == f"keyword: {keyword!r}: {complaint}"


@pytest.mark.parametrize("keyword", ["on", "son", "songs", "one", "train", "for", "4", "red1"])
def test_a_keyword_may_be_like_a_name(keyword: str) -> None:
    """It is allowed if no name begins with it."""
    named = choices("Red", "Song One", "Blue", words=("night train",))

    assert complaints(a_poll(keyword=keyword, choices=named)) == []


@pytest.mark.parametrize("word", ["2", "#2", "2\ufe0f\u20e3", "２", "vote 2", "Vote for 3"])
def test_a_word_is_not_the_place_of_another_choice(word: str) -> None:
    """A text "2" names the second choice."""
    owner = "C" if "3" in word else "B"

    (found,) = complaints(a_poll(choices=choices("Red", "Green", "Blue", words=(word,))))

    assert found == (
        f"choices[0].words: {word!r}: it is the place of {owner} in ballot order; take another"
    )


@pytest.mark.parametrize("word", ["1", "vote 1", "4", "12", "two", "2 fast"])
def test_a_word_may_be_the_choice_s_own_place_or_nobody_s(word: str) -> None:
    """Then there is no conflict."""
    assert complaints(a_poll(choices=choices("Red", "Green", "Blue", words=(word,)))) == []


@pytest.mark.parametrize(
    ("labels", "value"),
    [
        (("Red", "RED!"), "RED!"),
        (("Red", "Vote red"), "Vote red"),
        (("I vote for red", "Red"), "Red"),
        (("For Red", "Red"), "Red"),
        (("For", "Vote for"), "Vote for"),
    ],
)
def test_two_choices_are_told_apart_with_vote_for_and_without(
    labels: tuple[str, str], value: str
) -> None:
    """A text "vote for red" must name one choice only."""
    (found,) = complaints(a_poll(choices=choices(*labels)))

    assert found == f"choices[1].label: {value!r}: A already answers to it; take another"


NUMBER, OTHER = "+15550100111", "+15550100122"


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ({}, {}, True),
        ({"numbers": (NUMBER,)}, {}, True),
        ({"numbers": (NUMBER,)}, {"numbers": (OTHER, NUMBER)}, True),
        ({"numbers": (NUMBER,)}, {"numbers": (OTHER,)}, False),
        ({"closes_at_ms": NOON}, {"opens_at_ms": NOON}, False),
        ({"closes_at_ms": NOON + 1}, {"opens_at_ms": NOON}, True),
        ({"opens_at_ms": NOON}, {"closes_at_ms": NOON}, False),
        ({"closes_at_ms": NOON}, {}, True),
    ],
)
def test_polls_clash_on_one_number_at_one_time(
    one: dict[str, object],
    other: dict[str, object],
    clash: bool,  # noqa: FBT001
) -> None:
    """Polls at different times may have the same names."""
    polls = [a_poll(id="a", **one), a_poll(id="b", **other)]

    found = list(check_name_conflicts(polls))

    assert [(poll.id, p.key) for poll, p in found] == (
        [("b", f"choices[{n}].key") for n in range(3)] if clash else []
    )


def test_keywords_clash_with_words_and_with_each_other() -> None:
    """A text that begins with a keyword must belong to one poll."""
    trees = (Choice(key="OAK", label="Oak"), Choice(key="TREE", label="Tree"))
    one = a_poll(id="a", keyword="tree")
    other = a_poll(id="b", keyword="tree", choices=trees)

    problems = [problem for _, problem in check_name_conflicts([other, one])]

    assert [(p.key, p.value) for p in problems] == [
        ("choices[1].key", "TREE"),
        ("keyword", "tree"),
    ]
    assert "poll 'a'" in problems[0].remedy


BANDS = a_poll(id="bands", choices=choices("Big Red", "Cold Blue"))
TREES = (Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "trees", "keyword": "big"}, "poll 'bands', open on the same number at the same time, has the name 'Big Red', which begins with it; take another keyword"),
        ({"id": "trees", "keyword": "2"}, "poll 'bands', open on the same number at the same time, answers to it too; take another keyword"),
    ],
)  # fmt: skip
def test_a_keyword_is_no_first_word_and_no_place_of_another_poll(
    changes: dict[str, object], complaint: str
) -> None:
    """Otherwise its texts would match both polls."""
    trees = a_poll(choices=TREES, **changes)

    assert [(poll.id, str(problem)) for poll, problem in check_name_conflicts([trees, BANDS])] == [
        ("trees", f"keyword: {trees.keyword!r}: {complaint}")
    ]


@pytest.mark.parametrize(
    ("labels", "value", "remedy"),
    [
        (("Acorn tree", "Ash"), "Acorn tree", "takes every text that begins with its keyword 'acorn'"),
        (("2", "Ash"), "2", "answers to it too"),
        (("Oak", "vote for 1"), "vote for 1", "answers to it too"),
        (("vote cold blue", "Ash"), "vote cold blue", "answers to it too"),
    ],
)  # fmt: skip
def test_a_name_is_nothing_that_another_poll_hears(
    labels: tuple[str, str], value: str, remedy: str
) -> None:
    """It must not match the other poll by keyword or by place."""
    bands = replace(BANDS, keyword="acorn")
    keys = ("OAK", "ASH")
    named = tuple(Choice(key=key, label=label) for key, label in zip(keys, labels, strict=True))

    ((poll, problem),) = check_name_conflicts([bands, a_poll(id="trees", choices=named)])

    assert (poll.id, problem.value) == ("trees", value)
    assert problem.remedy.startswith("poll 'bands', open on the same number at the same time, ")
    assert remedy in problem.remedy


def test_a_name_that_is_a_place_in_a_later_poll_is_told_of_its_own_poll() -> None:
    """The problem is reported for the poll whose name must change."""
    years = a_poll(id="a-year", choices=choices("1999", "2"))
    places = replace(years, choices=(years.choices[1], years.choices[0]))

    ((poll, problem),) = check_name_conflicts([places, a_poll(id="b", choices=TREES)])

    assert (poll.id, problem.key, problem.value) == ("a-year", "choices[0].label", "2")
    assert "poll 'b'" in problem.remedy
    assert "has a choice in that place" in problem.remedy


@pytest.mark.parametrize(
    "changes",
    [{"numbers": (OTHER,)}, {"opens_at_ms": NOON + 2}, {"closes_at_ms": NOON - 2}],
)
def test_polls_that_cannot_meet_may_have_each_other_s_words(changes: dict[str, object]) -> None:
    """They are on other numbers or open at other times."""
    bands = replace(BANDS, numbers=(NUMBER,), opens_at_ms=NOON - 1, closes_at_ms=NOON + 1)
    trees = a_poll(id="trees", keyword="big", choices=TREES, **changes)

    assert list(check_name_conflicts([bands, trees])) == []


def test_a_keyword_that_eats_a_label_is_refused_when_polls_are_applied() -> None:
    """The error has file, line, key, value and remedy."""
    toml = 'question = "?"\n%s\n[[choices]]\nkey = "%s"\nlabel = "%s"\n[[choices]]\nkey = "%s"\nlabel = "%s"\n'
    bands = parse_poll(toml % ("", "BB", "Big Red", "CC", "Cold"), source="bands.toml")
    trees = parse_poll(toml % ('keyword = "big"', "OAK", "Oak", "ASH", "Ash"), source="trees.toml")

    with pytest.raises(PollFileError, match=r"^polls/trees\.toml:2: keyword: 'big': poll 'bands'"):
        refuse_clashes([bands, trees])
