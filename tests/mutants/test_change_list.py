"""The list of changes made by hand follows the code."""

import ast

from tests.mutants.by_hand import CHANGES, ROOT
from tests.mutants.change_list import check_texts, read_changes


def test_the_list_of_the_project_fits_its_code() -> None:
    """Each text is found once, each test's file is there, and Python reads what comes of it."""
    changes = read_changes(ROOT / CHANGES)
    check_texts(changes, ROOT)
    for change in changes:
        text = (ROOT / change.file).read_text(encoding="utf-8")
        if change.file.endswith(".py"):
            ast.parse(text.replace(change.search, change.replace))
        files = [ROOT / name.split("::")[0] for name in change.noticed_by]

        assert all(file.is_file() for file in files), f"{change.area}: {change.name}"
        assert change.search != change.replace, f"{change.area}: {change.name}"
