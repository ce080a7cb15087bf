"""Who is told: a topic that mails the alarms, and a budget that mails its address itself.

The budget's e-mails need neither the topic nor a confirmed subscription, so they arrive even where
the alarms' do not; and nobody but CloudWatch may publish to the topic.
"""

from aws_cdk import Aws
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.config import StageConfig


def add_topic(scope: Construct, email: str) -> sns.Topic:
    """Add the topic of the alarms; AWS asks the address to confirm it.

    `enforce_ssl` makes a policy that only denies, in place of the default one that lets in the
    account. So it has to say that alarms of this account may publish (Amazon SNS, "Example cases
    for Amazon SNS access control").
    """
    topic = sns.Topic(scope, "Alarms", enforce_ssl=True)
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsPublish",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    topic.add_subscription(subscriptions.EmailSubscription(email))
    return topic


def add_budget(scope: Construct, email: str, config: StageConfig) -> None:
    """Cost data lags a day, so notify at 100 % of the forecast and 80 % of the actual cost."""
    limit_usd = config.options.monthly_budget_usd
    subscriber = budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")
    notifications = [
        budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[subscriber],
        )
        for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
    ]
    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:stage${config.tags['stage']}"]},
        ),
        notifications_with_subscribers=notifications,
    )
