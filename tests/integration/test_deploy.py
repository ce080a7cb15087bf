"""The deployment proven: unmodified CDK against an emulator that enforces IAM.

A text is counted and read by a guest; guests are refused all else; no grant can be missed;
an update keeps every vote; nothing is left behind. In the order in which they are written.
"""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.strict_cloud import TOKEN, Cloud, eventually, strict_cloud

pytestmark = pytest.mark.cloud

_sids = count(1)
_phones = count(100)


def sid() -> str:
    """A MessageSid that was never used."""
    return f"SM{next(_sids):032x}"


def phone() -> str:
    """A fictional number that has not voted."""
    return f"+15550100{next(_phones)}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Bootstrapped and deployed once."""
    with strict_cloud(tmp_path_factory.mktemp("proof")) as made:
        # Away from cdk.json, or it would synthesise for nothing.
        made.cdk("bootstrap", f"aws://{made.aws.account}/{made.aws.region}", cwd=made.folder)
        made.deploy()
        yield made


def set_token(cloud: Cloud) -> None:
    """What `voteapp connect` does to the secret: the pepper stays."""
    secrets = cloud.client("secretsmanager")
    arn = cloud.outputs["SecretArn"]
    held = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    held["twilio_auth_token"] = TOKEN
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(held))
    cloud.start_afresh(cloud.outputs["WebhookFunction"])


def test_until_the_token_is_set_every_text_is_refused(cloud: Cloud) -> None:
    """Also one that is signed with an empty token."""
    before = cloud.text(phone(), "red", sid(), token="")
    set_token(cloud)

    assert before == 403
    assert cloud.counts() == {}


def test_a_signed_text_is_counted_and_read_by_a_guest(cloud: Cloud) -> None:
    """Through API, function, table, stream, function, table, with four roles' grants."""
    voter = phone()

    assert cloud.text(voter, "red", sid()) == 200
    assert eventually(lambda: cloud.counts() == {"RED": 1})
    assert cloud.text(voter, "blue", sid()) == 200
    assert eventually(lambda: cloud.counts() == {"BLUE": 1})


GuestCall = Callable[[Cloud, Any], Any]

REFUSED: dict[str, GuestCall] = {
    "scan the boards": lambda c, g: g("dynamodb").scan(TableName=c.outputs["AggregatesTable"]),
    "read a row": lambda c, g: g("dynamodb").get_item(
        TableName=c.outputs["AggregatesTable"],
        Key={"pk": {"S": "open#colors"}, "sk": {"S": "poll"}},
    ),
    "put a row": lambda c, g: g("dynamodb").put_item(
        TableName=c.outputs["AggregatesTable"],
        Item={"pk": {"S": "open#colors"}, "sk": {"S": "poll"}},
    ),
    "change a tally": lambda c, g: g("dynamodb").update_item(
        TableName=c.outputs["AggregatesTable"],
        Key={"pk": {"S": "open#colors"}, "sk": {"S": "tally#1#x#y"}},
        UpdateExpression="SET voters = :many",
        ExpressionAttributeValues={":many": {"N": "1000"}},
    ),
    "delete a row": lambda c, g: g("dynamodb").delete_item(
        TableName=c.outputs["AggregatesTable"],
        Key={"pk": {"S": "open#colors"}, "sk": {"S": "poll"}},
    ),
    "query the directory": lambda c, g: g("dynamodb").query(**c.board("directory")),
    "query a sealed board": lambda c, g: g("dynamodb").query(**c.board("sealed#colors")),
    "query other attributes": lambda c, g: g("dynamodb").query(
        **c.board(
            ProjectionExpression="sk, #other", ExpressionAttributeNames={"#other": "definition"}
        )
    ),
    "query whole rows": lambda c, g: g("dynamodb").query(
        TableName=c.outputs["AggregatesTable"],
        KeyConditionExpression="pk = :board",
        ExpressionAttributeValues={":board": {"S": "open#colors"}},
    ),
    "query the votes": lambda c, g: g("dynamodb").query(
        **c.board("open#colors", TableName=c.outputs["VotesTable"])
    ),
    "scan the votes": lambda c, g: g("dynamodb").scan(TableName=c.outputs["VotesTable"]),
    "put a vote": lambda c, g: g("dynamodb").put_item(
        TableName=c.outputs["VotesTable"],
        Item={"pk": {"S": "colors:1#0"}, "sk": {"S": "me"}},
    ),
    "describe the votes": lambda c, g: g("dynamodb").describe_table(
        TableName=c.outputs["VotesTable"]
    ),
    "list the tables": lambda _, g: g("dynamodb").list_tables(),
    "list the site": lambda c, g: g("s3").list_objects_v2(Bucket=c.outputs["SiteBucket"]),
    "write to the site": lambda c, g: g("s3").put_object(
        Bucket=c.outputs["SiteBucket"], Key="index.html", Body=b"!"
    ),
    "read the secret": lambda c, g: g("secretsmanager").get_secret_value(
        SecretId=c.outputs["SecretArn"]
    ),
    "call the aggregator": lambda c, g: g("lambda").invoke(
        FunctionName=c.outputs["AggregatorFunction"], Payload=b"{}"
    ),
    "list the roles": lambda _, g: g("iam").list_roles(),
}


