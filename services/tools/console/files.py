"""The files of the console's page, served as they are: plain modules need no build.

They lie beside the dashboard's, whose colours and type they share, but are not part of its build:
no account's bucket has them. The font comes from the dashboard's packages, if they are installed.
"""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DASHBOARD: Final = Path(__file__).parents[3] / "dashboard"
_PAGE: Final = "console.html"
_SHARED: Final = tuple(
    f"src/{name}"
    for name in (
        "tokens.css",
        "dom.js",
        "palette.js",
        "percentages.js",
        "phase.js",
        "sentences.js",
        "theme.js",
    )
)
_FONT: Final = "@fontsource-variable/inter"
_FONT_STYLE: Final = f"src/{_FONT}/wght.css"


def page_files(dashboard: Path = DASHBOARD) -> Mapping[str, Path]:
    """Every file of the page by its path; nothing else of the folder is served."""
    modules = sorted((dashboard / "src/console").glob("*.*"))
    own = [*modules, *(dashboard / name for name in _SHARED)]
    files = {path.relative_to(dashboard).as_posix(): path for path in own}
    package = dashboard / "node_modules" / _FONT
    fonts = sorted(package.glob("files/*wght-normal.woff2"))
    files |= {f"src/{_FONT}/files/{font.name}": font for font in fonts}
    return files | {
        "": dashboard / _PAGE,
        "favicon.svg": dashboard / "public/favicon.svg",
        _FONT_STYLE: package / "wght.css",
    }


def read_file(path: str, files: Mapping[str, Path]) -> tuple[bytes, str] | None:
    """The content and the media type of a file of the page, or None if there is none.

    Without the dashboard's packages the style of the font is empty, and the system's font is used.
    """
    if path not in files:
        return None
    file = files[path]
    if path == _FONT_STYLE and not file.exists():
        return b"", "text/css"
    return file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"
