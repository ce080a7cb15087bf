"""Every Query and Scan of DynamoDB, and what bounds the number of items that it reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[2]
ADAPTERS = "services/adapters/dynamodb"

SCREENS: Final = {
    "dashboard/src/source.js readView": "one item: the poll view",
    "dashboard/src/source.js readCounts": (
        "the current round: a row for each stream shard of the last three days, a base row, a"
        " correction and a certificate; at most 20 pages"
    ),
    f"{ADAPTERS}/tallies.py DynamoTallies._items": (
        "one round: a row for each stream shard of the last three days, a base row and a correction"
    ),
    f"{ADAPTERS}/public_boards.py DynamoPublicBoards._items": (
        "the current round, as a screen reads it; or one item: the poll view"
    ),
    f"{ADAPTERS}/former_rows.py FormerRows.tallies": (
        "one round: its rows under the keys of older versions; none is added any more but those"
        " that close a key, which are deleted with their rows"
    ),
}
"""What a screen, a command or a function reads while a poll is open, by the function."""

OTHERS: Final = {
    f"{ADAPTERS}/allow_lists.py PhoneListStore._items": "the phones on a list",
    f"{ADAPTERS}/directory_copy.py DirectoryCopy._items": "the directory, once, at a deploy",
    f"{ADAPTERS}/directory_reader.py DirectoryReader._rows": "polls, or rounds of a poll",
    f"{ADAPTERS}/erasure.py DynamoErasure.find": "the ballots of one phone in one round",
    f"{ADAPTERS}/expiry.py BallotExpiry._without_expiry": "the ballots of one shard of a round",
    f"{ADAPTERS}/merged_rows.py DynamoMergedRows._items": (
        "all rounds of one board, every night: a few rows each"
    ),
    f"{ADAPTERS}/operators_log.py DynamoOperatorsLog._items": "the commands on a poll",
    f"{ADAPTERS}/recounts.py DynamoRecounts.has_ballots": "one item of each shard of a round",
    f"{ADAPTERS}/recounts.py DynamoRecounts._pages": "the ballots of one shard of a round",
    "services/selftest/probe_poll.py DynamoProbePoll._delete_all": "what one self-test has written",
    "services/tools/rehearsal/poll.py RehearsalPoll._items": "what one rehearsal has written",
    "services/tools/doctor/guest.py check_reading": "one page of one board",
    "services/tools/doctor/guest.py _forbidden_calls": "nothing: each must be refused",
    "services/webhook/priming.py _use": "nothing: the request is not sent",
}
"""Everything else; none is in the way of a text or of a screen but the first page of polls."""

_READS = {"query", "scan"}


def reads_in_python() -> Iterator[str]:
    """Each place that calls Query or Scan, or makes a paginator of one."""
    for root in ("services", "lambdas", "infra"):
        for path in sorted((ROOT / root).rglob("*.py")):
            if "node_modules" not in path.parts:
                tree = ast.parse(path.read_text(encoding="utf-8"))
                for scope in _reading_scopes(tree, ()):
                    yield f"{path.relative_to(ROOT)} {scope}"


def _reading_scopes(node: ast.AST, scope: tuple[str, ...]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = (*scope, child.name)
        if isinstance(child, ast.Call) and _is_read(child):
            yield ".".join(scope)
        yield from _reading_scopes(child, inner)


def _is_read(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "get_paginator":
        return [ast.literal_eval(one) for one in call.args] in ([["query"], ["scan"]])
    return call.func.attr in _READS


def reads_in_the_page() -> Iterator[str]:
    """Each function of the page that calls `query` with an operator on the sort key."""
    for path in sorted((ROOT / "dashboard/src").glob("*.js")):
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"const (\w+) = async [^;]*?\bawait query\(poll", text):
            yield f"dashboard/src/{path.name} {found[1]}"


def test_every_read_names_what_bounds_it() -> None:
    """A read that is new needs a line here, and a bound that does not grow with time."""
    found = {*reads_in_python(), *reads_in_the_page()}

    assert found == {*SCREENS, *OTHERS}


def test_the_page_sends_queries_in_one_place() -> None:
    """So that none is missing above."""
    calls = [
        (path.name, line.strip())
        for path in sorted((ROOT / "dashboard/src").glob("*.js"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\.query\(|DynamoDB_20120810\.", line)
    ]

    assert [name for name, _ in calls] == ["source.js", "source.js"]
    assert "DynamoDB_20120810.Query" in calls[0][1]


def test_a_query_without_a_line_is_found() -> None:
    """By its function, also inside another one; another paginator is none of DynamoDB's."""
    tree = ast.parse(
        "class A:\n"
        "    def b(self):\n"
        "        self.client.get_paginator('query')\n"
        "        self.sns.get_paginator('list_topics')\n"
        "        def c():\n"
        "            client.scan()\n"
        "query(1)\n"
    )

    assert list(_reading_scopes(tree, ())) == ["A.b", "A.b.c"]
