"""The settings of the lab and their limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "texts_per_second": (0, 300),
    "write_capacity": (10, 3_000),
    "shards": (1, 100),
}


PLUG: Final = "plug_pulled"
"""The switch that cuts the store from the lab's webhook."""


class LabSettingError(ValueError):
    """A setting is unknown or out of its limits."""

    def __init__(self, name: str, value: object) -> None:
        low, high = LIMITS.get(name, (0, 0))
        takes = f"a whole number from {low} to {high}" if name in LIMITS else ", ".join(LIMITS)
        super().__init__(f"{name}: {value!r}: the lab takes {takes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """Texts a second, write units a second of the whole table, and shards of the poll.

    By default the table has four times the needed capacity, but the only shard can use just a
    tenth of it.
    """

    texts_per_second: int = 60
    write_capacity: int = 240
    shards: int = 1

    def changed(self, changes: Mapping[str, object]) -> "LabSettings":
        """Return a copy with these changes. Raises LabSettingError."""
        for name, value in changes.items():
            low, high = LIMITS.get(name, (1, 0))
            if type(value) is not int or not low <= value <= high:
                raise LabSettingError(name, value)
        return replace(self, **changes)  # type: ignore[arg-type]  # checked above


class LabPlugError(ValueError):
    """The plug cannot be changed so, or a setting cannot be changed while it is pulled."""


def plug_change(changes: Mapping[str, object]) -> tuple[bool | None, Mapping[str, object]]:
    """Return the wanted state of the plug, None if it stays, and the other changes.

    Raises:
        LabPlugError: its value is not true or false.
    """
    others = dict(changes)
    wanted = others.pop(PLUG, None)
    if PLUG in changes and not isinstance(wanted, bool):
        raise LabPlugError(f"{PLUG}: {wanted!r}: the lab takes true or false")
    return (wanted if isinstance(wanted, bool) else None), others
