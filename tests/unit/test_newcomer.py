"""What a visitor of the repository reads first is true."""

import hashlib
import re
import tomllib
from pathlib import Path

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def words_of(badge: str) -> str:
    """The words of a badge: of the picture in docs/images."""
    (title,) = re.findall(r"<title>(.*)</title>", (ROOT / f"docs/images/{badge}.svg").read_text())
    return str(title)


def test_the_licence_is_the_standard_text() -> None:
    """Only the line that names the holders is ours."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    standard = text.replace(
        "Copyright 2026 VoteApp contributors", "Copyright [yyyy] [name of copyright owner]"
    )

    assert "Copyright 2026 VoteApp contributors" in text
    assert hashlib.sha256(standard.encode()).hexdigest() == (
        "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    )


def test_the_badges_say_what_the_project_says() -> None:
    """They are pictures in the repository, so nothing else keeps them true."""
    shown = re.findall(r"\[!\[[^]]*\]\(docs/images/(\w+)\.svg\)\]", README)

    assert shown == ["licence", "python", "systems"]
    assert words_of("licence") == "licence: " + PROJECT["license"] == "licence: Apache-2.0"
    assert PROJECT["requires-python"] == ">=3.11"
    assert words_of("python") == "python: 3.11 or newer"
    assert words_of("systems") == "runs on: Linux, macOS"


def test_the_readme_says_which_systems_are_supported_and_why_not_others() -> None:
    """Process groups and file locks are used; the code has both."""
    section = README.partition("### Supported systems")[2].partition("\n## ")[0]
    tools = "\n".join(p.read_text() for p in (ROOT / "services/tools/local").glob("*.py"))

    assert {"Linux", "macOS", "Windows"} <= set(re.findall(r"^\| (\w+) \|", section, re.MULTILINE))
    assert "WSL" in section
    assert "fcntl" in section
    assert "fcntl.flock" in tools
    assert "os.killpg" in tools


def test_the_clip_is_ten_seconds_at_most_2_mb_and_a_picture_where_motion_is_not_wanted() -> None:
    """With words for those who do not see it, and a target that records it."""
    (still, clip, words) = re.findall(
        r'<source media="\(prefers-reduced-motion: reduce\)" srcset="(\S+)">\s*'
        r'<img src="(\S+)" width="960" height="540" alt="([^"]+)">',
        README.partition("## Two commands")[0],
    )[0]
    with Image.open(ROOT / clip) as pictures:
        assert isinstance(pictures, WebPImageFile)
        shown_ms = 0
        for place in range(pictures.n_frames):
            pictures.seek(place)
            pictures.load()
            shown_ms += pictures.info["duration"]

    assert pictures.size == (960, 540)
    assert 9_000 <= shown_ms <= 11_000
    assert (ROOT / clip).stat().st_size <= 2_000_000
    assert (ROOT / still).exists()
    assert len(words.split()) >= 10
    assert f"tests.support.clip {clip}" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_a_report_of_a_vulnerability_is_private() -> None:
    """The page says how to report, and what is in scope and what is not."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

    assert "private vulnerability reporting" in " ".join(text.split())
    assert "## In scope" in text
    assert "## Not in scope" in text
    assert "[SECURITY.md](SECURITY.md)" in README
