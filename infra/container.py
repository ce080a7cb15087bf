"""The webhook in containers: uvicorn on Fargate behind a load balancer, for steady traffic.

Only the HTTP API reaches the tasks, through a VPC link: texts arrive over HTTPS at the same URL,
with the same throttling and logs as with Lambda, and without a certificate. The tasks have public
addresses for outgoing calls (a NAT gateway would cost more than the tasks) and accept connections
from the load balancer only.
"""

from collections.abc import Mapping

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

_PORT = 8080
_MIN_TASKS = 2
_MAX_TASKS = 20
_CPU_PERCENT = 50


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
        self.listener = self._make_listener(self._make_service(task))

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
            max_azs=2,
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
            ],
        )
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
            logging=ecs.LogDrivers.aws_logs(stream_prefix="webhook", log_group=self.log_group),
        )
        return task

    def _make_service(self, task: ecs.FargateTaskDefinition) -> ecs.FargateService:
        cluster = ecs.Cluster(
            self, "Cluster", vpc=self.network, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            desired_count=_MIN_TASKS,
            min_healthy_percent=100,
            assign_public_ip=True,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
        )
        service.auto_scale_task_count(
            min_capacity=_MIN_TASKS, max_capacity=_MAX_TASKS
        ).scale_on_cpu_utilization("Busy", target_utilization_percent=_CPU_PERCENT)
        return service

    def _make_listener(self, service: ecs.FargateService) -> balancing.ApplicationListener:
        balancer = balancing.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=self.network,
            internet_facing=False,
            drop_invalid_header_fields=True,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        )
        listener = balancer.add_listener("Http", port=80, open=False)
        listener.add_targets(
            "Tasks",
            port=_PORT,
            protocol=balancing.ApplicationProtocol.HTTP,
            targets=[service],
            # Not /health: an unreachable table must not stop the tasks.
            health_check=balancing.HealthCheck(path="/", interval=Duration.seconds(10)),
            deregistration_delay=Duration.seconds(15),
        )
        return listener
