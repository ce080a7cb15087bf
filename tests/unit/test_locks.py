"""Every dependency is locked with hashes, and a lock that drifted from its source is named."""

import shutil
from pathlib import Path

import pytest

from tests.locks.audit import problems

ROOT = Path(__file__).parents[2]
FILES = sorted(
    file.relative_to(ROOT)
    for folder in (
        "",
        "docs/**",
        "infra",
        "setup",
        "dashboard",
        "services/**",
        "lambdas/**",
        "tests/**",
    )
    for name in ("*requirements.in", "*requirements.txt", "package.json", "package-lock.json")
    for file in ROOT.glob(f"{folder}/{name}".lstrip("/"))
    if "node_modules" not in file.parts
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of all locks and of what they are made from."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def replace(file: Path, old: str, new: str) -> None:
    """Change the first of some words in a file that has them."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_locks_of_the_project_are_in_order() -> None:
    """The same check as `make audit`."""
    assert problems() == []


def test_every_requirements_file_is_audited(checkout: Path) -> None:
    """A new one would otherwise be installed unchecked."""
    sources = [file for file in FILES if file.suffix == ".in"]
    for source in sources:
        (checkout / source).write_text("voteapp-unheard-of==1.0\n")
    missed = [
        source for source in sources if source.parent != Path("tests")
        and not any(p.startswith(str(source.with_suffix(".txt"))) for p in problems(checkout))
    ]  # fmt: skip

    assert len(sources) >= 12
    assert missed == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("services/requirements.in", "fastapi==", "fastapi==9", "services/requirements.in wants fastapi==9"),
        ("services/requirements.in", "mangum==", "# mangum==", "mangum is there for -r services/requirements.in"),
        ("services/requirements.in", "mangum==0", "mangum>=0", "does not pin one version"),
        ("infra/requirements.in", "constructs==", "left-pad==1.0\nconstructs==", "wants left-pad==1.0"),
        ("services/requirements.txt", "starlette==", "starlette==9", "services/requirements.txt: starlette 9"),
        ("lambdas/webhook/requirements.txt", "mangum==", "--index-url https://example.com\nmangum==", "cannot be read"),
        ("lambdas/webhook/requirements.txt", "#    make lock", "#    make lock https://example.com", "names a registry"),
        ("services/tools/local/set-up-requirements.txt", "--hash=sha256:", "--hash=md5:", "cannot be read"),
        ("services/tools/local/set-up-requirements.txt", "uv==", "left-pad==1.0\nuv==", "left-pad has no hash"),
        ("services/tools/local/set-up-requirements.txt", "uv==", "left-pad==1.0\nuv==", "nothing asks for left-pad"),
        ("dashboard/package.json", '"lean-qr": "', '"lean-qr": "9', "its dependencies are not those of package.json"),
        ("infra/package-lock.json", '"integrity"', '"tested"', "has no hash"),
        ("infra/package-lock.json", '"integrity"', '"resolved": "https://example.com", "integrity"', "names a registry"),
    ],
)  # fmt: skip
def test_a_lock_that_drifted_is_named(
    checkout: Path, file: str, old: str, new: str, problem: str
) -> None:
    """Whoever changes one file and forgets the other is told before the next install."""
    replace(checkout / file, old, new)

    assert [found for found in problems(checkout) if problem in found]


def test_the_makefile_installs_nothing_without_hashes() -> None:
    """Neither pip nor uv; the project itself is installed without its dependencies."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    installs = [line for line in lines if "$(call install" in line or "pip install -q" in line]

    assert len(installs) >= 7
    assert all(
        "$(LOCKED)" in line or "--no-deps -e ." in line or "$(2)" in line for line in installs
    )
    assert "LOCKED := --require-hashes -r\n" in text
    assert "npm install" not in text
