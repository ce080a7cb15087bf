"""Both tables in this process, on moto, with every request as it was sent.

moto always reads the newest copy, so what a request asks for is held against the request
itself. Between reading and writing somebody else may be let in.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from services.adapters.dynamodb.provisioning import create_table
from services.voting.schema import AGGREGATES, POLLS, VOTES

READS = frozenset({"GetItem", "Query"})
_ACCOUNT = "123456789012"
"""As moto calls it."""


@dataclass
class Recorded:
    """A client of both tables, and what it was asked to do."""

    client: Any
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    rivals: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens once, by the request that it is a moment faster than."""
    _saved: dict[str, Any] = field(default_factory=dict)

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Called by the library before it sends a request."""
        rival = self.rivals.pop(model.name, None)
        if rival:
            rival()
        self.requests.append((model.name, params))

    def sent(self, *names: str) -> list[dict[str, Any]]:
        """The requests of these names."""
        return [params for name, params in self.requests if name in names]

    def save(self) -> None:
        """Take the tables as they are for the beginning of every test."""
        self._saved = {name: deepcopy(table.items) for name, table in _tables()}

    def restore(self) -> "Recorded":
        """Tables as they were saved, no requests, no rivals. Making them anew takes longer."""
        self.rivals.clear()
        for name, table in _tables():
            table.items = deepcopy(self._saved[name])
        self.requests.clear()
        return self

    def item(self, table: str, pk: str, sk: str) -> dict[str, Any] | None:
        """An item, read past the record."""
        kept = [*self.requests]
        answer = self.client.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        self.requests[:] = kept
        found: dict[str, Any] | None = answer.get("Item")
        return found


def _tables() -> list[tuple[str, Any]]:
    return list(dynamodb_backends[_ACCOUNT]["us-east-1"].tables.items())


@contextmanager
def recorded_tables() -> Iterator[Recorded]:
    """Empty tables `Votes`, `Aggregates` and `Polls`."""
    with mock_aws():
        client: Any = boto3.client(
            "dynamodb", region_name="us-east-1", config=Config(account_id_endpoint_mode="disabled")
        )
        for table in (VOTES, AGGREGATES, POLLS):
            create_table(client, table, table.name)
        recorded = Recorded(client)
        client.meta.events.register("provide-client-params.dynamodb", recorded.note)
        recorded.save()
        yield recorded