@pytest.mark.parametrize("call", REFUSED)
def test_a_guest_is_refused(cloud: Cloud, call: str) -> None:
    """Whoever opens the page holds these credentials."""
    credentials = cloud.guest()

    with pytest.raises(ClientError) as refusal:
        REFUSED[call](cloud, lambda service: cloud.client(service, **credentials))

    code = refusal.value.response["Error"]["Code"]
    assert code in {"AccessDeniedException", "AccessDenied"}


# --- Each grant, taken away ---------------------------------------------------------


def a_first_vote_is_accepted(cloud: Cloud) -> bool:
    """Step: a text of a new phone."""
    cloud.start_afresh(cloud.outputs["WebhookFunction"])
    return cloud.text(phone(), "green", sid()) == 200


def a_changed_vote_is_accepted(cloud: Cloud) -> bool:
    """Step: a second text of one phone; the first was sent before, and stands."""
    cloud.start_afresh(cloud.outputs["WebhookFunction"])
    voter = phone()
    assert cloud.text(voter, "green", sid()) == 200
    return cloud.text(voter, "red", sid()) == 200


def a_vote_is_counted(cloud: Cloud) -> bool:
    """Step: a text reaches the board within four seconds."""
    before = sum(cloud.counts().values())
    assert cloud.text(phone(), "green", sid()) == 200
    return eventually(lambda: sum(cloud.counts().values()) > before, seconds=4)


def a_guest_reads_the_board(cloud: Cloud) -> bool:
    """Step: what the page asks for."""
    try:
        return bool(cloud.counts())
    except ClientError:
        return False


