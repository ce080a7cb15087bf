"""The webhook in containers: reachable only through the API."""

from typing import Any

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
    """The statements are equal, except for the log, which ECS writes."""
    function = Resources(synthesise("prod"))
    role = function.function("webhook")["Role"]["Fn::GetAtt"][0]
    task = container.only("AWS::ECS::TaskDefinition")["TaskRoleArn"]["Fn::GetAtt"][0]

    def statements(resources: Resources, owner: str) -> list[Any]:
        return [
            resources.readable(held)
            for named, held in resources.statements()
            if named == owner and held["Sid"] != "WriteOwnLog"
        ]

    assert len(statements(container, task)) == 3
    assert statements(container, task) == statements(function, role)


def test_the_health_check_of_a_task_does_not_depend_on_its_tables(container: Resources) -> None:
    """`/health` probes the tables: an outage of them would stop all tasks at once."""
    group = container.only("AWS::ElasticLoadBalancingV2::TargetGroup")
    service = container.only("AWS::ECS::Service")

    assert (group["HealthCheckPath"], group["HealthCheckIntervalSeconds"]) == ("/", 10)
    assert group["Protocol"] == "HTTP"
    assert service["DesiredCount"] == 2
    assert service["DeploymentConfiguration"]["MinimumHealthyPercent"] == 100
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
        "Enable": True,
        "Rollback": True,
    }


def test_the_balancer_finds_the_port_that_the_image_listens_on(container: Resources) -> None:
    """A stopping task gets more time than a text may take."""
    (definition,) = container.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    (target,) = container.only("AWS::ECS::Service")["LoadBalancers"]
    group = container.only("AWS::ElasticLoadBalancingV2::TargetGroup")
    image = (ROOT / "services" / "webhook" / "Dockerfile").read_text()

    assert [port["ContainerPort"] for port in definition["PortMappings"]] == [8080]
    assert (target["ContainerPort"], group["Port"]) == (8080, 8080)
    assert '"--port", "8080"' in image
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "15"}
    assert delay in group["TargetGroupAttributes"]


def test_a_task_runs_on_the_processor_that_its_image_is_built_for(container: Resources) -> None:
    """On another one it would not even start."""
    task = container.only("AWS::ECS::TaskDefinition")

    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert task["NetworkMode"] == "awsvpc"


def test_a_task_gets_the_address_that_twilio_signs(container: Resources) -> None:
    """Behind a VPC link it does not see the address. The environment contains no secret."""
    (definition,) = container.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    environment = {pair["Name"]: pair["Value"] for pair in definition["Environment"]}
    (api,) = container.of("AWS::ApiGatewayV2::Api")

    assert container.readable(environment) == {
        "VOTES_TABLE": "votes",
        "POLLS_TABLE": "polls",
        "SECRET_ARN": "secret.Id",
        "PUBLIC_BASE_URL": f"{api}.ApiEndpoint",
        "AWS_REGION": "AWS::Region",
    }
    assert definition["ReadonlyRootFilesystem"] is True


def test_the_image_has_an_unprivileged_user_and_a_health_check() -> None:
    """Checked in the Dockerfile's text, without Docker."""
    lines = (ROOT / "services" / "webhook" / "Dockerfile").read_text().splitlines()
    starts = [line.split()[0] for line in lines if line[:1].isupper()]

    assert "USER webhook" in lines
    assert starts.index("USER") < starts.index("CMD")
    assert "HEALTHCHECK" in starts


def test_the_function_is_gone_where_containers_are_asked_for(container: Resources) -> None:
    """There is one webhook, not two."""
    handlers = {f["Properties"]["Handler"] for f in container.of("AWS::Lambda::Function").values()}

    assert "lambdas.webhook.handler.handler" not in handlers
