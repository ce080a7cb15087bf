"""From a deploy to a counted text."""

import json

import pytest

from infra.bundle_contents import ROOT
from tests.integration.deploy.steps import eventually, phone, sid
from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud


def test_until_the_token_is_set_every_text_is_refused(status_without_token: int) -> None:
    """Also one that is signed with an empty token."""
    assert status_without_token == 403


def test_a_signed_text_is_counted_and_read_by_a_guest(cloud: Cloud) -> None:
    """Through API, function, table, stream, function, table, with four roles' grants."""
    voter = phone()

    assert cloud.text(voter, "red", sid()) == 200
    assert eventually(lambda: cloud.counts() == {"RED": 1})
    assert cloud.text(voter, "blue", sid()) == 200
    assert eventually(lambda: cloud.counts() == {"BLUE": 1})


def test_the_proof_used_the_pinned_command_line() -> None:
    """As `infra/package.json` names it, and nothing patched."""
    pinned = json.loads((ROOT / "infra" / "package.json").read_text())["devDependencies"]["aws-cdk"]
    installed = json.loads((ROOT / "infra/node_modules/aws-cdk/package.json").read_text())[
        "version"
    ]

    assert installed == pinned
