"""Reads the dated price list in prices.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price in US dollars, and the page it was read from."""

    usd: float
    unit: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All prices of one region, read on one day."""

    read_on: date
    region: str
    by_name: Mapping[str, Price]

    @classmethod
    def load(cls) -> Self:
        """Load prices.toml."""
        text = (files(__package__) / "prices.toml").read_text(encoding="utf-8")
        table = tomllib.loads(text)
        read_on, region = table.pop("read_on"), table.pop("region")
        by_name = {name: Price(**fields) for name, fields in table.items()}
        return cls(read_on=read_on, region=region, by_name=by_name)

    def usd_of(self, name: str) -> float:
        """The price of one unit, in US dollars."""
        return self.by_name[name].usd
