"""Every resource policy, evaluated for those who are meant to call, and for some who are not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.infra.conftest import Resources, Synthesise
from tests.infra.test_rules import VARIANTS
from tests.support.policies import ACCOUNT, Request, is_allowed, resolve

OTHER = "222222222222"
ALLOWED, DENIED = "allowed", "denied"
TLS = {"aws:SecureTransport": "true"}
NO_TLS = {"aws:SecureTransport": "false"}
ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:VoteApp-prod-AnyAlarm"
OTHERS_ALARM = f"arn:aws:cloudwatch:us-east-1:{OTHER}:alarm:AnyAlarm"
CLOUDWATCH = {**TLS, "aws:SourceAccount": ACCOUNT, "aws:SourceArn": ALARM}
CONTAINERS = {"AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"}


@dataclass(frozen=True, slots=True)
class Row:
    """A request, and the verdict that it must get."""

    resource: str
    caller: str
    action: str
    context: Mapping[str, str]
    verdict: str


API = "arn:aws:execute-api:us-east-1:{account}:{the API}/$default/POST/sms"
EDGE = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{{the edge}}"
ROWS = [
    # An alarm of this account reaches the topic, and nothing else does.
    Row("the topic", "cloudwatch.amazonaws.com", "sns:Publish", CLOUDWATCH, ALLOWED),
    Row("the topic", "cloudwatch.amazonaws.com", "sns:Publish", {**CLOUDWATCH, **NO_TLS}, DENIED),
    Row(
        "the topic", "cloudwatch.amazonaws.com", "sns:Publish",
        {**TLS, "aws:SourceAccount": OTHER, "aws:SourceArn": OTHERS_ALARM}, DENIED,
    ),
    Row("the topic", "cloudwatch.amazonaws.com", "sns:Publish", TLS, DENIED),
    Row("the topic", "cloudwatch.amazonaws.com", "sns:Subscribe", CLOUDWATCH, DENIED),
    # The budget mails the address itself.
    Row("the topic", "budgets.amazonaws.com", "sns:Publish", CLOUDWATCH, DENIED),
    Row("the topic", "somebody", "sns:Publish", TLS, DENIED),
    # Roles reach the queues by their own grants; the policies only refuse what is not encrypted.
    Row("queue.Arn", "the API's role", "sqs:SendMessage", TLS, ALLOWED),
    Row("queue.Arn", "the API's role", "sqs:SendMessage", NO_TLS, DENIED),
    Row("queue.Arn", "the API's role", "sqs:ReceiveMessage", TLS, DENIED),
    Row("queue.Arn", "replayer", "sqs:ReceiveMessage", TLS, ALLOWED),
    Row("queue.Arn", "replayer", "sqs:DeleteMessage", TLS, ALLOWED),
    Row("queue.Arn", "replayer", "sqs:ReceiveMessage", NO_TLS, DENIED),
    Row("queue.Arn", "webhook", "sqs:ReceiveMessage", TLS, DENIED),
    Row("queue.Arn", "somebody", "sqs:ReceiveMessage", TLS, DENIED),
    Row("dead letters.Arn", "replayer", "sqs:ReceiveMessage", TLS, DENIED),
    Row("dead letters.Arn", "somebody", "sqs:ReceiveMessage", TLS, DENIED),
    # The distribution of this stack reads the page, CDK's helper empties the bucket.
    Row(
        "the page/index.html", "cloudfront.amazonaws.com", "s3:GetObject",
        {**TLS, "aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/{{the edge}}"}, ALLOWED,
    ),
    Row(
        "the page/index.html", "cloudfront.amazonaws.com", "s3:GetObject",
        {**TLS, "aws:SourceArn": f"arn:aws:cloudfront::{OTHER}:distribution/E1"}, DENIED,
    ),
    Row(
        "the page/index.html", "cloudfront.amazonaws.com", "s3:PutObject",
        {**TLS, "aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/{{the edge}}"}, DENIED,
    ),
    Row("the page/index.html", "the emptying role", "s3:DeleteObject", TLS, ALLOWED),
    Row("the page/index.html", "the emptying role", "s3:GetObject", TLS, DENIED),
    Row("the page/index.html", "somebody", "s3:GetObject", TLS, DENIED),
    # The API calls the webhook's alias on its three routes, the rules call the functions.
    Row(
        "the alias", "apigateway.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": API}, ALLOWED,
    ),
    Row(
        "the alias", "apigateway.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": API.replace("POST/sms", "GET/health")}, ALLOWED,
    ),
    Row(
        "the alias", "apigateway.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": API.replace("POST/sms", "GET/")}, ALLOWED,
    ),
    Row(
        "the alias", "apigateway.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": API.replace("POST/sms", "POST/admin")}, DENIED,
    ),
    Row(
        "the alias", "apigateway.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": API.replace("{the API}", "another")}, DENIED,
    ),
    Row("the alias", "events.amazonaws.com", "lambda:InvokeFunction", {}, DENIED),
    Row("the alias", "somebody", "lambda:InvokeFunction", {}, DENIED),
    Row(
        "reconciler.Arn", "events.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": "{the rule}.Arn"}, ALLOWED,
    ),
    Row(
        "reconciler.Arn", "events.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": "another rule"}, DENIED,
    ),
    Row(
        "merger.Arn", "events.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": "{the nightly rule}.Arn"}, ALLOWED,
    ),
    Row(
        "merger.Arn", "events.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": "another rule"}, DENIED,
    ),
    Row("merger.Arn", "somebody", "lambda:InvokeFunction", {}, DENIED),
    Row("reconciler.Arn", "somebody", "lambda:InvokeFunction", {}, DENIED),
    # The distribution of this stack calls the reader, by its URL alone.
    Row(
        "reader.FunctionArn", "cloudfront.amazonaws.com", "lambda:InvokeFunctionUrl",
        {"aws:SourceArn": EDGE}, ALLOWED,
    ),
    Row(
        "reader.FunctionArn", "cloudfront.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": EDGE, "lambda:InvokedViaFunctionUrl": "true"}, ALLOWED,
    ),
    Row(
        "reader.FunctionArn", "cloudfront.amazonaws.com", "lambda:InvokeFunction",
        {"aws:SourceArn": EDGE, "lambda:InvokedViaFunctionUrl": "false"}, DENIED,
    ),
    Row(
        "reader.FunctionArn", "cloudfront.amazonaws.com", "lambda:InvokeFunctionUrl",
        {"aws:SourceArn": EDGE.replace("{the edge}", "E1")}, DENIED,
    ),
    Row("reader.FunctionArn", "somebody", "lambda:InvokeFunctionUrl", {}, DENIED),
]  # fmt: skip


@pytest.fixture
def resources(synthesise: Synthesise) -> Resources:
    """Production with everything that has a resource policy."""
    options = {"reconcile": "5 minutes", "audience": "large"}
    return Resources(synthesise("prod", alarm_email="count@example.com", **options))


def names_of(resources: Resources) -> dict[str, str]:
    """What the table calls things, and what the policies do."""
    (api,) = resources.of("AWS::ApiGatewayV2::Api")
    (topic,) = resources.of("AWS::SNS::Topic")
    (edge,) = resources.of("AWS::CloudFront::Distribution")
    (alias,) = resources.of("AWS::Lambda::Alias")
    rules = {name: logical for name, (logical, _) in resources.rules().items()}
    (reader,) = resources.of("AWS::Lambda::Url")
    (bucket,) = resources.of("AWS::S3::Bucket")
    (emptying,) = (n for n in resources.of("AWS::IAM::Role") if "AutoDeleteObjects" in n)
    integration = resources.only("AWS::ApiGateway::Method")["Integration"]
    roles = {
        n: f"{resources.function(n)['Role']['Fn::GetAtt'][0]}.Arn" for n in ("webhook", "replayer")
    }
    queues = {
        f"{name}.Arn": f"{logical}.Arn"
        for logical in resources.of("AWS::SQS::Queue")
        for name in [resources.readable({"Ref": logical})]
    }
    scheduled = {
        f"{name}.Arn": f"{logical}.Arn"
        for logical, held in resources.of("AWS::Lambda::Function").items()
        for name in ("reconciler", "merger")
        if held["Properties"].get("Handler") == f"lambdas.{name}.handler.handler"
    }
    return {
        "{account}": ACCOUNT,
        "{the API}": api,
        "{the edge}": edge,
        "{the rule}": rules["reconciler"],
        "{the nightly rule}": rules["merger"],
        "the topic": topic,
        "the page": f"{bucket}.Arn",
        "the alias": alias,
        "the API's role": resolve(integration["Credentials"]),
        "the emptying role": f"{emptying}.Arn",
        **queues,
        **scheduled,
        "reader.FunctionArn": f"{reader}.FunctionArn",
        **roles,
    }  # fmt: skip


def statements_of(resources: Resources) -> Iterator[dict[str, Any]]:
    """The statements of all resource policies, resolved."""
    for kind in CONTAINERS:
        for policy in resources.of(kind).values():
            yield from resolve(policy["Properties"]["PolicyDocument"]["Statement"])
    for held in resources.of("AWS::Lambda::Permission").values():
        permission = resolve(held["Properties"])
        source = permission.get("SourceArn")
        condition: dict[str, Any] = {"ArnLike": {"aws:SourceArn": source}} if source else {}
        if permission.get("InvokedViaFunctionUrl"):
            condition["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
        yield {
            "Effect": "Allow",
            "Principal": {"Service": permission["Principal"]},
            "Action": permission["Action"],
            "Resource": permission["FunctionName"],
            "Condition": condition,
        }


def grants_of(resources: Resources, caller: str) -> list[dict[str, Any]]:
    """What a role's own policy allows; nothing for a service or a stranger."""
    return [
        resolve(statement)
        for role, statement in resources.statements()
        if caller == f"{role}.Arn"
    ]  # fmt: skip


