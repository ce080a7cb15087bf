"""cfn-lint finds no errors, and cdk-nag's AWS Solutions finds nothing that is not accepted.

`ACCEPTED` lists each exception with its place and reason; an unnecessary exception fails too.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Aspects
from aws_cdk.assertions import Annotations, Match
from cdk_nag import AwsSolutionsChecks
from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
from cfnlint.decode.decode import decode_str  # type: ignore[import-untyped]
from cfnlint.runner import Runner  # type: ignore[import-untyped]

from infra.stack import VotingStack
from tests.infra.conftest import Synthesise, build, kept

VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "local": ("local", {}),
    "dev": ("dev", {}),
    "prod": ("prod", {"alarm_email": "count@example.com", "number": "+15550100199"}),
    "large": ("prod", {"expected_texts_per_second": "5000", "warm_writes_per_second": "6000"}),
    "container": ("prod", {"webhook": "container"}),
    "shifting": ("prod", {"shift": "gradual"}),
    "scheduled": ("prod", {"reconcile": "5 minutes", "canary": "5 minutes"}),
    "many screens": ("prod", {"audience": "large"}),
    "without fallback": ("prod", {"fallback": "off"}),
    "own domain, no CloudFront": (
        "prod",
        {
            "edge": "none",
            "reserved_concurrency": "50",
            "domain": "vote.example.org",
            "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678",
        },
    ),
}

ON_AWS = [variant for variant in VARIANTS if variant != "local"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An exception from a rule: for a construct and everything below it, with the reason."""

    place: str
    rule: str
    reason: str


_UPLOAD = "Custom::CDKBucketDeployment"
ACCEPTED = [
    Accepted(
        "Ingest/Secret",
        "AwsSolutions-SMG4",
        "Twilio's token rotates at Twilio, and a new pepper would let everybody vote again.",
    ),
    Accepted(
        "Ingest/Api",
        "AwsSolutions-APIG4",
        "Twilio cannot carry an IAM or JWT credential; the webhook checks its signature.",
    ),
    Accepted(
        "Fallback/Api",
        "AwsSolutions-APIG2",
        "The replayer checks the signature and every field; a template cannot.",
    ),
    Accepted(
        "Fallback/Api",
        "AwsSolutions-APIG4",
        "Twilio cannot carry an IAM credential; the replayer checks its signature.",
    ),
    Accepted(
        "Fallback/Api",
        "AwsSolutions-COG4",
        "Twilio is no user of a pool; the replayer checks its signature.",
    ),
    Accepted(
        "Fallback/Api/CloudWatchRole",
        "AwsSolutions-IAM4",
        "AWS's own policy for the one role with which all REST APIs of an account write logs.",
    ),
    Accepted(
        "Fallback/Stage",
        "AwsSolutions-APIG3",
        "A firewall has nothing to look for: a form without Twilio's signature is dropped.",
    ),
    Accepted(
        "Fallback/Stage",
        "AwsSolutions-APIG6",
        "The access log says what failed; an execution log would hold phone numbers.",
    ),
    Accepted(
        "Dashboard/Guests",
        "AwsSolutions-COG7",
        "The screen is public: guests may query open boards for public attributes, no more.",
    ),
    Accepted(
        "Dashboard/Site",
        "AwsSolutions-S1",
        "The bucket holds a public page that CloudFront alone may read; logs are addresses.",
    ),
    Accepted(
        "Dashboard/Edge",
        "AwsSolutions-CFR1",
        "Viewers may be in any country.",
    ),
    Accepted(
        "Dashboard/Edge",
        "AwsSolutions-CFR2",
        "A firewall has nothing to protect in front of static files.",
    ),
    Accepted(
        "Dashboard/Edge",
        "AwsSolutions-CFR3",
        "An access log would hold viewers' addresses, which nobody needs.",
    ),
    Accepted(
        "Dashboard/Edge",
        "AwsSolutions-CFR4",
        "CloudFront's own certificate allows no higher minimum; a domain of one's own does.",
    ),
    Accepted(
        "Dashboard/Page/Api",
        "AwsSolutions-APIG1",
        "An access log would hold viewers' addresses, which nobody needs.",
    ),
    Accepted(
        "Dashboard/Page/Api",
        "AwsSolutions-APIG2",
        "A request has nothing but the name of a public file.",
    ),
    Accepted(
        "Dashboard/Page/Api",
        "AwsSolutions-APIG3",
        "A firewall has nothing to protect in front of static files.",
    ),
    Accepted(
        "Dashboard/Page/Api",
        "AwsSolutions-APIG4",
        "The page is public.",
    ),
    Accepted(
        "Dashboard/Page/Api",
        "AwsSolutions-APIG6",
        "An execution log would hold viewers' addresses, which nobody needs.",
    ),
    Accepted(
        "Dashboard/Page/Api",
        "AwsSolutions-COG4",
        "The page is public.",
    ),
    Accepted(
        "Dashboard/Page/Role",
        "AwsSolutions-IAM5",
        "The API reads every file of the page, and nothing else is in the bucket.",
    ),
    Accepted(
        _UPLOAD,
        "AwsSolutions-IAM4",
        "CDK's upload function: its role is CDK's, runs at deploy only and cannot be narrowed.",
    ),
    Accepted(
        _UPLOAD,
        "AwsSolutions-IAM5",
        "CDK's upload function: it needs every object of the page, and to invalidate the edge.",
    ),
    Accepted(
        _UPLOAD,
        "AwsSolutions-L1",
        "CDK's upload function: its runtime comes with the pinned CDK library.",
    ),
    Accepted(
        "Shift/Group/ServiceRole",
        "AwsSolutions-IAM4",
        "AWS's own policy for CodeDeploy, the one that is limited to shifting Lambda aliases.",
    ),
    Accepted(
        "Ingest/Webhook/Network",
        "AwsSolutions-VPC7",
        "Nothing but the API's link reaches the tasks, and the API logs every request.",
    ),
    Accepted(
        "Ingest/Webhook/Balancer",
        "AwsSolutions-ELB2",
        "The API in front logs every request, without anybody's number or address.",
    ),
    Accepted(
        "Ingest/Webhook/Task",
        "AwsSolutions-ECS2",
        "The environment names tables and a secret's ARN; no secret is in it.",
    ),
    Accepted(
        "Ingest/Webhook/Task/ExecutionRole",
        "AwsSolutions-IAM5",
        "ECR's login (GetAuthorizationToken) exists for all resources only.",
    ),
]


