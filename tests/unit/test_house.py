"""Who may import whom: the walls between the folders, and no circle between files."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from services.voting import schema

ROOT = Path(__file__).parents[2]
ROOTS = ("services", "lambdas", "infra")

CORE = ("services.voting",)
POLLS = (*CORE, "services.polls")
ADAPTERS = (*POLLS, "services.adapters", "services.settings")
TOOLS = (*ADAPTERS, "services.webhook", "services.late", "services.selftest", "services.tools")

ALLOWED = {
    "services/voting": CORE,
    "services/polls": POLLS,
    "services/adapters": ADAPTERS,
    "services/webhook": (*ADAPTERS, "services.webhook"),
    "services/late": (*ADAPTERS, "services.late"),
    "services/selftest": (*ADAPTERS, "services.selftest"),
    "services/tools": TOOLS,
    "services/cli": (*TOOLS, "services.cli"),
    "lambdas/webhook": ("services.webhook",),
    "lambdas/aggregator": (*CORE, "services.adapters", "services.settings", "lambdas.aggregator"),
    "lambdas/polls": (*ADAPTERS, "lambdas.polls"),
    "lambdas/replayer": (*ADAPTERS, "services.late", "lambdas.replayer"),
    "lambdas/reconciler": (*ADAPTERS, "services.late", "lambdas.reconciler"),
    "lambdas/merger": (*ADAPTERS, "lambdas.merger"),
    "lambdas/canary": (*ADAPTERS, "services.selftest", "lambdas.canary"),
    "lambdas/reader": (*ADAPTERS, "lambdas.reader"),
    "infra": (
        "services.voting.schema",
        "services.voting.probe_names",
        "services.voting.addresses",
        "services.voting.gsm",
        "services.settings",
        "services.tools.capacity.limits",
        "infra",
    ),
}
SEAMS = {
    # The replay counts with the aggregator that is deployed, not with one of its own.
    ("services.tools.replay.algorithms", "lambdas.aggregator.batch"),
    ("services.tools.replay.algorithms", "lambdas.aggregator.records"),
    ("services.tools.replay.deployed", "lambdas.aggregator.handler"),
    ("services.tools.replay.rules_only", "lambdas.aggregator.batch"),
}
SIMULATIONS = {
    "services.tools.demo",
    "services.tools.lab",
    "services.tools.local",
    "services.tools.replay",
}
COMMANDS_OF_SIMULATIONS = {"app", "evening", "lab", "local", "replay"}
LOCAL_OPTION = "services.cli.deployment"
"""`--local` finds a running demo: its addresses, and the emulator's client."""


@cache
def modules() -> dict[str, Path]:
    """Every module by its name, packages without `__init__`."""
    paths = [path for name in ROOTS for path in (ROOT / name).rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(paths)
        if "node_modules" not in path.parts
    }


