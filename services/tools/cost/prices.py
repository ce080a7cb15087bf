"""The price list, read from the dated file beside this one."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price in US dollars, and the page that says so."""

    usd: float
    unit: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All prices as they were read on a day."""

    read_on: date
    region: str
    by_name: Mapping[str, Price]

    @classmethod
    def load(cls) -> Self:
        """The file's."""
        text = (files(__package__) / "prices.toml").read_text(encoding="utf-8")
        table = tomllib.loads(text)
        read_on, region = table.pop("read_on"), table.pop("region")
        by_name = {name: Price(**fields) for name, fields in table.items()}
        return cls(read_on=read_on, region=region, by_name=by_name)

    def of(self, name: str) -> float:
        """Price of one unit, in US dollars."""
        return self.by_name[name].usd
