"""The second way in: what API Gateway makes of a request, the queue, and what it survives."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.fallback_templates import request_template, response_template
from infra.options import Options
from services.late.backoff import delay_seconds
from services.late.queue_items import read_item
from tests.infra.conftest import Resources, Synthesise
from tests.support.webhook import TOKEN, signature_of

URL = "https://abc.execute-api.us-east-1.amazonaws.com/fallback/sms"
DAY = 86_400


def rendered(template: str, body: str, headers: Mapping[str, str], at_ms: int = 7) -> str:
    """Render a request template as API Gateway does, as far as this template goes.

    "API Gateway mapping template and access logging variable reference".
    """
    context = {
        "domainName": "abc.execute-api.us-east-1.amazonaws.com",
        "path": "/fallback/sms",
        "requestTimeEpoch": str(at_ms),
    }
    values = {"$input.body": body}
    values |= {f"$context.{name}": value for name, value in context.items()}
    names = re.findall(r"\$input\.params\('([^']*)'\)", template)
    values |= {f"$input.params('{name}')": headers.get(name, "") for name in names}
    rendered = template
    for times in (2, 1):
        for name, value in values.items():
            whole = "$util.urlEncode(" * times + name + ")" * times
            encoded = value
            for _ in range(times):
                encoded = quote_plus(encoded)
            rendered = rendered.replace(whole, encoded)
    assert "$" not in rendered
    return rendered


def queued(body: str, headers: Mapping[str, str]) -> str:
    """The message that SQS stores for a request."""
    fields = dict(parse_qsl(rendered(request_template(), body, headers), keep_blank_values=True))
    assert set(fields) == {"Action", "MessageBody"}
    assert fields["Action"] == "SendMessage"
    return fields["MessageBody"]


@pytest.mark.parametrize("header", ["X-Twilio-Signature", "x-twilio-signature"])
def test_an_item_is_the_request_as_it_was_signed(header: str) -> None:
    """Every character of the body, the signature, and the URL of the context."""
    form = {"Body": 'red & "blue" \\ 100% +1 ü', "MessageSid": "SM" + "a" * 32}
    item = queued(urlencode(form), {header: signature_of(form, URL)})

    read = read_item(item, sent_ms=9, fallback_url="https://elsewhere.example.com/")

    assert read.form.is_signed(TOKEN)
    assert dict(read.form.fields) == form
    assert read.at_ms == 7


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_that_is_posted_changes_another_field_of_the_item(body: str, header: str) -> None:
    """A forger chooses body and header, and neither the host nor the time."""
    item = json.loads(queued(body, {"X-Twilio-Signature": header}))

    assert set(item) == {"body", "signature", "signature_in_lower_case", "host", "path", "at_ms"}
    assert item["host"] == "abc.execute-api.us-east-1.amazonaws.com"
    assert (item["path"], item["at_ms"]) == ("/fallback/sms", "7")
    assert item["body"] == quote_plus(body)


@pytest.mark.parametrize("reply", ['<Hi> & "you"', "Danke, Jörg!", "€" * 80])
def test_the_reply_is_what_the_phone_gets(reply: str) -> None:
    """Escaped in the template."""
    assert Options.parse({"fallback_reply": reply}).fallback_reply == reply

    twiml = ET.fromstring(response_template(reply))  # noqa: S314 - our own template

    assert [(one.tag, one.text) for one in twiml] == [("Message", reply)]


def test_none_is_no_reply() -> None:
    """An empty response, which Twilio accepts."""
    twiml = ET.fromstring(response_template("none"))  # noqa: S314 - our own template

    assert list(twiml) == []


def method(resources: Resources) -> dict[str, Any]:
    """The only method of the REST API."""
    return resources.only("AWS::ApiGateway::Method")


def test_the_api_takes_forms_on_one_path_and_nothing_else(resources: Resources) -> None:
    """Anything else is refused before the queue."""
    integration = method(resources)["Integration"]
    paths = [
        r["Properties"]["PathPart"] for r in resources.of("AWS::ApiGateway::Resource").values()
    ]

    assert (method(resources)["HttpMethod"], paths) == ("POST", ["sms"])
    assert list(integration["RequestTemplates"]) == ["application/x-www-form-urlencoded"]
    assert integration["PassthroughBehavior"] == "NEVER"
    assert integration["RequestParameters"] == {
        "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
    }


def test_the_api_sends_to_the_queue_itself(resources: Resources) -> None:
    """No code of ours lies between; only its role may send, and it may do nothing else."""
    integration = method(resources)["Integration"]
    role = integration["Credentials"]["Fn::GetAtt"][0]
    grants = [
        (owner, resources.readable(statement["Resource"]))
        for owner, statement in resources.statements()
        if "sqs:SendMessage" in statement["Action"]
    ]
    own = [statement for owner, statement in resources.statements() if owner == role]

    assert integration["Type"] == "AWS"
    assert "sqs:path/" in json.dumps(integration["Uri"])
    assert grants == [(role, "queue.Arn")]
    assert [(one["Sid"], one["Action"]) for one in own] == [("QueueTexts", "sqs:SendMessage")]


def test_what_the_queue_refuses_is_a_503(resources: Resources) -> None:
    """Twilio notes it in its error log; only a success is answered with TwiML."""
    taken, refused = method(resources)["Integration"]["IntegrationResponses"]

    assert (taken["StatusCode"], taken["SelectionPattern"]) == ("200", "200")
    assert taken["ResponseParameters"] == {"method.response.header.Content-Type": "'text/xml'"}
    assert (
        "Your text has arrived. If it is a vote, it will be counted."
        in (taken["ResponseTemplates"]["text/xml"])
    )
    assert refused["StatusCode"] == "503"
    assert "SelectionPattern" not in refused


def test_the_api_is_throttled_and_logs_no_address(resources: Resources) -> None:
    """Neither a header nor a body nor a source."""
    stage = resources.only("AWS::ApiGateway::Stage")
    (settings,) = stage["MethodSettings"]

    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (200, 400)
    assert settings["DataTraceEnabled"] is False
    assert set(json.loads(stage["AccessLogSetting"]["Format"]).values()) == {
        "$context.requestId",
        "$context.resourcePath",
        "$context.status",
        "$context.responseLatency",
        "$context.integration.status",
        "$context.error.message",
    }


def test_the_queues_are_encrypted_and_keep_what_they_have(resources: Resources) -> None:
    """Four days, then two weeks in all; phone numbers lie in them."""
    queues = {name: held["Properties"] for name, held in resources.queues().items()}
    redrive = queues["queue"]["RedrivePolicy"]

    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    assert queues["queue"]["MessageRetentionPeriod"] == 4 * DAY
    assert queues["dead letters"]["MessageRetentionPeriod"] == 14 * DAY
    assert resources.readable(redrive["deadLetterTargetArn"]) == "dead letters.Arn"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_queues_are_reached_by_tls_only(synthesise: Synthesise, stage: str) -> None:
    """The emulator has none."""
    resources = Resources(synthesise(stage))
    policies = resources.of("AWS::SQS::QueuePolicy").values()
    statements = [p["Properties"]["PolicyDocument"]["Statement"] for p in policies]

    assert len(statements) == 2
    for (statement,) in statements:
        assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_item_stays_hidden_for_as_long_as_it_is_replayed(resources: Resources) -> None:
    """Lambda asks for six times the function's timeout."""
    timeout = resources.function("replayer")["Timeout"]
    queue = resources.queues()["queue"]["Properties"]

    assert timeout == 60
    assert queue["VisibilityTimeout"] >= 6 * timeout


