"""The Availability Zones in which the container webhook runs, by zone ID.

A zone's name, such as us-east-1a, is another zone in another account; its ID is the same in all.
VPC links and Fargate are not in every zone, and CDK would take the first two by name.
"""

from typing import Final

from aws_cdk import Aws, CfnMapping
from constructs import Construct

_ZONES: Final = {
    "us-east-1": ("use1-az1", "use1-az2"),
    "us-east-2": ("use2-az1", "use2-az2"),
    "us-west-1": ("usw1-az1", "usw1-az3"),
    "us-west-2": ("usw2-az1", "usw2-az2"),
    "ap-east-1": ("ape1-az2", "ape1-az3"),
    "ap-south-1": ("aps1-az1", "aps1-az2"),
    "ap-northeast-1": ("apne1-az1", "apne1-az4"),
    "ap-northeast-2": ("apne2-az1", "apne2-az2"),
    "ap-southeast-1": ("apse1-az1", "apse1-az2"),
    "ap-southeast-2": ("apse2-az1", "apse2-az2"),
    "ca-central-1": ("cac1-az1", "cac1-az2"),
    "eu-central-1": ("euc1-az1", "euc1-az2"),
    "eu-north-1": ("eun1-az1", "eun1-az2"),
    "eu-south-2": ("eus2-az1", "eus2-az2"),
    "eu-west-1": ("euw1-az1", "euw1-az2"),
    "eu-west-2": ("euw2-az1", "euw2-az2"),
    "eu-west-3": ("euw3-az1", "euw3-az3"),
    "me-south-1": ("mes1-az1", "mes1-az2"),
    "sa-east-1": ("sae1-az1", "sae1-az2"),
}
"""Two zones of each region for which the page "Set up VPC links V2 in API Gateway" lists zones. The
page "Supported Regions for Amazon ECS on AWS Fargate" leaves out none of them."""

COUNT: Final = 2
_KEYS: Final = ("First", "Second")


class ContainerZones:
    """Chooses zones while the template is deployed; a region that is not listed is refused then."""

    def __init__(self, scope: Construct) -> None:
        self._mapping = CfnMapping(
            scope,
            "Zones",
            mapping={
                region: dict(zip(_KEYS, zones, strict=True)) for region, zones in _ZONES.items()
            },
        )

    def zone_id(self, position: int) -> str:
        """Return the ID of a zone of the stack's region; `position` is 0 or 1."""
        return self._mapping.find_in_map(Aws.REGION, _KEYS[position])
