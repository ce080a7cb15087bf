"""For all tests: the local cloud, brought up once, and an order in which they get along."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = ("tests.support.cloud",)

_SHARING = Path(__file__).parent / "browser"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright leaves an event loop running in this thread.

    An asynchronous test after them could not start one of its own, nor could a second
    Playwright: the tests that drive one of their own come before those that share one.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if not item.get_closest_marker("browser"):
        return 0
    return 2 if _SHARING in item.path.parents else 1
