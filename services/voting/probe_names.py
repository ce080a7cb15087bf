"""The polls that checks of a deployment make for themselves, for as long as a check runs.

They are in the directory like every poll, and are sealed, so no screen shows them. Deploys and
reconciliations leave them alone. Deploys also leave the poll of a demo's lab alone.
"""

from collections.abc import Collection
from typing import Final

DOCTOR_POLL: Final = "doctor-selftest"
CANARY_POLL: Final = "canary-selftest"
REHEARSAL_POLL: Final = "rehearsal-probe"
_PROBES: Final = frozenset({DOCTOR_POLL, CANARY_POLL, REHEARSAL_POLL})

LAB_POLL: Final = "lab"
LAB_NUMBER: Final = "+15550190100"


def is_lab(poll_id: str, numbers: Collection[str]) -> bool:
    """Return True for the poll of a demo's lab; its fictional number tells it from others."""
    return poll_id == LAB_POLL and LAB_NUMBER in numbers


def is_probe(poll_id: str) -> bool:
    """Return True if no person votes in this poll."""
    return poll_id in _PROBES
