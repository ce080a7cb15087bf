"""Packs the Python that the page "Break our count" runs: the modules it imports, as they are.

Imports within functions are left out: they are of the stores and servers that a browser has not.
"""

import ast
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ENTRY: Final = "services.tools.replay.break_our_count"
_OURS: Final = ("services", "lambdas")
_DATA: Final = ("services/tools/replay/data/polls/*.toml", "services/tools/replay/data/*.txt")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The same time in every archive: the same sources give the same bytes."""


def find_modules(root: Path, entry: str = ENTRY) -> dict[str, Path]:
    """Return the files of a module and of all modules of ours that it imports, by name."""
    found: dict[str, Path] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        path = _file_of(root, name)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_imports(path)]
    return found


def find_foreign_imports(modules: dict[str, Path]) -> set[str]:
    """Return the top-level names that the modules import and that are not ours."""
    names = {name.partition(".")[0] for path in modules.values() for name in _imports(path)}
    return names - set(_OURS)


def write_archive(root: Path, archive: Path) -> None:
    """Write the modules and their data to a zip file."""
    data = [file for pattern in _DATA for file in root.glob(pattern)]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted({*find_modules(root).values(), *data}):
            entry = zipfile.ZipInfo(file.relative_to(root).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, file.read_bytes())


def _file_of(root: Path, name: str) -> Path | None:
    if name.partition(".")[0] not in _OURS:
        return None
    path = root / name.replace(".", "/")
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    """Yield what a file imports when it is loaded, as dotted names."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_types(node):
            waiting += ast.iter_child_nodes(node)


def _is_types(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )
