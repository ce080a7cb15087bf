"""A domain of one's own: the webhook's URL does not change with the region."""

import pytest

from infra.options import OptionError, Options
from tests.infra.conftest import Resources, Synthesise

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234"
OPTIONS = {"domain": "vote.example.org", "certificate_arn": CERTIFICATE}


@pytest.mark.parametrize("webhook", ["lambda", "container"])
def test_the_domain_leads_to_the_stage_of_the_api(synthesise: Synthesise, webhook: str) -> None:
    """With the certificate, by TLS 1.2 at least; the mapping needs the stage first."""
    resources = Resources(synthesise("prod", webhook=webhook, **OPTIONS))
    (api,) = resources.of("AWS::ApiGatewayV2::Api")
    (stage,) = resources.of("AWS::ApiGatewayV2::Stage")
    ((name, domain),) = resources.of("AWS::ApiGatewayV2::DomainName").items()
    (mapping,) = resources.of("AWS::ApiGatewayV2::ApiMapping").values()

    assert domain["Properties"]["DomainName"] == "vote.example.org"
    assert domain["Properties"]["DomainNameConfigurations"] == [
        {
            "CertificateArn": CERTIFICATE,
            "EndpointType": "REGIONAL",
            "SecurityPolicy": "TLS_1_2",
        }
    ]
    assert mapping["Properties"] == {
        "ApiId": {"Ref": api},
        "DomainName": {"Ref": name},
        "Stage": "$default",
    }
    assert stage in mapping["DependsOn"]


def test_the_number_is_connected_to_the_domain(synthesise: Synthesise) -> None:
    """The commands read the output; the other two are for the DNS record and for emergencies."""
    template = synthesise("prod", **OPTIONS)
    (name,) = Resources(template).of("AWS::ApiGatewayV2::DomainName")
    outputs = {name: output["Value"] for name, output in template["Outputs"].items()}

    assert outputs["WebhookUrl"] == "https://vote.example.org/sms"
    assert outputs["DomainTarget"] == {"Fn::GetAtt": [name, "RegionalDomainName"]}
    assert "ApiEndpoint" in str(outputs["WebhookApiUrl"])


def test_a_container_verifies_signatures_over_the_domain(synthesise: Synthesise) -> None:
    """It does not see which address Twilio called."""
    container = Resources(synthesise("prod", webhook="container", **OPTIONS))
    (definition,) = container.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    environment = {pair["Name"]: pair["Value"] for pair in definition["Environment"]}

    assert environment["PUBLIC_BASE_URL"] == "https://vote.example.org"


def test_without_a_domain_there_is_none(synthesise: Synthesise) -> None:
    """And no output of it."""
    template = synthesise("prod")

    assert Resources(template).of("AWS::ApiGatewayV2::DomainName") == {}
    assert not {"DomainTarget", "WebhookApiUrl"} & set(template["Outputs"])


@pytest.mark.parametrize("missing", OPTIONS)
def test_a_domain_needs_a_certificate_and_a_certificate_a_domain(missing: str) -> None:
    """The deploy would fail halfway, or do nothing."""
    given = {name: value for name, value in OPTIONS.items() if name != missing}

    with pytest.raises(OptionError) as refusal:
        Options.parse(given)

    assert refusal.value.option == missing
