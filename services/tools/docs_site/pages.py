"""Gathers the Markdown files of the repository as the pages of the site."""

import re
import shutil
from pathlib import Path
from typing import Final

from services.tools.docs_site.links import LinkRewriter
from services.tools.docs_site.lists import indent_list_items

CONFIG: Final = "docs/zensical.toml"
_TOP: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "dashboard/README.md": "dashboard.md",
    "docs/adr/README.md": "adr/index.md",
}
_APPS: Final = {"docs/break-our-count/README.md": "break-our-count/index.html"}
"""Files that describe an app, and the app, to which links to them lead on the site."""
_NAV_PAGE: Final = re.compile(r'= "(?P<page>[\w./-]+\.md)"\},?$')


def find_pages(root: Path) -> dict[str, str]:
    """Return the page of each Markdown file, and the place of each picture, by path."""
    docs = {
        file.relative_to(root).as_posix(): file.relative_to(root / "docs").as_posix()
        for pattern in ("*.md", "adr/*.md", "images/*")
        for file in sorted((root / "docs").glob(pattern))
    }
    return docs | _TOP


def gather_pages(root: Path, folder: Path, *, repository: str, site_url: str) -> None:
    """Write the configuration and the pages, with their links rewritten, to a new folder.

    Raises:
        BrokenLinkError: a relative link leads to no file.
    """
    pages = find_pages(root)
    rewriter = LinkRewriter(root=root, pages=pages | _APPS, repository=repository)
    for source, page in pages.items():
        target = folder / "docs" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.endswith(".md"):
            text = (root / source).read_text(encoding="utf-8")
            text = indent_list_items(rewriter.rewrite(source, text))
            target.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(root / source, target)
    shutil.copyfile(root / "docs/site.css", folder / "docs/site.css")
    config = (root / CONFIG).read_text(encoding="utf-8")
    known = set(pages.values())
    config = _without_missing_pages(config, known)
    if site_url:
        config = config.replace("[project]\n", f'[project]\nsite_url = "{site_url}"\n', 1)
    (folder / "zensical.toml").write_text(config, encoding="utf-8")


def _without_missing_pages(config: str, known: set[str]) -> str:
    """Return the configuration without the entries of `nav` whose pages do not exist."""
    return "".join(
        line
        for line in config.splitlines(keepends=True)
        if not (entry := _NAV_PAGE.search(line.rstrip())) or entry["page"] in known
    )