def translate(text: str, names: Mapping[str, str]) -> str:
    """Write a text of the table with the names of the policies."""
    if text in names:
        return names[text]
    for name, known in names.items():
        if name.startswith("{") or text.startswith(f"{name}/"):
            text = text.replace(name, known)
    return text


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.caller}-{r.action}-{r.resource}")
def test_a_resource_policy_lets_in_whom_it_is_meant_for(resources: Resources, row: Row) -> None:
    """By the documented evaluation: an alarm that may not publish is an alarm that nobody hears."""
    names = names_of(resources)
    request = Request(
        caller=translate(row.caller, names),
        action=row.action,
        resource=translate(row.resource, names),
        context={key: translate(value, names) for key, value in row.context.items()},
    )
    statements = [*statements_of(resources), *grants_of(resources, request.caller)]

    assert is_allowed(statements, request) is (row.verdict == ALLOWED)


def test_every_resource_with_a_policy_has_rows_of_both_kinds(resources: Resources) -> None:
    """Somebody who must be let in, and somebody who must not, unless nobody must."""
    names = names_of(resources)
    found = {
        translate(row.resource, names).partition("/")[0]: {
            other.verdict for other in ROWS if other.resource == row.resource
        }
        for row in ROWS
    }
    named = {
        resource.partition("/")[0]
        for statement in statements_of(resources)
        for held in [statement["Resource"]]
        for resource in (held if isinstance(held, list) else [held])
    }

    assert set(found) == named
    assert [r for r, kinds in found.items() if len(kinds) == 1] == [names["dead letters.Arn"]]


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_other_kind_of_resource_policy_is_in_the_stack(
    synthesise: Synthesise, variant: str
) -> None:
    """A key, a secret or a log group with a policy would need rows, too."""
    stage, options = VARIANTS[variant]
    kinds = {
        resource["Type"]
        for resource in synthesise(stage, **options)["Resources"].values()
        if {"PolicyDocument", "KeyPolicy", "ResourcePolicy"} & set(resource.get("Properties", {}))
    }

    assert kinds - {"AWS::IAM::Policy"} <= CONTAINERS
