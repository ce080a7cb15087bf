"""Each grant, taken away: a step that needs it fails, so none is decoration."""

from collections import Counter
from collections.abc import Callable

import pytest

from services.adapters.dynamodb.ballot_items import ballot_of
from tests.integration.deploy.steps import (
    a_board_is_answered,
    a_canary_text_is_counted,
    a_change_before_the_first_vote_is_refused,
    a_change_that_votes_forbid_is_refused,
    a_changed_vote_is_accepted,
    a_deploy_that_forgets_an_option_is_refused,
    a_fallback_text_is_counted,
    a_fallback_text_is_delayed,
    a_first_vote_is_accepted,
    a_guest_reads_the_board,
    a_lost_text_is_recovered,
    a_merged_row_is_deleted,
    a_row_is_merged,
    a_second_fallback_text_is_counted,
    a_second_lost_text_is_recovered,
    a_tally_row_is_begun,
    a_vote_is_counted,
    deployer,
    eventually,
    guest_role,
    queueing_role,
    the_old_directory_is_copied,
    the_polls_are_applied,
    waiting,
)
from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud

OWNERS: dict[str, Callable[[Cloud], str]] = {
    "webhook": lambda c: c.role_of(c.outputs["WebhookFunction"]),
    "replayer": lambda c: c.role_of(c.function_of("replayer")),
    "canary": lambda c: c.role_of(c.function_of("canary")),
    "queueing API": queueing_role,
    "reconciler": lambda c: c.role_of(c.function_of("reconciler")),
    "aggregator": lambda c: c.role_of(c.outputs["AggregatorFunction"]),
    "merger": lambda c: c.role_of(c.function_of("merger")),
    "polls": lambda c: c.role_of(deployer(c)),
    "reader": lambda c: c.role_of(c.function_of("reader")),
    "guest": guest_role,
}
NEEDED: dict[tuple[str, str, str], Callable[[Cloud], bool]] = {
    ("webhook", "CastBallots", "dynamodb:PutItem"): a_first_vote_is_accepted,
    ("webhook", "CastBallots", "dynamodb:GetItem"): a_changed_vote_is_accepted,
    ("webhook", "ReadTheDirectory", "dynamodb:Query"): a_first_vote_is_accepted,
    ("webhook", "ReadTheSecret", "secretsmanager:GetSecretValue"): a_first_vote_is_accepted,
    ("replayer", "CastBallots", "dynamodb:GetItem"): a_second_fallback_text_is_counted,
    ("replayer", "CastBallots", "dynamodb:PutItem"): a_fallback_text_is_counted,
    ("replayer", "ReadTheLog", "dynamodb:Query"): a_fallback_text_is_counted,
    ("replayer", "ReadTheSecret", "secretsmanager:GetSecretValue"): a_fallback_text_is_counted,
    ("replayer", "DelayTexts", "sqs:ChangeMessageVisibility"): a_fallback_text_is_delayed,
    ("reconciler", "RecoverTexts", "dynamodb:GetItem"): a_second_lost_text_is_recovered,
    ("reconciler", "RecoverTexts", "dynamodb:PutItem"): a_lost_text_is_recovered,
    ("reconciler", "RecoverTexts", "dynamodb:Query"): a_lost_text_is_recovered,
    ("reconciler", "ReadTheLog", "dynamodb:Query"): a_lost_text_is_recovered,
    ("reconciler", "AnnounceItself", "dynamodb:UpdateItem"): a_lost_text_is_recovered,
    ("reconciler", "ReadTheSecret", "secretsmanager:GetSecretValue"): a_lost_text_is_recovered,
    ("aggregator", "FoldIntoBoards", "dynamodb:UpdateItem"): a_vote_is_counted,
    ("aggregator", "FoldIntoBoards", "dynamodb:GetItem"): a_tally_row_is_begun,
    ("aggregator", "FoldIntoBoards", "dynamodb:PutItem"): a_tally_row_is_begun,
    ("merger", "ReadTheDirectory", "dynamodb:Query"): a_row_is_merged,
    ("merger", "SeeStreamShards", "dynamodb:DescribeStream"): a_row_is_merged,
    ("merger", "MergeRows", "dynamodb:ConditionCheckItem"): a_row_is_merged,
    ("merger", "MergeRows", "dynamodb:PutItem"): a_row_is_merged,
    ("merger", "MergeRows", "dynamodb:Query"): a_row_is_merged,
    ("merger", "MergeRows", "dynamodb:DeleteItem"): a_merged_row_is_deleted,
    ("polls", "ReadTheDirectory", "dynamodb:Query"): the_polls_are_applied,
    ("polls", "SeeWhetherVotingBegan", "dynamodb:Query"): a_change_that_votes_forbid_is_refused,
    ("polls", "SeeWhetherVotingBegan", "dynamodb:GetItem"): (
        a_change_before_the_first_vote_is_refused
    ),
    ("polls", "SeeWhetherBallotsWereCast", "dynamodb:Query"): (
        a_change_before_the_first_vote_is_refused
    ),
    ("polls", "SeeWhetherItRollsBack", "cloudformation:DescribeStacks"): (
        a_deploy_that_forgets_an_option_is_refused
    ),
    ("polls", "CopyTheOldDirectory", "dynamodb:Query"): the_old_directory_is_copied,
    ("polls", "ApplyPolls", "dynamodb:PutItem"): the_polls_are_applied,
    ("polls", "ShowPolls", "dynamodb:PutItem"): the_polls_are_applied,
    ("canary", "RemoveItsBallot", "dynamodb:DeleteItem"): a_canary_text_is_counted,
    ("canary", "RemoveItsBallot", "dynamodb:GetItem"): a_canary_text_is_counted,
    ("canary", "RemoveItsBallot", "dynamodb:PutItem"): a_canary_text_is_counted,
    ("canary", "RemoveItsBallot", "dynamodb:Query"): a_canary_text_is_counted,
    ("canary", "MakeItsPoll", "dynamodb:DeleteItem"): a_canary_text_is_counted,
    ("canary", "MakeItsPoll", "dynamodb:PutItem"): a_canary_text_is_counted,
    ("canary", "MakeItsPoll", "dynamodb:Query"): a_canary_text_is_counted,
    ("canary", "SeeItsVoteCounted", "dynamodb:DeleteItem"): a_canary_text_is_counted,
    ("canary", "SeeItsVoteCounted", "dynamodb:PutItem"): a_canary_text_is_counted,
    ("canary", "SeeItsVoteCounted", "dynamodb:Query"): a_canary_text_is_counted,
    ("canary", "ReadTheSecret", "secretsmanager:GetSecretValue"): a_canary_text_is_counted,
    ("reader", "ReadOpenBoards", "dynamodb:Query"): a_board_is_answered,
    ("guest", "ReadOpenBoards", "dynamodb:Query"): a_guest_reads_the_board,
}
NOT_ENFORCED_HERE = {"FollowTheStream", "WriteOwnLog", "TakeTexts", "QueueTexts"}
"""The emulator follows the stream, takes from the queue, puts into it for an API and keeps the log
itself, whatever the role allows. AWS asks for all: "Process DynamoDB records with Lambda", "Using
Lambda with Amazon SQS", "AWS service integrations", "Lambda execution role"."""


