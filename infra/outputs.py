"""What a deploy prints: names for the programs, and the next steps for the person."""

from typing import TYPE_CHECKING

from infra.config import StageConfig

if TYPE_CHECKING:
    from infra.stack import VotingStack


def facts(stack: "VotingStack", guest_identity: str) -> dict[str, str]:
    """Names and addresses, as the command line and the local cloud read them."""
    found = {
        "WebhookUrl": stack.ingest.url,
        "VotesTable": stack.storage.votes.table_name,
        "AggregatesTable": stack.storage.aggregates.table_name,
        "SiteBucket": stack.dashboard.site.bucket_name,
        "IdentityPoolId": stack.dashboard.pool.ref,
        "GuestIdentityId": guest_identity,
        "SecretArn": stack.ingest.secret_arn,
        "AggregatorFunction": stack.aggregation.aggregator.function.function_name,
    }
    if stack.ingest.function:
        found["WebhookFunction"] = stack.ingest.function.function.function_name
    if stack.dashboard.distribution:
        found["DashboardUrl"] = f"https://{stack.dashboard.distribution.domain_name}"
    return found


def steps(stack: "VotingStack", config: StageConfig) -> dict[str, str]:
    """What to do next, in order; on the local stage the local cloud does it."""
    if not stack.dashboard.distribution:
        return {}
    told = {
        "Step1Connect": "TWILIO_ACCOUNT_SID=... TWILIO_AUTH_TOKEN=... "
        f"voteapp connect --stage {config.stage} --number +1...",
        "Step2Check": f"voteapp doctor --stage {config.stage}",
        "Step3Show": f"https://{stack.dashboard.distribution.domain_name}",
    }
    if config.options.alarm_email:
        told["Step4Confirm"] = "Confirm the subscription AWS has sent to the alarms' address"
    return told
