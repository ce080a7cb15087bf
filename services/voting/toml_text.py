"""Shows a value of a poll file to people: as the file has it, not as Python does."""

from datetime import datetime


def toml_text(value: object) -> str:
    """A value in words: `missing`, `true`, a time, `'text'`, a list; tables are only counted."""
    match value:
        case None:
            text = "missing"
        case bool():
            text = "true" if value else "false"
        case datetime():
            text = value.isoformat(sep=" ", timespec="seconds")
        case str():
            text = repr(str(value))
        case list() | tuple():
            text = _list_text(value)
        case dict():
            text = f"{{ {', '.join(f'{key} = {toml_text(one)}' for key, one in value.items())} }}"
        case _:
            text = str(value)
    return text


def _list_text(values: list[object] | tuple[object, ...]) -> str:
    if any(isinstance(entry, dict) for entry in values):
        return "1 entry" if len(values) == 1 else f"{len(values)} entries"
    return f"[{', '.join(map(toml_text, values))}]"
