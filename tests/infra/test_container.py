"""The webhook as containers: the same way in, nothing open beside it."""

import json

import pytest

from infra.packaging import ROOT
from tests.infra.conftest import Resources, Synthesise


@pytest.fixture
def container(synthesise: Synthesise) -> Resources:
    """Production with `-c webhook=container`."""
    return Resources(synthesise("prod", webhook="container"))


def test_texts_come_through_the_api_to_a_balancer_that_is_not_on_the_internet(
    container: Resources,
) -> None:
    """Over HTTPS, throttled and logged as with the function."""
    balancer = container.only("AWS::ElasticLoadBalancingV2::LoadBalancer")
    integrations = container.of("AWS::ApiGatewayV2::Integration").values()

    assert balancer["Scheme"] == "internal"
    assert {i["Properties"]["ConnectionType"] for i in integrations} == {"VPC_LINK"}
    assert container.only("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]


def test_no_port_is_open_to_the_world(container: Resources) -> None:
    """Balancer and tasks take connections from security groups only."""
    rules = [r["Properties"] for r in container.of("AWS::EC2::SecurityGroupIngress").values()]
    groups = container.of("AWS::EC2::SecurityGroup").values()
    inline = [rule for g in groups for rule in g["Properties"].get("SecurityGroupIngress", [])]

    assert len(rules) == 2
    assert all("SourceSecurityGroupId" in rule for rule in rules)
    assert inline == []


def test_tasks_multiply_with_their_load(container: Resources) -> None:
    """Two at least, so that one zone may fail."""
    target = container.only("AWS::ApplicationAutoScaling::ScalableTarget")
    policy = container.only("AWS::ApplicationAutoScaling::ScalingPolicy")

    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 20)
    metric = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert metric == {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}


def test_a_task_may_do_what_the_function_may_do(
    container: Resources, synthesise: Synthesise
) -> None:
    """Word for word, but for the log, which ECS writes for it."""
    function = Resources(synthesise("prod"))
    role = function.function("webhook")["Role"]["Fn::GetAtt"][0]
    task = container.only("AWS::ECS::TaskDefinition")["TaskRoleArn"]["Fn::GetAtt"][0]

    def sentences(resources: Resources, owner: str) -> set[str]:
        return {s["Sid"] for named, s in resources.statements() if named == owner}

    assert sentences(container, task) == sentences(function, role) - {"WriteOwnLog"}


def test_a_task_is_told_the_address_that_twilio_signs(container: Resources) -> None:
    """Behind a link it cannot see it, and would refuse every text."""
    (definition,) = container.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    environment = {pair["Name"]: pair["Value"] for pair in definition["Environment"]}
    (api,) = container.of("AWS::ApiGatewayV2::Api")

    assert environment["PUBLIC_BASE_URL"] == {"Fn::GetAtt": [api, "ApiEndpoint"]}
    assert definition["ReadonlyRootFilesystem"] is True
    assert "secret" not in json.dumps(environment["SECRET_ARN"]).lower().replace("secret", "", 1)


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    """Checked in the text: no Docker is needed to hold it."""
    lines = (ROOT / "services" / "webhook" / "Dockerfile").read_text().splitlines()
    starts = [line.split()[0] for line in lines if line[:1].isupper()]

    assert "USER webhook" in lines
    assert starts.index("USER") < starts.index("CMD")
    assert "HEALTHCHECK" in starts


def test_the_function_is_gone_where_containers_are_asked_for(container: Resources) -> None:
    """One way to vote, not two."""
    handlers = {f["Properties"]["Handler"] for f in container.of("AWS::Lambda::Function").values()}

    assert "lambdas.webhook.handler.handler" not in handlers
