"""Steps of the proof: each one needs some of the grants, and says whether it succeeded."""

import base64
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from services.adapters.dynamodb.ballot_items import ballot_of
from services.tools.local.boards import function_url_event
from tests.support.strict_cloud import STACK, Cloud

_sids = count(1)
_phones = count(100)


def sid() -> str:
    """A MessageSid that was never used."""
    return f"SM{next(_sids):032x}"


def phone() -> str:
    """A fictional number that has not voted."""
    return f"+15550100{next(_phones)}"


def eventually(holds: Callable[[], bool], *, seconds: float = 15) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return held


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


def stream_of(cloud: Cloud) -> str:
    """ARN of the stream of ballots."""
    table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs["VotesTable"])
    return str(table["Table"]["LatestStreamArn"])


def row_of(cloud: Cloud, sk: str) -> dict[str, Any] | None:
    """A row of the sealed board of the poll, which is open, so that nobody else writes there."""
    found: dict[str, Any] | None = (
        cloud.client("dynamodb")
        .get_item(
            TableName=cloud.outputs["AggregatesTable"],
            Key={"pk": {"S": "sealed#colors"}, "sk": {"S": sk}},
        )
        .get("Item")
    )
    return found


def a_tally_row_is_begun(cloud: Cloud) -> bool:
    """Step: the first record of a stream shard."""
    arn, shard = stream_of(cloud), f"new-{next(_sids)}"
    image = {"board": {"S": "sealed#colors"}, "round": {"N": "1"}, "changed_at": {"N": "1"}}
    record = {"eventSourceARN": arn, "dynamodb": {"SequenceNumber": "1", "NewImage": image}}
    cloud.client("lambda").invoke(
        FunctionName=cloud.outputs["AggregatorFunction"],
        Payload=json.dumps({"Records": [record], "shardId": shard}),
    )
    return row_of(cloud, f"00001#tally#{arn.rpartition('/')[2]}#{shard}") is not None


def merge_rows(cloud: Cloud, **more: Any) -> tuple[str, str]:
    """Store a row of a stream shard that is gone in a new round, and call the merger.

    `more` are attributes of a base row that is there already; the sort keys of row and base row.
    """
    label, number = stream_of(cloud).rpartition("/")[2], 1000 + next(_sids)
    row, base = f"{number:05}#tally#{label}#gone", f"{number:05}#base"
    item = {"folded": {"N": "1"}, "as_of": {"N": "1"}, "wm": {"S": "1"}}
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs["AggregatesTable"]
    for sk, held in {row: item, **({base: more} if more else {})}.items():
        key = {"pk": {"S": "sealed#colors"}, "sk": {"S": sk}}
        dynamodb.put_item(TableName=table, Item={**key, **held})
    cloud.start_afresh(cloud.function_of("merger"))
    cloud.client("lambda").invoke(FunctionName=cloud.function_of("merger"), Payload="{}")
    return row, base


def a_row_is_merged(cloud: Cloud) -> bool:
    """Step: the row of a stream shard that is gone, in a new base row."""
    return row_of(cloud, merge_rows(cloud)[1]) is not None


def a_merged_row_is_deleted(cloud: Cloud) -> bool:
    """Step: a day after it was merged."""
    label = stream_of(cloud).rpartition("/")[2]
    merged = {"M": {f"{label}#gone": {"M": {"at": {"N": "1"}, "folded": {"N": "1"}}}}}
    row, _ = merge_rows(cloud, folded={"N": "1"}, merged=merged, revision={"N": "1"})
    return row_of(cloud, row) is None


def a_fallback_text_is_counted(cloud: Cloud) -> bool:
    """Step: a text that only the fallback took is in a ballot within six seconds."""
    cloud.start_afresh(cloud.function_of("replayer"))
    text = sid()
    assert cloud.fallback_text(phone(), "green", text)[0] == 200
    return eventually(lambda: held(cloud, text) == 1, seconds=6)


def a_second_fallback_text_is_counted(cloud: Cloud) -> bool:
    """Step: the same, of a phone that has a ballot."""
    cloud.start_afresh(cloud.function_of("replayer"))
    voter, text = phone(), sid()
    assert cloud.text(voter, "red", sid()) == 200
    assert cloud.fallback_text(voter, "green", text)[0] == 200
    return eventually(lambda: held(cloud, text) == 1, seconds=6)


