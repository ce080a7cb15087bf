"""Replaces a file atomically: a reader sees the old or the new content, never a part."""

import os
import shutil
from contextlib import suppress
from pathlib import Path


def replace_file(target: Path, content: bytes, *, draft: Path) -> None:
    """Write `content` to `draft`, then rename it to `target` in the same folder.

    The content is flushed to disk before the rename (rename(2), fsync(2)); the permissions of the
    old file are kept. The caller chooses the draft's name: a fixed name is overwritten by the next
    call after a kill; a name per process lets two processes write the same target.

    Raises:
        OSError: the draft cannot be written; it is removed, and the target is unchanged.
    """
    try:
        with draft.open("wb") as file:
            with suppress(FileNotFoundError):
                shutil.copymode(target, draft)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
