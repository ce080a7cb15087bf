"""The list of changes made by hand follows the code."""

import ast

from tests.mutants.by_hand import CHANGES, ROOT
from tests.mutants.change_list import check_texts, read_changes


def test_the_list_of_the_project_fits_its_code() -> None:
    """Each text is found once, each test is there, and Python reads what comes of it."""
    changes = read_changes(ROOT / CHANGES)
    check_texts(changes, ROOT)
    for change in changes:
        text = (ROOT / change.file).read_text(encoding="utf-8")
        if change.file.endswith(".py"):
            ast.parse(text.replace(change.search, change.replace))
        for name in change.noticed_by:
            file, _, test = name.partition("::")
            written = (ROOT / file).read_text(encoding="utf-8")

            assert test.partition("[")[0] in written, f"{change.area}: {change.name}: {name}"
        assert change.search != change.replace, f"{change.area}: {change.name}"