def the_polls_are_applied(cloud: Cloud) -> bool:
    """Step: the custom resource, asked as CloudFormation asks it, with another question."""
    answers: list[dict[str, Any]] = []

    class Keep(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    text = (cloud.project / "polls" / "colors.toml").read_text()
    changed = text.replace('question = "', f'question = "{next(_sids)} ', 1)
    with HTTPServer(("127.0.0.1", 0), Keep) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        event = {
            "RequestType": "Update",
            "ResourceType": "Custom::Polls",
            "ResponseURL": f"http://127.0.0.1:{server.server_port}/",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Applied",
            "PhysicalResourceId": "polls",
            "ResourceProperties": {"Files": [{"Source": "colors.toml", "Text": changed}]},
        }
        cloud.client("lambda").invoke(FunctionName=deployer(cloud), Payload=json.dumps(event))
        server.shutdown()
    return [answer["Status"] for answer in answers] == ["SUCCESS"]


def deployer(cloud: Cloud) -> str:
    """Name of the function behind the custom resources; it is no output."""
    functions = cloud.client("lambda").list_functions()["Functions"]
    (name,) = [
        f["FunctionName"] for f in functions if f["Handler"] == "lambdas.polls.handler.handler"
    ]
    return str(name)


def guest_role(cloud: Cloud) -> str:
    """Name of the role that guests get."""
    pool = cloud.outputs["IdentityPoolId"]
    roles = cloud.client("cognito-identity").get_identity_pool_roles(IdentityPoolId=pool)["Roles"]
    return str(roles["unauthenticated"]).rpartition("/")[2]


OWNERS: dict[str, Callable[[Cloud], str]] = {
    "webhook": lambda c: c.role_of(c.outputs["WebhookFunction"]),
    "aggregator": lambda c: c.role_of(c.outputs["AggregatorFunction"]),
    "polls": lambda c: c.role_of(deployer(c)),
    "guest": guest_role,
}
NEEDED: dict[tuple[str, str, str], Callable[[Cloud], bool]] = {
    ("webhook", "CastBallots", "dynamodb:PutItem"): a_first_vote_is_accepted,
    ("webhook", "CastBallots", "dynamodb:GetItem"): a_changed_vote_is_accepted,
    ("webhook", "ReadTheDirectory", "dynamodb:Query"): a_first_vote_is_accepted,
    ("webhook", "ReadTheSecret", "secretsmanager:GetSecretValue"): a_first_vote_is_accepted,
    ("aggregator", "FoldIntoBoards", "dynamodb:UpdateItem"): a_vote_is_counted,
    ("polls", "ReadTheDirectory", "dynamodb:Query"): the_polls_are_applied,
    ("polls", "ApplyPolls", "dynamodb:PutItem"): the_polls_are_applied,
    ("guest", "ReadOpenBoards", "dynamodb:Query"): a_guest_reads_the_board,
}
NOT_ENFORCED_HERE = {"FollowTheStream", "WriteOwnLog"}
"""The emulator follows the stream and keeps the log itself, whatever the role allows. AWS
asks for both: "Process DynamoDB records with Lambda", "Lambda execution role"."""


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


def test_what_could_not_be_folded_is_folded_once_it_can(cloud: Cloud) -> None:
    """Batches that failed for want of a grant were delivered again: every vote is counted."""
    ballots = cloud.client("dynamodb").scan(TableName=cloud.outputs["VotesTable"])["Items"]

    assert eventually(lambda: sum(cloud.counts().values()) == len(ballots), seconds=30)


# --- A life of a stack ---------------------------------------------------------------


def test_after_a_deploy_nothing_differs(cloud: Cloud) -> None:
    """Synthesis is repeatable: no time, no random name, no host in it."""
    said = cloud.cdk("diff", "--fail", "-c", "stage=local")

    assert "There were no differences" in said


def test_an_update_of_code_and_poll_keeps_every_vote(cloud: Cloud) -> None:
    """The evening goes on while its question is mended."""
    counted, outputs = cloud.counts(), cloud.outputs
    code_before = code_of(cloud)
    poll = cloud.project / "polls" / "colors.toml"
    poll.write_text(poll.read_text().replace('question = "', 'question = "Mended: ', 1))
    handler = cloud.project / "lambdas" / "aggregator" / "handler.py"
    handler.write_text(handler.read_text() + "\n# changed\n")

    cloud.deploy()

    assert cloud.outputs == outputs
    assert code_of(cloud) != code_before
    assert cloud.counts() == counted
    rows = cloud.client("dynamodb", **cloud.guest()).query(**cloud.board())["Items"]
    (question,) = [row["question"]["S"] for row in rows if "question" in row]
    assert question.startswith("Mended: ")
    assert a_vote_is_counted(cloud)


def code_of(cloud: Cloud) -> str:
    """Digest of the aggregator's code."""
    function = cloud.outputs["AggregatorFunction"]
    found = cloud.client("lambda").get_function_configuration(FunctionName=function)
    return str(found["CodeSha256"])


def test_a_destroy_leaves_nothing(cloud: Cloud) -> None:
    """Of a trial; in production the data stays, which the template tests hold."""
    cloud.cdk("destroy", "--force", "-c", "stage=local")

    left = {
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "functions": cloud.client("lambda").list_functions()["Functions"],
        "mappings": cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "apis": cloud.client("apigatewayv2").get_apis()["Items"],
        "pools": cloud.client("cognito-identity").list_identity_pools(MaxResults=10)[
            "IdentityPools"
        ],
        "secrets": cloud.client("secretsmanager").list_secrets()["SecretList"],
        "logs": cloud.client("logs").describe_log_groups()["logGroups"],
        "buckets": ours(cloud.client("s3").list_buckets()["Buckets"], "Name"),
        "roles": ours(cloud.client("iam").list_roles()["Roles"], "RoleName"),
    }
    assert not any(left.values()), left


def ours(things: list[dict[str, Any]], name: str) -> list[str]:
    """Names of things that are not of CDK's bootstrap."""
    return [thing[name] for thing in things if not thing[name].startswith("cdk-")]


def test_the_proof_used_the_pinned_command_line() -> None:
    """As `infra/package.json` names it, and nothing patched."""
    pinned = json.loads((Path("infra") / "package.json").read_text())["devDependencies"]["aws-cdk"]
    installed = json.loads(Path("infra/node_modules/aws-cdk/package.json").read_text())["version"]

    assert installed == pinned
