"""A deployment to prove things on: strict emulator, unmodified CDK, a copy of the project."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from twilio.request_validator import RequestValidator

from infra.bundle_contents import CONTENTS
from infra.config import StageConfig
from infra.options import Options
from infra.packaging import Packager
from services.tools.local.aws import LocalAws, rest_api_path
from services.tools.local.folders import EMULATOR_VENV, ROOT
from services.tools.local.ports import HOST, free_port
from services.tools.local.processes import Process, clean_environment, wait_until
from services.tools.local.runs import STATE, exclusive_lock
from services.tools.phones.sms import ACCOUNT
from tests.support.twilio_api import Account

OWNER = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "owner"}
"""To the emulator, a key that is an account's number is that account's owner."""

QUICK = Config(
    account_id_endpoint_mode="disabled", read_timeout=30, retries={"total_max_attempts": 1}
)
STACK = "VoteApp-local"
OPTIONS = (
    *("-c", "stage=local", "-c", "audience=large"),
    *("-c", "reconcile=60 minutes", "-c", "canary=60 minutes"),
)
"""With everything that a stack may have; the schedules are too slow to interfere with a test."""
UNPACKED = Path.home() / ".cache/aws/jsii/package-cache"
TOKEN = "a-token-of-the-proof"
COPIED = ("app.py", "cdk.json", "infra", "lambdas", "polls", "services", "dashboard")
_IGNORED = shutil.ignore_patterns("node_modules", "__pycache__", "dist", "test")


@dataclass(slots=True, kw_only=True)
class Cloud:
    """The emulator, the copy of the project, and what the last deploy said."""

    folder: Path
    project: Path
    aws: LocalAws
    outputs: dict[str, str] = field(default_factory=dict)
    twilio: Account = field(default_factory=Account)
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def client(self, service: str, **credentials: str) -> Any:
        """A client of the account's owner, or of whoever the credentials belong to."""
        who: Any = credentials or OWNER
        key = (service, *who.values())
        if key not in self._clients:
            session: Any = boto3.Session(region_name=self.aws.region, **who)
            self._clients[key] = session.client(
                service, endpoint_url=self.aws.endpoint, config=QUICK
            )
        return self._clients[key]

    def cdk(
        self,
        *arguments: str,
        seconds: float = 120,
        cwd: Path | None = None,
        validated: bool = False,
    ) -> str:
        """Run the pinned CDK command line; its output. Fails if it fails."""
        done = subprocess.run(
            [str(ROOT / "infra/node_modules/.bin/cdk"), *arguments],
            cwd=cwd or self.project,
            env=clean_environment(
                **self.aws.environment() | {name.upper(): value for name, value in OWNER.items()},
                HOME=str(self.folder / "home"),
                CDK_DISABLE_CLI_TELEMETRY="true",
                CDK_VALIDATION=str(validated).lower(),
                # Not in the home above: to unpack CDK once more takes some seconds.
                JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(UNPACKED),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def deploy(self, *, validated: bool = False) -> None:
        """`cdk deploy`, and read its outputs; if wanted with CDK's validation, as by default."""
        file = self.folder / "outputs.json"
        never = ("--require-approval", "never")
        to = ("--outputs-file", str(file))
        self.cdk("deploy", *OPTIONS, *never, *to, validated=validated)
        self.outputs = json.loads(file.read_text())[STACK]

    def text(self, sender: str, body: str, sid: str, token: str = TOKEN) -> int:
        """Send a signed text through the HTTP API to the webhook function; the status."""
        url = urllib.parse.urlsplit(self.outputs["WebhookUrl"])
        form = {"MessageSid": sid, "From": sender, "To": "+15550100100", "Body": body}
        signed = RequestValidator(token).compute_signature(f"https://{url.hostname}/sms", form)
        return self._post("/sms", form, {"Host": url.netloc, "X-Twilio-Signature": signed})[0]

    def fallback_text(
        self, sender: str, body: str, sid: str, token: str = TOKEN
    ) -> tuple[int, str]:
        """Send a text through the REST API to the fallback's queue; the status and the body."""
        url = self.outputs["FallbackUrl"]
        form, signed = self._fallback_form(sender, body, sid, token)
        headers = {"Host": url.split("/")[2], "X-Twilio-Signature": signed}
        return self._post(rest_api_path(url), form, headers)

    def fallback_item(self, sender: str, body: str, sid: str) -> str:
        """What the REST API puts into the queue for a text."""
        form, signed = self._fallback_form(sender, body, sid, TOKEN)
        quoted = urllib.parse.quote_plus(urllib.parse.urlencode(form))
        return json.dumps({"body": quoted, "signature": urllib.parse.quote_plus(signed)})

    def _fallback_form(
        self, sender: str, body: str, sid: str, token: str
    ) -> tuple[dict[str, str], str]:
        form = {"MessageSid": sid, "From": sender, "To": "+15550100100", "Body": body}
        form |= {"ErrorCode": "11205", "ErrorUrl": self.outputs["WebhookUrl"]}
        url = self.outputs["FallbackUrl"]
        return form, RequestValidator(token).compute_signature(url, form)

    def _post(self, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        request = urllib.request.Request(  # noqa: S310 - the emulator's own address
            f"{self.aws.endpoint}{path}",
            data=urllib.parse.urlencode(form).encode(),
            headers=headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def set_token(self, token: str) -> None:
        """What `voteapp connect` does to the secret: the pepper stays."""
        secrets, arn = self.client("secretsmanager"), self.outputs["SecretArn"]
        held = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
        changed = json.dumps({**held, "twilio_auth_token": token, "twilio_account_sid": ACCOUNT})
        secrets.put_secret_value(SecretId=arn, SecretString=changed)
        self.start_afresh(self.outputs["WebhookFunction"])
        self.start_afresh(self.function_of("replayer"))

    def guest(self) -> dict[str, str]:
        """Credentials as the dashboard gets them, for the identity made at deploy."""
        given = self.client("cognito-identity").get_credentials_for_identity(
            IdentityId=self.outputs["GuestIdentityId"]
        )["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretKey"],
            "aws_session_token": given["SessionToken"],
        }

    def counts(self) -> dict[str, int]:
        """Totals of the board, read as a guest reads them: choice -> votes."""
        answer = self.client("dynamodb", **self.guest()).query(**self.board())
        totals: dict[str, int] = {}
        for row in answer["Items"]:
            for name, value in row.items():
                if name.startswith("c#"):
                    totals[name[2:]] = totals.get(name[2:], 0) + int(value["N"])
        return {choice: votes for choice, votes in totals.items() if votes}

    def board(self, pk: str = "open#colors", **other: Any) -> dict[str, Any]:
        """The arguments of the dashboard's query."""
        return {
            "TableName": self.outputs["AggregatesTable"],
            "KeyConditionExpression": "pk = :board",
            "ExpressionAttributeValues": {":board": {"S": pk}},
            "ProjectionExpression": "sk, question, #red, #green, #blue",
            "ExpressionAttributeNames": {"#red": "c#RED", "#green": "c#GREEN", "#blue": "c#BLUE"},
            "Select": "SPECIFIC_ATTRIBUTES",
            **other,
        }

    @contextmanager
    def without(self, role: str, sid: str, action: str) -> Iterator[None]:
        """Take one action out of one statement of a role, and put it back afterwards."""
        iam = self.client("iam")
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        less = json.loads(json.dumps(whole))
        (statement,) = [s for s in less["Statement"] if s["Sid"] == sid]
        actions = statement["Action"]
        assert action in actions
        statement["Action"] = [a for a in actions if a != action] if actions != action else []
        if not statement["Action"]:
            less["Statement"].remove(statement)
        put = {"RoleName": role, "PolicyName": name}
        if less["Statement"]:
            iam.put_role_policy(**put, PolicyDocument=json.dumps(less))
        else:
            iam.delete_role_policy(**put)
        try:
            yield
        finally:
            iam.put_role_policy(**put, PolicyDocument=json.dumps(whole))

    def role_of(self, function: str) -> str:
        """Name of a function's role."""
        role: str = self.client("lambda").get_function_configuration(FunctionName=function)["Role"]
        return role.rpartition("/")[2]

    def function_of(self, name: str) -> str:
        """Name of the function that runs `lambdas.<name>`, which may be no output."""
        handler = f"lambdas.{name}.handler.handler"
        functions = self.client("lambda").list_functions()["Functions"]
        (found,) = [f["FunctionName"] for f in functions if f["Handler"] == handler]
        return str(found)

    def set_variables(self, function: str, **variables: str) -> None:
        """Add variables to the environment of a function."""
        functions = self.client("lambda")
        held = functions.get_function_configuration(FunctionName=function)["Environment"]
        functions.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**held["Variables"], **variables}}
        )

    def start_afresh(self, function: str, **variables: str) -> None:
        """Have a function start cold, with nothing it has read before; add these variables."""
        self.set_variables(function, STARTED_AT=str(time.time_ns()), **variables)


