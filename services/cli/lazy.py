"""Command groups that import a command's module only when that command is used.

`voteapp --help` and shell completion list all commands without importing boto3, FastAPI and the
like. This module and `services.cli.app` may import typer and the standard library only.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Self, cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command that is not imported yet; `target` is `module:function` in `services.cli`."""

    target: str
    help: str
    hidden: bool = False

    def summary(self, name: str) -> TyperCommand:
        """A command without parameters, for the list of commands."""
        return TyperCommand(name=name, help=self.help, hidden=self.hidden)

    def load(self, name: str) -> TyperCommand:
        """Import the command."""
        module, _, function = self.target.partition(":")
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        decorate = single.command(
            name, cls=FlowingCommand, hidden=self.hidden, context_settings=CONTEXT_SETTINGS
        )
        decorate(getattr(import_module(f"services.cli.{module}"), function))
        return cast("TyperCommand", typer.main.get_command(single))


@dataclass(frozen=True, slots=True)
class LazySubgroup:
    """A group of commands, as `voteapp poll`."""

    help: str
    commands: Mapping[str, LazyCommand]

    def summary(self, name: str) -> TyperCommand:
        """A command without parameters, for the list of commands."""
        return TyperCommand(name=name, help=self.help)

    def load(self, name: str) -> TyperGroup:
        """Create the group; its commands stay unimported."""
        return lazy_group(self.commands)(
            name=name,
            help=self.help,
            no_args_is_help=True,
            rich_markup_mode="rich",
            context_settings=CONTEXT_SETTINGS,
        )


Entry = LazyCommand | LazySubgroup


class _LoadedOnAccess(MutableMapping[str, Any]):
    """Commands by name; each is loaded at the first access."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a command or a group
        if name not in self._loaded:
            self._loaded[name] = self._entries[name].load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: object) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class _WithoutFlagTypes:
    """Shows no `<bool>` beside flags, and all arguments in capitals."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - a context of typer
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if isinstance(param, TyperOption) and param.is_flag:
                param.metavar = ""
            elif isinstance(param, TyperArgument) and param.metavar is None:
                param.metavar = param.name.upper()
        return params


class FlowingCommand(_WithoutFlagTypes, TyperCommand):
    """A command whose help flows at any width: a single line break is a space."""

    def __init__(self, name: str | None, **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(name, **settings)
        paragraphs = (self.help or "").split("\n\n")
        self.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


class LazyGroup(_WithoutFlagTypes, TyperGroup):
    """A group that loads a command when it is used, and lists all of them without loading."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**settings)
        self.commands = _LoadedOnAccess(self.entries)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own
        """Format the help from the table of commands."""
        super(LazyGroup, self._unloaded()).format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401 - typer's own
        """Complete the name of a command from the table of commands."""
        ctx.command = self._unloaded()
        return super(LazyGroup, ctx.command).shell_complete(ctx, incomplete)

    def _unloaded(self) -> Self:
        """The same group, with summaries in place of its commands."""
        group = copy(self)
        group.commands = {name: entry.summary(name) for name, entry in self.entries.items()}
        return group


def lazy_group(commands: Mapping[str, Entry]) -> type[LazyGroup]:
    """Return the class of a group of these commands."""
    return type("CommandGroup", (LazyGroup,), {"entries": commands})