def test_an_outage_of_four_days_moves_no_item_to_the_dead_letters(resources: Resources) -> None:
    """The queue keeps an item for as long; an item that is broken is moved within a day."""
    receives = resources.queues()["queue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    waits = [delay_seconds(n) for n in range(1, receives)]

    assert waits[:7] == [30, 60, 120, 240, 480, 900, 900]
    assert sum(waits) > 4 * DAY
    assert max(waits) <= 15 * 60
    assert receives * 60 < DAY
    assert receives <= 1_000


def test_the_mapping_reports_single_items_and_is_slow(resources: Resources) -> None:
    """One bad item does not bring back the batch; the live texts come first."""
    mapping = resources.mapping("replayer")

    assert resources.readable(mapping["EventSourceArn"]) == "queue.Arn"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert mapping["BatchSize"] == 10


def test_without_the_fallback_there_is_none_of_it(synthesise: Synthesise) -> None:
    """`-c fallback=off`."""
    template = synthesise("prod", fallback="off")
    kinds = {resource["Type"] for resource in template["Resources"].values()}

    assert not {kind for kind in kinds if kind.startswith(("AWS::SQS", "AWS::ApiGateway::"))}
    assert not [name for name in template["Outputs"] if name.startswith("Fallback")]


def test_forged_items_are_counted(synthesise: Synthesise) -> None:
    """By the event that the replayer logs for each."""
    resources = Resources(synthesise("prod"))
    patterns = {
        f["Properties"]["FilterPattern"]: resources.readable(f["Properties"]["LogGroupName"])
        for f in resources.of("AWS::Logs::MetricFilter").values()
    }

    assert patterns['{ $.event = "replay.forged" }'] == "replayer log"
    assert patterns['{ $.event = "replay.failed" }'] == "replayer log"


def test_another_reply_makes_another_deployment_of_the_api(synthesise: Synthesise) -> None:
    """A deployment is a snapshot: phones would get the old reply for ever."""
    names = [
        set(Resources(synthesise("prod", **options)).of("AWS::ApiGateway::Deployment"))
        for options in ({}, {"fallback_reply": "Thanks."})
    ]

    assert names[0] != names[1]