def a_fallback_text_is_delayed(cloud: Cloud) -> bool:
    """Step: an item that fails is hidden. Its receipt is invalid, and only the queue knows that.

    It fails because the replayer may not read the polls.
    """
    replayer = cloud.function_of("replayer")
    event = {
        "Records": [
            {
                "messageId": "1",
                "receiptHandle": "invalid",
                "body": cloud.fallback_item(phone(), "green", sid()),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1"},
            }
        ]
    }
    with cloud.without(cloud.role_of(replayer), "ReadTheLog", "dynamodb:Query"):
        cloud.start_afresh(replayer)
        done = cloud.client("lambda").invoke(
            FunctionName=replayer, Payload=json.dumps(event), LogType="Tail"
        )
    log = base64.b64decode(done["LogResult"]).decode()
    assert '"event": "replay.failed"' in log
    return '"error": "ReceiptHandleIsInvalid"' in log


LOST_NUMBER = "+15550100188"
LOST = f"""
question = "Which fruit?"
numbers = ["{LOST_NUMBER}"]
[[choices]]
key = "PLUM"
label = "Plum"
[[choices]]
key = "PEAR"
label = "Pear"
"""


def a_lost_text(cloud: Cloud, sender: str, body: str) -> str:
    """A text that Twilio received half an hour ago and did not deliver; its MessageSid."""
    at = time.time() - 1_800
    record = cloud.twilio.records.add(sender=sender, to=LOST_NUMBER, body=body, at=at)
    return record.sid


def reconcile(cloud: Cloud, payload: Any = None) -> None:
    """Call the reconciler, as its rule does."""
    cloud.client("lambda").invoke(
        FunctionName=cloud.function_of("reconciler"), Payload=json.dumps(payload or {})
    )


def a_lost_text_is_recovered(cloud: Cloud) -> bool:
    """Step: the only text of a phone, which is in Twilio's log alone."""
    text = a_lost_text(cloud, phone(), "plum")
    reconcile(cloud)
    return held(cloud, text) == 1


def a_second_lost_text_is_recovered(cloud: Cloud) -> bool:
    """Step: one of a phone that has a ballot."""
    voter = phone()
    first = a_lost_text(cloud, voter, "plum")
    reconcile(cloud)
    assert held(cloud, first) == 1
    second = a_lost_text(cloud, voter, "pear")
    reconcile(cloud)
    return held(cloud, second) == 1


def a_canary_text_is_counted(cloud: Cloud) -> bool:
    """Step: a run of the canary. Its poll is removed before it, as a failed run leaves it."""
    key = {"pk": {"S": "directory"}, "sk": {"S": "canary-selftest"}}
    cloud.client("dynamodb").delete_item(TableName=cloud.outputs["PollsTable"], Key=key)
    canary, url = cloud.function_of("canary"), urlsplit(cloud.outputs["WebhookUrl"])
    address = f"{cloud.aws.endpoint}/sms"
    cloud.start_afresh(
        canary, WEBHOOK_URL=f"https://{url.hostname}/sms", WEBHOOK_ADDRESS=address
    )  # fmt: skip
    done = cloud.client("lambda").invoke(FunctionName=canary, LogType="Tail")
    return '"event": "canary.ok"' in base64.b64decode(done["LogResult"]).decode()


def held(cloud: Cloud, text: str) -> int:
    """How many ballots hold a text."""
    items = cloud.client("dynamodb").scan(TableName=cloud.outputs["VotesTable"])["Items"]
    return sum(text in {one.sid for one in ballot_of(item).texts} for item in items)