@pytest.mark.parametrize("step", sorted({step.__name__ for step in NEEDED.values()}))
def test_with_all_grants_the_step_succeeds(cloud: Cloud, step: str) -> None:
    """Or its failure without one would prove nothing."""
    (named,) = {s for s in NEEDED.values() if s.__name__ == step}

    assert named(cloud)


@pytest.mark.parametrize("grant", NEEDED, ids="-".join)
def test_without_its_grant_the_step_fails(cloud: Cloud, grant: tuple[str, str, str]) -> None:
    """So no grant is decoration; and with it the step went well."""
    owner, sentence, action = grant

    with cloud.without(OWNERS[owner](cloud), sentence, action):
        succeeded = NEEDED[grant](cloud)

    assert not succeeded


def test_every_grant_of_every_role_was_taken_away(cloud: Cloud) -> None:
    """Or is named as one that only a real account can prove."""
    tried = {(owner, sentence) for owner, sentence, _ in NEEDED}
    iam = cloud.client("iam")
    there: set[tuple[str, str]] = set()
    for owner, role_of in OWNERS.items():
        role = role_of(cloud)
        (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        there |= {(owner, statement["Sid"]) for statement in document["Statement"]}

    assert {grant for grant in there if grant[1] not in NOT_ENFORCED_HERE} == tried


def test_what_could_not_be_replayed_is_counted_once_it_can(cloud: Cloud) -> None:
    """Texts that failed for want of a grant come back after a minute, and leave the queue."""
    assert eventually(lambda: waiting(cloud) == 0, seconds=90)


def test_what_could_not_be_folded_is_folded_once_it_can(cloud: Cloud) -> None:
    """Batches that failed for want of a grant were delivered again: every vote is counted."""
    items = cloud.client("dynamodb").scan(TableName=cloud.outputs["VotesTable"])["Items"]
    ballots = [ballot_of(item) for item in items if item["pk"]["S"].startswith("colors:")]
    votes = sum((Counter(ballot.picks) for ballot in ballots), Counter())
    eventually(lambda: cloud.counts() == votes, seconds=30)

    assert votes
    assert cloud.counts() == votes
