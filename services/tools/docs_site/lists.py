"""Indents what belongs to a list item by four columns.

GitHub accepts the width of the item's marker; the site's Markdown parser wants four columns
(Python-Markdown, "Indentation / Tab length").
"""

import re
from typing import Final

_ITEM: Final = re.compile(r"(?P<marker>[-*] |\d+\. )")
_FENCE: Final = re.compile(r"```|~~~")
_COLUMNS: Final = 4


def indent_list_items(text: str) -> str:
    """Return the text with every continuation of a list item indented by four columns."""
    width = 0
    in_fence = False
    lines = []
    for line in text.splitlines(keepends=True):
        if _FENCE.match(line):
            in_fence = not in_fence
        elif in_fence:
            pass
        elif item := _ITEM.match(line):
            width = len(item["marker"])
        elif line.strip() and not line.startswith(" " * max(width, 1)):
            width = 0
        elif width and line.strip():
            lines.append(" " * _COLUMNS + line[width:])
            continue
        lines.append(line)
    return "".join(lines)
