"""Runs pytest in forks of a process that has imported the libraries, which takes most of the time.

A program of its own: the names of the libraries are its arguments. Each line of its standard
input asks for one run, and is answered with pytest's exit code, or with the negative number of
the signal that ended it. Files of the checkout are imported in the fork alone, so that each run
reads them as they are then. Forks share the Node process of the CDK, which answers one question
at a time: there is one fork at a time.
"""

import gc
import importlib
import json
import os
import signal
import sys
from typing import Final, NoReturn

QUIET: Final = ("-x", "-q", "-p", "no:cacheprovider")
FAILED: Final = 1


def import_libraries(names: list[str]) -> None:
    """Import what is installed. From then on no bytecode is written, of a changed file above all."""
    for name in names:
        importlib.import_module(name)
    gc.freeze()  # a fork need not look through them, which would copy their pages
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # of the processes that tests start


def run_tests(tests: list[str], timeout_seconds: float, output_file: str) -> int:
    """Exit code of pytest, or the negative number of the signal that ended it."""
    fork = os.fork()
    if not fork:
        _become_pytest(tests, timeout_seconds, output_file)
    _, status = os.waitpid(fork, 0)
    return os.waitstatus_to_exitcode(status)


def _become_pytest(tests: list[str], timeout_seconds: float, output_file: str) -> NoReturn:
    """Run pytest and end this process. The alarm ends it where a test hangs."""
    code = FAILED
    try:
        signal.setitimer(signal.ITIMER_REAL, timeout_seconds)
        output = os.open(output_file, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = importlib.import_module("pytest").main([*QUIET, *tests])
    finally:
        os._exit(code)  # what ends with the interpreter belongs to the process that was forked


def main() -> None:
    """Answer until the standard input ends."""
    import_libraries(sys.argv[1:])
    for line in sys.stdin:
        print(run_tests(**json.loads(line)), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
