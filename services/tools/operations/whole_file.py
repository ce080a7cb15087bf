"""Replaces a file whole: a reader sees the old content or the new content, never half of it."""

import os
import shutil
from contextlib import suppress
from pathlib import Path


def replace_file(target: Path, content: bytes, *, draft: Path) -> None:
    """Write `content` to `draft`, then rename it to `target`; both must lie in one folder.

    The content is on the disk before the name changes (rename(2), fsync(2)); the permissions
    stay those of the old file. The caller names
    the draft: a fixed name leaves nothing behind after a kill, because the next call writes it
    again; a name of one process's own lets two processes write the same target.

    Raises:
        OSError: the draft cannot be written; the target is as it was, and the draft is gone.
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
