"""The webhook in containers: reachable only through the API."""

import re
from typing import Any

import pytest

from infra.bundle_contents import ROOT
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


def test_a_deploy_does_not_set_the_number_of_tasks_back(container: Resources) -> None:
    """A count in the template would undo what auto-scaling added during an evening."""
    assert "DesiredCount" not in container.only("AWS::ECS::Service")


def test_the_load_balancer_closes_idle_connections_before_a_task_does(
    container: Resources,
) -> None:
    """The other way round, a text that meets a closing connection is answered 502."""
    attributes = container.only("AWS::ElasticLoadBalancingV2::LoadBalancer")[
        "LoadBalancerAttributes"
    ]
    values = {held["Key"]: held["Value"] for held in attributes}
    image = (ROOT / "services" / "webhook" / "Dockerfile").read_text()
    (kept_seconds,) = re.findall(r'"--timeout-keep-alive", "([0-9]+)"', image)

    assert values["idle_timeout.timeout_seconds"] == "60"
    assert int(kept_seconds) == 75


def test_ecs_itself_sees_whether_a_task_answers(container: Resources) -> None:
    """It ignores the health check of an image; the image has Python and no curl."""
    (definition,) = container.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    check = definition["HealthCheck"]
    kind, program, option, source = check["Command"]

    assert (kind, program, option) == ("CMD", "python", "-c")
    assert "'http://127.0.0.1:8080/'" in source
    compile(source, "health check", "exec")
    assert (check["Interval"], check["Timeout"], check["StartPeriod"]) == (10, 3, 15)


# The zones with VPC links, of "Set up VPC links V2 in API Gateway", where a region lacks some.
LINKED = {
    "us-east-1": {"use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6"},
    "us-west-1": {"usw1-az1", "usw1-az3"},
    "ap-east-1": {"ape1-az2", "ape1-az3"},
    "ap-northeast-1": {"apne1-az1", "apne1-az2", "apne1-az4"},
    "ca-central-1": {"cac1-az1", "cac1-az2"},
    "eu-west-3": {"euw3-az1", "euw3-az3"},
}


def test_the_zones_of_the_tasks_are_chosen_by_their_ids(
    container: Resources, synthesise: Synthesise
) -> None:
    """Names of zones differ between accounts, and not every zone has VPC links or Fargate."""
    (zones,) = synthesise("prod", webhook="container")["Mappings"].values()
    subnets = [held["Properties"] for held in container.of("AWS::EC2::Subnet").values()]

    assert [subnet["AvailabilityZoneId"]["Fn::FindInMap"][1:] for subnet in subnets] == [
        [{"Ref": "AWS::Region"}, "First"],
        [{"Ref": "AWS::Region"}, "Second"],
    ]
    assert not any("AvailabilityZone" in subnet for subnet in subnets)
    for region, linked in LINKED.items():
        assert set(zones[region].values()) <= linked
    assert all(len(set(pair.values())) == 2 for pair in zones.values())


WATCHED = {
    "UnHealthyHostCount": ("Maximum", 3, ["LoadBalancer", "TargetGroup"]),
    "HTTPCode_ELB_5XX_Count": ("Sum", 2, ["LoadBalancer"]),
    "HTTPCode_Target_5XX_Count": ("Sum", 2, ["LoadBalancer"]),
}
"""Statistic, minutes of five and dimensions."""


def test_what_fails_behind_the_api_has_an_alarm(container: Resources) -> None:
    """A task that does not answer, and errors of the load balancer or of the tasks."""
    found = {
        alarm["MetricName"]: (
            alarm["Statistic"],
            alarm["DatapointsToAlarm"],
            sorted(dimension["Name"] for dimension in alarm["Dimensions"]),
        )
        for alarm in (
            held["Properties"] for held in container.of("AWS::CloudWatch::Alarm").values()
        )
        if alarm.get("Namespace") == "AWS/ApplicationELB"
    }

    assert found == WATCHED


def test_the_image_has_an_unprivileged_user() -> None:
    """Checked in the Dockerfile's text, without Docker."""
    lines = (ROOT / "services" / "webhook" / "Dockerfile").read_text().splitlines()
    starts = [line.split()[0] for line in lines if line[:1].isupper()]

    assert "USER webhook" in lines
    assert starts.index("USER") < starts.index("CMD")


def test_the_function_is_gone_where_containers_are_asked_for(container: Resources) -> None:
    """There is one webhook, not two."""
    handlers = {f["Properties"]["Handler"] for f in container.of("AWS::Lambda::Function").values()}

    assert "lambdas.webhook.handler.handler" not in handlers
