"""The webhook in containers: uvicorn on Fargate behind a load balancer, for steady traffic.

Only the HTTP API reaches the tasks, through a VPC link: texts arrive over HTTPS at the same URL,
with the same throttling and logs as with Lambda, and without a certificate. The tasks have public
addresses for outgoing calls (a NAT gateway would cost more than the tasks) and accept connections
from the load balancer only. They run in zones that have VPC links (`zones.py`). API Gateway takes
the network interfaces of a link away that nobody used for 60 days.
"""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config import StageConfig
from infra.function import retention
from infra.packaging import Packager
from infra.zones import COUNT, ContainerZones

_PORT = 8080
_MIN_TASKS = 2
_MAX_TASKS = 20
_CPU_PERCENT = 50
_IDLE_SECONDS = 60
"""The load balancer closes idle connections. uvicorn must keep them longer (Dockerfile): the other
way round, a text that meets a closing connection is answered 502."""
_HEALTH_CHECK = (
    f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{_PORT}/', timeout=2)"
)
"""Not /health: an unreachable table must not stop the tasks. The image has no curl."""


class WebhookService(Construct):
    """A service of two tasks in two zones that scales out above 50 % CPU."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._context = str(bundles.container())
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=retention(config.log_retention_days),
            removal_policy=config.removal_policy,
        )
        self.network = self._make_network()
        task = self._make_task(environment)
        self.role = task.task_role
        self.balancer = self._make_balancer()
        self.listener = self.balancer.add_listener("Http", port=80, open=False)
        self.targets = self._add_targets(self._make_service(task))

    def link(self, api: apigateway.HttpApi) -> apigateway.HttpRouteIntegration:
        """Connect the API to the load balancer, which accepts nothing else."""
        link_group = ec2.SecurityGroup(self, "Door", vpc=self.network)
        link = apigateway.VpcLink(
            api,
            "Link",
            vpc=self.network,
            subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            security_groups=[link_group],
        )
        self.listener.connections.allow_default_port_from(link_group)
        return integrations.HttpAlbIntegration("Integration", self.listener, vpc_link=link)

    def _make_network(self) -> ec2.Vpc:
        network = ec2.Vpc(
            self,
            "Network",
            max_azs=COUNT,
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
            ],
        )
        zones = ContainerZones(self)
        for position, subnet in enumerate(network.public_subnets):
            resource = cast("ec2.CfnSubnet", subnet.node.default_child)
            resource.availability_zone = None
            resource.availability_zone_id = zones.zone_id(position)
        network.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        return network

    def _make_task(self, environment: Mapping[str, str]) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=512,
            memory_limit_mib=1024,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        task.add_container(
            "Webhook",
            image=ecs.ContainerImage.from_asset(
                self._context, platform=assets.Platform.LINUX_ARM64
            ),
            environment={**environment, "AWS_REGION": Aws.REGION},
            port_mappings=[ecs.PortMapping(container_port=_PORT)],
            readonly_root_filesystem=True,
            # ECS does not see a health check of the image itself.
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-c", _HEALTH_CHECK],
                interval=Duration.seconds(10),
                timeout=Duration.seconds(3),
                start_period=Duration.seconds(15),
            ),
            logging=ecs.LogDrivers.aws_logs(stream_prefix="webhook", log_group=self.log_group),
        )
        return task

    def _make_service(self, task: ecs.FargateTaskDefinition) -> ecs.FargateService:
        cluster = ecs.Cluster(
            self, "Cluster", vpc=self.network, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        # Without a desired count: a deploy would set the number of tasks back to it.
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            min_healthy_percent=100,
            assign_public_ip=True,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
        )
        service.auto_scale_task_count(
            min_capacity=_MIN_TASKS, max_capacity=_MAX_TASKS
        ).scale_on_cpu_utilization("Busy", target_utilization_percent=_CPU_PERCENT)
        return service

    def _make_balancer(self) -> balancing.ApplicationLoadBalancer:
        return balancing.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=self.network,
            internet_facing=False,
            drop_invalid_header_fields=True,
            idle_timeout=Duration.seconds(_IDLE_SECONDS),
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        )

    def _add_targets(self, service: ecs.FargateService) -> balancing.ApplicationTargetGroup:
        return self.listener.add_targets(
            "Tasks",
            port=_PORT,
            protocol=balancing.ApplicationProtocol.HTTP,
            targets=[service],
            health_check=balancing.HealthCheck(path="/", interval=Duration.seconds(10)),
            deregistration_delay=Duration.seconds(15),
        )
