"""CloudFormation outputs: resource names for programs, next steps for operators."""

from infra.aggregation import Aggregation
from infra.config import StageConfig
from infra.dashboard import Dashboard
from infra.fallback import Fallback
from infra.ingest import Ingest
from infra.storage import Storage


def stack_outputs(
    *,
    storage: Storage,
    ingest: Ingest,
    fallback: Fallback | None,
    aggregation: Aggregation,
    dashboard: Dashboard,
    guest_identity: str,
) -> dict[str, str]:
    """Return the names and URLs that the command line and the local cloud read."""
    outputs = {
        "WebhookUrl": ingest.url,
        "VotesTable": storage.votes.table_name,
        "AggregatesTable": storage.aggregates.table_name,
        "PollsTable": storage.polls.table_name,
        "SiteBucket": dashboard.site.bucket_name,
        "IdentityPoolId": dashboard.pool.ref,
        "GuestIdentityId": guest_identity,
        "SecretArn": ingest.secret_arn,
        "AggregatorFunction": aggregation.aggregator.function.function_name,
    }
    if ingest.function:
        outputs["WebhookFunction"] = ingest.function.function.function_name
    if fallback:
        outputs["FallbackUrl"] = fallback.url
        outputs["FallbackQueueUrl"] = fallback.queue.queue_url
        outputs["FallbackDeadLetterQueueUrl"] = fallback.dead_letters.queue_url
    if ingest.domain:
        outputs["DomainTarget"] = ingest.domain.target
        outputs["WebhookApiUrl"] = f"{ingest.api.api_endpoint}/sms"
    if dashboard.url:
        outputs["DashboardUrl"] = dashboard.url
    return outputs


def next_steps(dashboard: Dashboard, config: StageConfig) -> dict[str, str]:
    """Return the operator's next steps in order; none on the local stage."""
    if not dashboard.url:
        return {}
    steps = {
        "Step1Connect": "TWILIO_ACCOUNT_SID=... TWILIO_AUTH_TOKEN=... "
        f"voteapp connect --stage {config.stage} --number +1...",
        "Step2Check": f"voteapp doctor --stage {config.stage}",
        "Step3Show": f"{dashboard.url}/",
    }
    if config.options.alarm_email:
        steps["Step4Confirm"] = "Confirm the subscription AWS has sent to the alarms' address"
        steps["Step5Activate"] = (
            "For the budget, within a day: aws ce update-cost-allocation-tags-status "
            "--cost-allocation-tags-status TagKey=stage,Status=Active"
        )
    return steps
