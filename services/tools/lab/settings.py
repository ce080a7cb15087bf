"""What the sliders of the lab say, and what they may say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "texts_per_second": (0, 300),
    "write_capacity": (10, 3_000),
    "shards": (1, 100),
}


class LabSettingError(ValueError):
    """A setting that the lab does not take; says which, and what it takes."""

    def __init__(self, name: str, value: object) -> None:
        least, most = LIMITS.get(name, (0, 0))
        takes = f"a whole number from {least} to {most}" if name in LIMITS else ", ".join(LIMITS)
        super().__init__(f"{name}: {value!r}: the lab takes {takes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """Texts a second, write units a second of the whole table, shards of the poll.

    At first the table has four times the capacity it needs, and one shard, which gets a
    tenth of it.
    """

    texts_per_second: int = 60
    write_capacity: int = 240
    shards: int = 1

    def changed(self, wanted: Mapping[str, object]) -> "LabSettings":
        """With some of them changed. Raises: LabSettingError."""
        for name, value in wanted.items():
            least, most = LIMITS.get(name, (1, 0))
            if type(value) is not int or not least <= value <= most:
                raise LabSettingError(name, value)
        return replace(self, **wanted)  # type: ignore[arg-type]  # checked above
