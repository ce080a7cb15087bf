"""Custom resources: check a deploy, copy and apply the polls, create the viewers' identity."""

import hashlib
from collections.abc import Mapping

from aws_cdk import CustomResource, Duration
from aws_cdk.aws_lambda import Function
from constructs import Construct

from infra.function import FunctionProps, ServiceFunction
from infra.options import OptionError, Options
from infra.shared_props import SharedProps
from infra.stage_options import StageOptions
from services.settings import PollsSettings

_TIMEOUT = Duration.minutes(2)
_COPY_SECONDS = 15 * 60
"""Lambda's maximum. A list of 100,000 phones takes about four minutes."""
_COPY_TIMEOUT = Duration.minutes(16)


class Polls(Construct):
    """Four custom resources handled by one function; an invalid poll fails the deploy."""

    def __init__(self, scope: Construct, construct_id: str, props: SharedProps) -> None:
        super().__init__(scope, construct_id)
        storage, bundles = props.storage, props.bundles
        aggregates, directory = storage.aggregates, storage.polls
        settings = PollsSettings(
            votes_table=storage.votes.table_name,
            aggregates_table=aggregates.table_name,
            polls_table=directory.table_name,
            default_number=props.config.options.number,
        )
        self._tables = {"From": aggregates.table_name, "To": directory.table_name}
        self._triggers = settings.to_env() | {"CODE": bundles.bundle("polls").name}
        self.deployer = ServiceFunction(
            self,
            "Deployer",
            config=props.config,
            bundles=bundles,
            props=FunctionProps(
                name="polls",
                environment=settings.to_env(),
                memory_mb=1024,  # and a good half of a CPU, for the copy of a long list
                timeout_seconds=_COPY_SECONDS,
            ),
        )

    def check_deploy(self, given: StageOptions, *code: str) -> CustomResource:
        """Refuse a deploy that loses options, and name the open polls; `code` is what it deploys.

        Everything that is not needed for the check must depend on it.
        """
        properties = {**given.to_properties(), "Code": [self._triggers["CODE"], *code]}
        return self._add_custom_resource("Check", "Custom::DeployCheck", properties)

    def copy_directory(self) -> CustomResource:
        """Copy the directory that older versions kept in the table of aggregates.

        Everything that reads or writes the directory must depend on it.
        """
        return self._add_custom_resource(
            "Copied", "Custom::DirectoryCopied", self._tables, timeout=_COPY_TIMEOUT
        )

    def apply(self, polls: Mapping[str, str]) -> CustomResource:
        """Apply poll files (name -> text) whenever they, the code or the settings change."""
        files = [
            {"Source": source, "Text": text, "Sha256": digest_of(text)}
            for source, text in polls.items()
        ]
        return self._add_custom_resource(
            "Applied", "Custom::Polls", {"Files": files, **self._triggers}
        )

    def guest_identity(self, identity_pool_id: str) -> str:
        """Create one identity for all viewers: a pool creates only 25 per second."""
        properties = {"IdentityPoolId": identity_pool_id}
        return self._add_custom_resource("Guest", "Custom::GuestIdentity", properties).ref

    def _add_custom_resource(
        self,
        construct_id: str,
        resource_type: str,
        properties: Mapping[str, object],
        *,
        timeout: Duration = _TIMEOUT,
    ) -> CustomResource:
        function: Function = self.deployer.function
        return CustomResource(
            self,
            construct_id,
            service_token=function.function_arn,
            resource_type=resource_type,
            properties=properties,
            service_timeout=timeout,
        )


def digest_of(text: str) -> str:
    """Return the digest of a file.

    CloudFormation reads letters beyond ASCII back as question marks: without a digest, a text in
    which only such letters changed would look unchanged.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def default_poll(options: Options, polls: Mapping[str, str]) -> str:
    """Return the id of the poll that the dashboard opens with: `-c poll`, else the first file.

    Raises:
        OptionError: the poll has no file, or there are no poll files.
    """
    ids = [name.removesuffix(".toml") for name in polls]
    wanted = options.poll or next(iter(ids), None)
    if wanted not in ids:
        raise OptionError("poll", wanted, f"name one of polls/*.toml: {ids}")
    return wanted
