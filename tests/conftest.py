"""For all tests: the local cloud, brought up once, and an order in which they get along."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = ("tests.support.cloud",)

_TESTS = Path(__file__).parent
_FIRST = ("cloud", "deploy")
"""The groups that take longest begin first."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """With several workers, tests that share what is costly to bring up go to one of them."""
    item.add_marker(pytest.mark.xdist_group(_group(item)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright leaves an event loop running in this thread.

    An asynchronous test after them could not start one of its own, nor could a second
    Playwright: the tests that drive one of their own come before those that share one.
    """
    items.sort(key=_place)


def _group(item: pytest.Item) -> str:
    """The deployments are one group each; every other file is a group of its own."""
    path = item.path.relative_to(_TESTS)
    if path.parts[:2] == ("integration", "deploy"):
        return "deploy"
    is_cloud = item.get_closest_marker("cloud") and path.parts[0] != "browser"
    return "cloud" if is_cloud else str(path)


def _place(item: pytest.Item) -> int:
    if item.path.relative_to(_TESTS).parts[0] == "browser":
        return 4
    if item.get_closest_marker("browser"):
        return 3
    group = _group(item)
    return _FIRST.index(group) if group in _FIRST else 2
