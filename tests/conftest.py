"""For all tests: the local cloud, brought up once, their order, and who shares a worker."""

import os
from functools import cache
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# The tests make thousands of AWS clients; each session would read the services' models anew.
botocore.session.create_loader = cache(botocore.loaders.create_loader)

# CDK's own validation takes as long as the rest of a synthesis; one test asks for it.
os.environ["CDK_VALIDATION"] = "false"

pytest_plugins = ("tests.support.cloud",)

_TESTS = Path(__file__).parent
_FIRST = ("deploy", "cloud", "lab", "proof/test_schedules.py", "infra")
"""The groups that take longest begin first."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Screenshots take a minute and are for people only."""
    parser.addoption("--pictures", action="store_true", help="take screenshots of the pages")


class ByWhatTheyShare(LoadScopeScheduling):  # type: ignore[misc]
    """With several workers (`-n 2`), tests that share what is costly to bring up share a worker."""

    def _split_scope(self, nodeid: str) -> str:
        group = _group(_TESTS.parent / nodeid.partition("::")[0])
        return "cloud" if group == "lab" else group


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByWhatTheyShare:
    """In the order of the tests: the one below."""
    config.option.loadscopereorder = False
    return ByWhatTheyShare(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest groups begin first; the short files at the end keep both workers busy."""
    items.sort(key=lambda item: _place(item.path))


@cache
def _group(file: Path) -> str:
    """The deployments, the templates, the local cloud, its lab; else every file is a group."""
    path = file.relative_to(_TESTS)
    if path.parts[:2] == ("integration", "deploy"):
        return "deploy"
    if path.parts[0] == "infra":
        return "infra"
    text = file.read_text("utf-8")
    if "pytest.mark.cloud" not in text:
        return str(path)
    return "lab" if "cloud.lab" in text or "wait_until_settled" in text else "cloud"


@cache
def _place(file: Path) -> int:
    """Tests of the lab come after the others on a local cloud: its poll and its texts stay there."""
    group = _group(file)
    return _FIRST.index(group) if group in _FIRST else len(_FIRST)
