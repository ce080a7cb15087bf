"""A domain of one's own for the HTTP API, so that its URL survives a move to another region.

The number at Twilio then need not be pointed at another URL: the domain's DNS record is.
"""

from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import Construct


class WebhookDomain(Construct):
    """Maps the domain to the API's default stage; the DNS record is the operator's."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, certificate_arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.base_url = f"https://{name}"
        self._domain = apigateway.CfnDomainName(
            self,
            "Name",
            domain_name=name,
            domain_name_configurations=[
                apigateway.CfnDomainName.DomainNameConfigurationProperty(
                    certificate_arn=certificate_arn,
                    endpoint_type="REGIONAL",
                    security_policy="TLS_1_2",
                )
            ],
        )

    @property
    def target(self) -> str:
        """The name for the domain's CNAME record."""
        return self._domain.attr_regional_domain_name

    def map_to(self, api: apigateway.HttpApi, stage: apigateway.CfnStage) -> None:
        """Serve a stage of the API at the root of the domain."""
        mapping = apigateway.CfnApiMapping(
            self,
            "Mapping",
            api_id=api.api_id,
            domain_name=self._domain.ref,
            stage=stage.stage_name,
        )
        mapping.node.add_dependency(stage)
