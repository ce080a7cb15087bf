"""Rewrites the links of a Markdown file for the place that its page has in the site.

A link to another page leads to that page; one to any other file of the repository leads to the
repository's address, or becomes plain text where none is known.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

# Code spans are matched first, so that what looks like a link in them stays as it is.
_SPAN_OR_LINK: Final = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<before>\]\(|\b(?:src|srcset)=\")(?P<target>[^()\s\"]+)(?P<after>\)|\")",
    re.DOTALL,
)
_FENCE: Final = re.compile(r"^ *(?:```|~~~)", re.MULTILINE)
_PLAIN: Final = re.compile(
    r"(?<!!)\[(?P<text>(?:!\[[^\]]*\]\([^)]*\)|[^\[\]`]|`[^`]*`)*)\]\(repository:[^()\s]+\)"
)
"""A link to a file of the repository, whose text may hold pictures and code."""


class BrokenLinkError(Exception):
    """A link leads to no file of the repository."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        super().__init__(f"{source}: leads nowhere: {target}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRewriter:
    """Knows which file of the repository became which page; all paths are relative, with `/`.

    `repository` is the address under which a path is shown, such as
    `https://github.com/OWNER/NAME/blob/COMMIT`, or empty.
    """

    root: Path
    pages: Mapping[str, str]
    repository: str = ""

    def rewrite(self, source: str, text: str) -> str:
        """Return the text of a file with its links rewritten.

        Raises:
            BrokenLinkError: a relative link leads to no file.
        """
        written: list[str] = []
        in_fence = False
        for part in re.split(r"(?m)(^ *(?:```|~~~).*\n?)", text):
            if _FENCE.match(part):
                in_fence = not in_fence
                written.append(part)
            else:
                written.append(part if in_fence else self._rewrite_prose(source, part))
        return "".join(written)

    def _rewrite_prose(self, source: str, text: str) -> str:
        def replaced(found: re.Match[str]) -> str:
            target = found["target"]
            if target is None:
                return found[0]
            return found["before"] + self._target(source, target) + found["after"]

        linked = _SPAN_OR_LINK.sub(replaced, text)
        if self.repository:
            return linked.replace("](repository:", f"]({self.repository}/")
        return _PLAIN.sub(lambda found: found["text"], linked)

    def _target(self, source: str, target: str) -> str:
        path, hash_sign, anchor = target.partition("#")
        if not path or ":" in path:
            return target
        folder = PurePosixPath(source).parent
        file = os.path.normpath(folder / path)
        if not (self.root / file).exists():
            raise BrokenLinkError(source, target)
        page = self.pages.get(file)
        if page is None:
            return f"repository:{file}"
        here = PurePosixPath(self.pages[source]).parent
        return os.path.relpath(page, here) + hash_sign + anchor