def names_in(path: Path) -> Iterator[str]:
    """Everything that a file imports, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def graph() -> dict[str, set[str]]:
    """For every module of ours those of ours that it imports, in functions as well."""
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        names = {name if name in modules() else name.rpartition(".")[0] for name in names_in(path)}
        found[module] = {name for name in names if name in modules()} - {module}
    return found


def below(folder: str) -> list[str]:
    """The modules in a folder."""
    package = folder.replace("/", ".")
    return [name for name in modules() if name == package or name.startswith(f"{package}.")]


@pytest.mark.parametrize("folder", ["services/voting", "services/polls"])
def test_the_rules_import_the_standard_library_and_themselves_only(folder: str) -> None:
    """They can be read, tested and trusted without any framework."""
    foreign = [
        (module, name)
        for module in below(folder)
        for name in names_in(modules()[module])
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "services"}
    ]

    assert below(folder)
    assert foreign == []


@pytest.mark.parametrize("folder", ALLOWED)
def test_dependencies_point_inward(folder: str) -> None:
    """A folder knows only the folders further in; what is deployed knows no tool."""
    crossing = {
        (module, name)
        for module in below(folder)
        for name in graph()[module]
        if not any(name == wall or name.startswith(f"{wall}.") for wall in ALLOWED[folder])
    }

    assert below(folder)
    assert crossing - SEAMS == set()


def test_the_named_seams_are_used() -> None:
    """One that is not is taken out of the list."""
    assert {(a, b) for a, b in SEAMS if b in graph().get(a, ())} == SEAMS


def test_what_an_operator_runs_on_aws_needs_no_part_of_a_demo() -> None:
    """Neither the commands nor anything that they import, but for the option `--local`."""
    simulating = {f"services.cli.{name}" for name in COMMANDS_OF_SIMULATIONS}
    waiting = [
        *(set(below("services/cli")) - simulating - {"services.cli", "services.cli.__main__"})
    ]
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        seen.add(module)
        imported = graph()[module]
        if module == LOCAL_OPTION:
            imported = {name for name in imported if not name.startswith("services.tools.local.")}
        waiting += imported - seen

    assert {"services.cli.checks", "services.cli.audit", "services.cli.text"} <= seen
    assert {package_of(name) for name in seen} & SIMULATIONS == set()


def test_every_folder_has_its_walls() -> None:
    """A new package is held to a rule, too."""
    folders = {
        name
        for root in ROOTS[:2]
        for path in (ROOT / root).iterdir()
        if path.is_dir() and path.name != "__pycache__"
        for name in [f"{root}/{path.name}"]
    }

    assert folders == {name for name in ALLOWED if name != "infra"}


def test_no_files_import_each_other_in_a_circle() -> None:
    """Each can be understood with those below it alone."""
    try:
        order = list(TopologicalSorter(graph()).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))

    assert set(order) == set(modules())


def test_no_packages_import_each_other_in_a_circle() -> None:
    """Of the tools each is a package of its own."""
    packages: dict[str, set[str]] = {}
    for module, imported in graph().items():
        mine = package_of(module)
        packages.setdefault(mine, set()).update(map(package_of, imported))
    for name, imported in packages.items():
        imported.discard(name)
    try:
        order = list(TopologicalSorter(packages).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))

    assert "services.tools.local" in order


def package_of(module: str) -> str:
    """The folder that a module belongs to, as far as the walls go."""
    parts = module.split(".")
    return ".".join(parts[:3] if parts[:2] == ["services", "tools"] else parts[:2])


NAMES = {
    name
    for constant, name in vars(schema).items()
    if constant.isupper() and isinstance(name, str) and name.isidentifier()
}
ALSO_WORDS = {
    # Words of other formats: Lambda's and Twilio's, a status, a public JSON, the notes beside an export.
    "lambdas/aggregator/batch.py": {"state"},
    "lambdas/reader/document.py": {
        "at", "ballots", "choices", "digest", "number", "policy", "poll", "question", "round", "state",
        "voters",
    },
    "services/adapters/event_source.py": {"missing"},
    "services/adapters/twilio/numbers.py": {"number"},
    "services/tools/operations/exports.py": {"digest", "round", "voters"},
}  # fmt: skip
READERS = ("services/adapters", "services/tools/operations", "lambdas")


def attributes_in(path: Path) -> set[str]:
    """The attributes that the strings of a file spell, in expressions as well."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        word
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        for word in spelled_in(node.value)
    }


def spelled_in(text: str) -> set[str]:
    """A whole string that is an attribute, or the attributes of an expression without : or #."""
    if text in NAMES:
        return {text}
    is_expression = re.search(r"[=<>(] ?:|attribute_|SET |ADD ", text) is not None
    return NAMES & set(re.findall(r"(?<![:#\w])\w+", text)) if is_expression else set()


def test_only_the_schema_spells_an_attribute() -> None:
    """One place to look up what an item holds, and to change it."""
    spelled = {
        str(path.relative_to(ROOT)): found - ALSO_WORDS.get(str(path.relative_to(ROOT)), set())
        for folder in READERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (found := attributes_in(path))
    }

    assert {"picks", "sids", "wm", "heard_until", "certified_at", "gone"} <= NAMES
    assert {path: names for path, names in spelled.items() if names} == {}


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("picks", {"picks"}),
        ("writes = :expected", {"writes"}),
        ("attribute_not_exists(wm) OR wm < :first", {"wm"}),
        ("SET certified_at = :certified_at ADD revision :one", {"certified_at", "revision"}),
        ("#round = :round AND #state = :state", set()),
        ("the round has picks", set()),
    ],
)
def test_a_spelled_attribute_is_found(text: str, attributes: set[str]) -> None:
    """As a whole string, and in an expression, but not in a sentence."""
    assert spelled_in(text) == attributes
