"""The store that the page reads: a table, guests with their policy, boards with rows."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.voting import schema

TABLE: Final = "VoteApp-test-Aggregates"
LABEL: Final = "2026-11-20T20:00:00.000"
NUMBER: Final = "+15550100199"
HUES: Final = {
    "RED": {"dark": "#ff5d47", "light": "#c8371b"},
    "GREEN": {"dark": "#36d6a0", "light": "#0b8f63"},
    "BLUE": {"dark": "#4f9dff", "light": "#1b5fc1"},
}
LABELS: Final = {"RED": "Red", "GREEN": "Green", "BLUE": "Blue"}


def attribute(value: object) -> dict[str, Any]:
    """A value in DynamoDB's own notation."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": {key: attribute(inner) for key, inner in value.items()}}
    if isinstance(value, Sequence):
        return {"L": [attribute(inner) for inner in value]}
    return {"N": str(value)}


def epoch_ms(*, ago_seconds: float = 0) -> int:
    """Now, or some seconds before."""
    return round((time.time() - ago_seconds) * 1000)


@dataclass(frozen=True, slots=True)
class Store:
    """The aggregates table and the pool of guests, made once a test session."""

    dynamodb: Any
    identity_pool_id: str

    @classmethod
    def make(cls, *, iam: Any, cognito: Any, dynamodb: Any) -> "Store":
        """Create the table, the pool, and the guests' role with the policy of production."""
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": schema.PARTITION_KEY, "KeyType": "HASH"},
                {"AttributeName": schema.SORT_KEY, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in (schema.PARTITION_KEY, schema.SORT_KEY)
            ],
        )
        arn = dynamodb.describe_table(TableName=TABLE)["Table"]["TableArn"]
        pool = cognito.create_identity_pool(
            IdentityPoolName="guests", AllowUnauthenticatedIdentities=True, AllowClassicFlow=False
        )["IdentityPoolId"]
        role = iam.create_role(RoleName="guest", AssumeRolePolicyDocument=json.dumps(_trust(pool)))
        iam.put_role_policy(
            RoleName="guest", PolicyName="read-boards", PolicyDocument=json.dumps(guest_policy(arn))
        )
        cognito.set_identity_pool_roles(
            IdentityPoolId=pool, Roles={"unauthenticated": role["Role"]["Arn"]}
        )
        return cls(dynamodb, pool)

    def config(self, endpoint: str, poll: str) -> dict[str, object]:
        """What a deploy would write into `config.json`."""
        return {
            "region": "us-east-1",
            "aggregatesTable": TABLE,
            "identityPoolId": self.identity_pool_id,
            "poll": poll,
            "endpoints": {"dynamodb": endpoint, "cognitoIdentity": endpoint},
        }

    def put(self, pk: str, sk: str, **values: object) -> None:
        """Put a row as it is given, malformed or not."""
        row = {"pk": pk, "sk": sk, **values}
        self.dynamodb.put_item(
            TableName=TABLE, Item={name: attribute(value) for name, value in row.items()}
        )

    def delete(self, pk: str, sk: str) -> None:
        """Take a row away."""
        self.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}})


class Board:
    """One poll's rows; every test writes a poll of its own."""

    def __init__(self, store: Store, poll: str) -> None:
        self.poll = poll
        self.pk = schema.board_pk(poll, "open")
        self._store = store
        self._folded = 0
        self.labels: dict[str, str] = dict(LABELS)
        self.round = 1

    def put_poll_view(self, labels: Mapping[str, str] | None = None, **values: object) -> None:
        """Put the poll view; `None` as a value leaves an attribute out."""
        self.labels = dict(labels or self.labels)
        choices = [
            {"key": key, "label": label, "word": key}
            | ({"colour": HUES[key]} if key in HUES else {})
            for key, label in self.labels.items()
        ]
        row: dict[str, object] = {
            "question": "Which color should win tonight?",
            "choices": choices,
            "number": NUMBER,
            "state": "auto",
            "state_at": 0,
            "round": self.round,
            "policy": "last",
            "visibility": "open",
            **values,
        }
        row = {name: value for name, value in row.items() if value is not None}
        self._store.put(self.pk, schema.POLL_VIEW_SK, **row)

    def tally(
        self,
        counts: Mapping[str, int],
        *,
        shard: str = "shard-0",
        folded: int | None = None,
        **values: object,
    ) -> None:
        """Put a stream shard's row; newer than the one before unless `folded` says otherwise."""
        self._folded = max(self._folded + 1, sum(counts.values())) if folded is None else folded
        self._store.put(
            self.pk,
            schema.tally_sk(self.round, LABEL, shard),
            **{
                **{schema.count_attribute(key): count for key, count in counts.items()},
                "voters": sum(counts.values()),
                "folded": self._folded,
                "bad": 0,
                "as_of": epoch_ms(),
                **values,
            },
        )

    def certify(self, counts: Mapping[str, int]) -> None:
        """Put the certified result of the round."""
        self._store.put(
            self.pk,
            schema.certified_sk(self.round),
            **{schema.count_attribute(key): count for key, count in counts.items()},
            ballots=sum(counts.values()),
            voters=sum(counts.values()),
            certified_at=epoch_ms(),
            digest="9f2c41d07be85a6340c1f7d29be3a1586d70f4c2918be35da6470c1f2d9be4a7",
        )

    def remove_poll_view(self) -> None:
        """Delete the poll view, as if the poll were gone."""
        self._store.delete(self.pk, schema.POLL_VIEW_SK)


def guest_policy(table_arn: str) -> dict[str, object]:
    """What the stack grants its guests: Query, these partitions, these attributes.

    Without the stack's `Null` guard of the leading keys, which the emulator does not report.
    """
    keys, attributes, select = "dynamodb:LeadingKeys", "dynamodb:Attributes", "dynamodb:Select"
    condition = {
        "ForAllValues:StringLike": {
            keys: [schema.OPEN_BOARDS],
            attributes: list(schema.GUEST_ATTRIBUTES),
        },
        "StringEquals": {select: "SPECIFIC_ATTRIBUTES"},
        "Null": {attributes: "false"},
    }
    return _document({"Action": "dynamodb:Query", "Resource": table_arn, "Condition": condition})


def _trust(pool: str) -> dict[str, object]:
    service = "cognito-identity.amazonaws.com"
    return _document(
        {
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": service},
            "Condition": {"StringEquals": {f"{service}:aud": pool}},
        }
    )


def _document(statement: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
