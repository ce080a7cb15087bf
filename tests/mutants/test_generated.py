"""mutmut's part of `make mutants`: the sample, the settings, and the percentage that fails."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.mutants.by_hand import ROOT
from tests.mutants.generated import (
    AREAS,
    Area,
    Equivalent,
    equivalent,
    misfits,
    sampled,
    settings,
    table,
)  # fmt: skip


def test_a_sample_stays_the_same_when_other_changes_appear_that_are_not_in_it() -> None:
    """It is chosen by the names alone."""
    names = [f"change_{number}" for number in range(100)]
    before = sampled(names, 10, "")
    missing = next(name for name in names if name not in before)
    after = sampled([name for name in names if name != missing], 10, "")

    assert len(before) == 10
    assert after == before
    assert sampled(names, 10, "another seed") != before
    assert sampled(names, None, "") == sorted(names)


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_the_files_and_tests_of_an_area_exist(area: Area) -> None:
    """A file that was renamed would leave the area in silence."""
    patterns = [name for name in (*area.files, *area.tests) if not any(ROOT.glob(name))]

    assert patterns == []


def test_the_settings_are_read_as_they_are_meant(tmp_path: Path) -> None:
    """Lists of mutmut's are lines."""
    file = tmp_path / "setup.cfg"
    file.write_text(settings(AREAS[0]), encoding="utf-8")
    parser = ConfigParser()
    parser.read(file)
    held = parser["mutmut"]

    assert held["only_mutate"].split() == list(AREAS[0].files)
    assert held["pytest_add_cli_args"].splitlines()[1:] == ["-k", "not emulator]"]


@pytest.mark.parametrize(("noticed", "is_enough"), [(95, True), (94, False)])
def test_below_95_percent_in_one_area_is_not_enough(noticed: int, is_enough: bool) -> None:  # noqa: FBT001
    """However well the others do."""
    weak = {f"change_{number}": number < noticed for number in range(100)}

    assert table({"strong": {"change": True}, "weak": weak})[1] is is_enough


def test_an_entry_excuses_the_very_change_that_it_holds_and_only_while_nobody_notices_it() -> None:
    """Otherwise it would hide another change, once the function is edited."""
    entry = Equivalent(change="", line="return 2", reason="It is never used.")
    excused = dict.fromkeys(("held", "noticed", "another", "elsewhere"), entry)
    lines = {
        "held": ["-    return 1", "+    return 2"],
        "another": ["-    return 1", "+    return 3"],
    }
    noticed = {"held": False, "noticed": True, "another": False, "not excused": False}

    assert list(misfits(noticed, excused, lines.__getitem__)) == [
        "another: equivalent.toml holds another line, now it is: return 3",
        "noticed: in equivalent.toml, but noticed: take it out of the list",
    ]


def test_every_equivalent_change_has_a_reason() -> None:
    """One plain sentence."""
    reasons = [one.reason for one in equivalent().values()]

    assert reasons
    assert [reason for reason in reasons if not reason.endswith(".")] == []