def excuses(accepted: Accepted, finding: tuple[str, str]) -> bool:
    """Whether an exception covers a finding: at its place or anywhere below it."""
    path, text = finding
    below = path.lstrip("/").partition("/")[2]
    if accepted.place == _UPLOAD:
        at_place = below.startswith(_UPLOAD)
    else:
        at_place = f"{below}/".startswith(f"{accepted.place}/")
    return at_place and accepted.rule in text


def findings(stack: VotingStack) -> list[tuple[str, str]]:
    """What AWS Solutions finds: path, and the rule with its text."""
    Aspects.of(stack).add(AwsSolutionsChecks())
    annotations = Annotations.from_stack(stack)
    anything = Match.string_like_regexp("AwsSolutions-")
    found = [
        *annotations.find_error("*", anything),
        *annotations.find_warning("*", anything),
    ]
    return [(message.id, str(message.entry.data)) for message in found]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for bundles without wheels."""
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="module")
def unexcused(folder: Path) -> Any:
    """Findings of a variant without any exception, worked out once."""

    @cache
    def found(variant: str) -> list[tuple[str, str]]:
        stage, options = VARIANTS[variant]
        what = json.dumps(["findings", stage, options])
        return [
            (place, text)
            for place, text in kept(what, lambda: findings(build(stage, folder, **options)))
        ]

    return found


@pytest.mark.parametrize("variant", ON_AWS)
def test_aws_solutions_finds_nothing_beyond_what_is_accepted_with_a_reason(
    unexcused: Any, variant: str
) -> None:
    """No error, no warning."""
    found = unexcused(variant)
    left = [one for one in found if not any(excuses(accepted, one) for accepted in ACCEPTED)]

    assert left == []


@pytest.mark.parametrize("accepted", ACCEPTED, ids=lambda a: f"{a.place}-{a.rule}")
def test_every_exception_is_still_needed(unexcused: Any, accepted: Accepted) -> None:
    """An exception without a finding must be removed."""
    found = [finding for variant in ON_AWS for finding in unexcused(variant)]

    assert any(excuses(accepted, finding) for finding in found)


@pytest.mark.parametrize("variant", VARIANTS)
def test_cfn_lint_finds_no_error(synthesise: Synthesise, variant: str) -> None:
    """W3005 (a redundant dependency) is ignored: CDK generates it."""
    stage, options = VARIANTS[variant]
    template = json.dumps(synthesise(stage, **options))
    found = kept(f"lint {template}", lambda: checked(template))

    assert found == []


def checked(template: str) -> list[str]:
    """What cfn-lint finds in a template."""
    decoded, errors = decode_str(template)
    return [str(match) for match in [*errors, *linter().validate_template(decoded)]]


@cache
def linter() -> Any:
    """Reads its rules once, as for a call with many templates."""
    return Runner(ConfigMixIn(ignore_checks=["W3005"], regions=["us-east-1"]))