def waiting(cloud: Cloud) -> int:
    """The items in the queue, also those that are being replayed."""
    attributes = cloud.client("sqs").get_queue_attributes(
        QueueUrl=cloud.outputs["FallbackQueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(attributes[name]) for name in names)


def a_guest_reads_the_board(cloud: Cloud) -> bool:
    """Step: what the page asks for."""
    try:
        return bool(cloud.counts())
    except ClientError:
        return False


def a_board_is_answered(cloud: Cloud) -> bool:
    """Step: what CloudFront asks for."""
    payload = json.dumps(function_url_event("/boards/colors.json"))
    reader = cloud.function_of("reader")
    done = cloud.client("lambda").invoke(FunctionName=reader, Payload=payload)
    answer = json.loads(done["Payload"].read())
    return bool(answer["statusCode"] == 200 and json.loads(answer["body"])["poll"] == "colors")


def the_polls_are_applied(cloud: Cloud) -> bool:
    """Step: the same polls, with another question."""
    changed = colors(cloud).replace('question = "', f'question = "{next(_sids)} ', 1)
    return str(apply(cloud, changed)["Status"]) == "SUCCESS"


def the_old_directory_is_copied(cloud: Cloud) -> bool:
    """Step: a row of an older version, as the deploy copies it."""
    dynamodb, row = cloud.client("dynamodb"), f"~phone#old#{next(_sids):032x}"
    key = {"pk": {"S": "directory"}, "sk": {"S": row}}
    dynamodb.put_item(TableName=cloud.outputs["AggregatesTable"], Item=key)
    status = ask(cloud, "Custom::DirectoryCopied", {})["Status"]
    copied = dynamodb.get_item(TableName=cloud.outputs["PollsTable"], Key=key)
    return status == "SUCCESS" and "Item" in copied


def a_change_that_votes_forbid_is_refused(cloud: Cloud) -> bool:
    """Step: more shards while a round has votes; the poll file is blamed, nothing else."""
    assert a_vote_is_counted(cloud)
    reason = str(apply(cloud, f"shards = 20\n{colors(cloud)}")["Reason"])
    return reason.startswith("PollFileError")


QUIET = """
question = "Which side?"
opens_at = 2100-01-01T00:00:00Z
[[choices]]
key = "LEFT"
label = "Left"
[[choices]]
key = "RIGHT"
label = "Right"
"""


def a_change_before_the_first_vote_is_refused(cloud: Cloud) -> bool:
    """Step: more shards for a poll made just now that nobody has voted in.

    Whether it has begun is asked of its boards, its certificate and its ballots.
    """
    apply(cloud, colors(cloud), quiet=QUIET)
    reason = str(apply(cloud, colors(cloud), quiet=f"shards = 20{QUIET}")["Reason"])
    return reason.startswith("PollFileError") and "a first vote may be on its way" in reason


def a_deploy_that_forgets_an_option_is_refused(cloud: Cloud) -> bool:
    """Step: the reason is the option, which is known only once the stack is not rolling back."""
    old = {"Options": {"alarm_email": "count@example.com"}, "ByCommand": "", "Drop": ""}
    new = old | {"Options": {}}
    reason = str(ask(cloud, "Custom::DeployCheck", new, old=old)["Reason"])
    return reason.startswith("ForgottenOptionsError")


def colors(cloud: Cloud) -> str:
    """The text of the poll file."""
    return (cloud.project / "polls" / "colors.toml").read_text()


def apply(cloud: Cloud, text: str, **others: str) -> dict[str, Any]:
    """Ask the custom resource to apply these polls; its answer."""
    files = {"colors": text, **others}
    sources = [{"Source": f"{name}.toml", "Text": text} for name, text in files.items()]
    return ask(cloud, "Custom::Polls", {"Files": sources})


def ask(
    cloud: Cloud, kind: str, properties: dict[str, Any], *, old: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Ask a custom resource as CloudFormation asks it; its answer."""
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    answers: list[dict[str, Any]] = []

    class Keep(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Keep) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        event = {
            "RequestType": "Update",
            "ResourceType": kind,
            "ResponseURL": f"http://127.0.0.1:{server.server_port}/",
            "StackId": stack["StackId"],
            "RequestId": "request",
            "LogicalResourceId": "Applied",
            "PhysicalResourceId": "polls",
            "ResourceProperties": properties,
            "OldResourceProperties": old or {},
        }
        cloud.client("lambda").invoke(FunctionName=deployer(cloud), Payload=json.dumps(event))
        server.shutdown()
    (answer,) = answers
    return answer


def deployer(cloud: Cloud) -> str:
    """Name of the function behind the custom resources; it is no output."""
    return cloud.function_of("polls")


def queueing_role(cloud: Cloud) -> str:
    """Name of the role with which the REST API puts texts into the queue."""
    roles = cloud.client("iam").list_roles()["Roles"]
    (name,) = [r["RoleName"] for r in roles if "FallbackApiRole" in r["RoleName"]]
    return str(name)


def guest_role(cloud: Cloud) -> str:
    """Name of the role that guests get."""
    pool = cloud.outputs["IdentityPoolId"]
    roles = cloud.client("cognito-identity").get_identity_pool_roles(IdentityPoolId=pool)["Roles"]
    return str(roles["unauthenticated"]).rpartition("/")[2]
