"""Times in words for operators: in the UTC offset of a poll file."""

from datetime import UTC, datetime, timedelta, timezone


def format_time(at_ms: int, offset_minutes: int | None) -> str:
    """A time to the second with its UTC offset, as `2030-05-04 20:15:00+02:00`; UTC without one."""
    zone = timezone(timedelta(minutes=offset_minutes)) if offset_minutes else UTC
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
