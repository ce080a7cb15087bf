"""Builds the docs site: `python -m services.tools.docs_site.build FOLDER [--serve]`.

Zensical checks every link and anchor between the pages, and the build fails at the first wrong
one. In a workflow, GITHUB_* says where files of the repository can be read.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from services.tools.docs_site.break_page import NotInstalledError, gather_break_page
from services.tools.docs_site.links import BrokenLinkError
from services.tools.docs_site.pages import gather_pages

ROOT: Final = Path(__file__).parents[3]
_PORT: Final = 8090


class SiteError(Exception):
    """Zensical found a mistake; the message is what it printed."""


def build_site(root: Path, target: Path, *, repository: str = "", site_url: str = "") -> None:
    """Build the whole site in a folder, in place of what was there.

    Raises:
        BrokenLinkError, SiteError: a link or an anchor leads nowhere.
        NotInstalledError: the npm packages of "Break our count" are missing.
    """
    with TemporaryDirectory(prefix="voteapp-docs-") as name:
        folder = Path(name)
        gather_pages(root, folder, repository=repository, site_url=site_url)
        gather_break_page(root, folder / "docs/break-our-count")
        run_zensical(folder)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder / "site", target)


def run_zensical(folder: Path) -> None:
    """Build the pages of a folder with its zensical.toml.

    Raises:
        SiteError: a link or an anchor leads nowhere.
    """
    command = [sys.executable, "-m", "zensical", "build", "--strict", "-f", "zensical.toml"]
    done = subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SiteError(f"{done.stdout}\n{done.stderr.partition('Traceback')[0]}")


def repository_address(environ: Mapping[str, str]) -> str:
    """Return where a workflow's files can be read, or nothing outside of a workflow."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    server, repository, commit = (environ.get(name, "") for name in names)
    return f"{server}/{repository}/blob/{commit}" if server and repository and commit else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Build; with `--serve`, serve the site on this machine until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--serve", action="store_true", help=f"on port {_PORT} of this machine")
    options = parser.parse_args(argv)
    try:
        build_site(
            ROOT,
            options.folder,
            repository=repository_address(os.environ),
            site_url=os.environ.get("SITE_URL", ""),
        )
    except (BrokenLinkError, NotInstalledError, SiteError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{options.folder}/index.html\n")
    if options.serve:
        _serve(options.folder)
    return 0


def _serve(folder: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", _PORT), handler) as server:
        sys.stdout.write(f"http://127.0.0.1:{_PORT}/  (Ctrl-C stops it)\n")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    sys.exit(main())
