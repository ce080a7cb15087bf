"""Compiles every `.in` file to its lock: `python -m tests.locks.renew [--upgrade]`.

Versions that a lock already has are kept, unless the `.in` file or `--upgrade` says otherwise.
"""

import shutil
import subprocess
import sys

from tests.locks.lockfiles import EMULATOR, EVERYTHING, LOCKS, ROOT, source_of

_OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
    *("--custom-compile-command", "make lock"),
)


def main(arguments: list[str]) -> None:
    """Compile them in order; the exit code is that of the first that fails."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is not on the path: run make lock, which installs it")
    for lock in LOCKS:
        same = [] if lock in {EVERYTHING, EMULATOR} else ["--constraint", EVERYTHING]
        command = [uv, "pip", "compile", *_OPTIONS, *arguments, *same, source_of(lock)]
        done = subprocess.run([*command, "--output-file", lock], cwd=ROOT, check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