@contextmanager
def strict_cloud(folder: Path) -> Iterator[Cloud]:
    """An emulator that enforces IAM, and a copy of the project that may be changed."""
    python = EMULATOR_VENV / "bin" / "python"
    port = free_port()
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    process = Process(
        "strict emulator",
        [str(python), str(Path(__file__).with_name("strict_emulator.py"))],
        env=clean_environment(
            AUTH="true",
            BIND_HOST=HOST,
            GATEWAY_PORT=str(port),
            IOT_MTLS_ENABLED="0",
            STATE_DIR=str(folder / "state"),
            S3_DATA_DIR=str(folder / "s3"),
            HOME=str(folder / "home"),
            TMPDIR=str(folder / "tmp"),
            PYTHONDONTWRITEBYTECODE="1",
        ),
        log=folder / "emulator.log",
        cwd=folder,
    )
    with process:
        endpoint = f"http://{HOST}:{port}"
        wait_until(lambda: _answers(endpoint), process, seconds=30, remedy="Start again.")
        project = folder / "project"
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, project / name, ignore=_IGNORED)
            else:
                project.mkdir(exist_ok=True)
                shutil.copyfile(source, project / name)
        bundles = build_bundles()
        (project / "cdk.out").mkdir()
        (project / "cdk.out" / "bundles").symlink_to(bundles)
        yield Cloud(folder=folder, project=project, aws=LocalAws(endpoint=endpoint))


def build_bundles() -> Path:
    """The folder of the bundles that both this and the local cloud deploy, all of them built.

    With the lock of a synthesis, or two workers would build the same at the same time.
    """
    STATE.mkdir(exist_ok=True)
    packager = Packager(config=StageConfig.of("local", Options()))
    with exclusive_lock("synth"):
        for function in CONTENTS:
            packager.bundle(function)
        packager.site()
    return packager.folder


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):  # noqa: S310
            return True
    except OSError:
        return False
