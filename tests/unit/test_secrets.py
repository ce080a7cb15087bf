"""The secrets' loader: what it takes, and that it says nothing of what it refuses."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from services.adapters.secrets import Secrets, SecretStore, UnusableSecretError, secrets_loader
from services.settings import WebhookSettings

ARN = WebhookSettings(votes_table="V", polls_table="P", secret_arn="arn")


def load(**held: Any) -> Secrets:
    """What the loader makes of a secret with this answer of Secrets Manager."""
    client: Any = SimpleNamespace(get_secret_value=lambda SecretId: held)  # noqa: N803, ARG005 - AWS's name
    return secrets_loader(ARN, lambda: client)()


def test_a_secret_holds_token_and_pepper() -> None:
    """After a deploy the token is empty, until it is set."""
    pepper = "p" * 32
    new = load(SecretString=json.dumps({"twilio_auth_token": "", "voter_pepper": pepper}))
    full = load(SecretString=json.dumps({"twilio_auth_token": "t", "voter_pepper": pepper}))

    assert (new.are_set, full.are_set) == (False, True)
    assert full == Secrets("t", pepper.encode())


@pytest.mark.parametrize(
    ("held", "account"),
    [({}, ""), ({"twilio_account_sid": "AC1"}, "AC1"), ({"twilio_account_sid": None}, "")],
)
def test_the_account_is_optional(held: dict[str, Any], account: str) -> None:
    """Texts are accepted without it, and with one that cannot be read."""
    secret = {"twilio_auth_token": "t", "voter_pepper": "p" * 32, **held}
    loaded = load(SecretString=json.dumps(secret))

    assert loaded == Secrets("t", b"p" * 32, account)
    assert loaded.are_set


def test_the_account_is_stored_beside_the_token_and_all_else_stays() -> None:
    """In one write, also where the token was stored before; again there is none."""
    held = {"twilio_auth_token": "t", "voter_pepper": "p" * 32, "note": "kept"}
    stored: list[dict[str, str]] = []

    def put(SecretId: str, SecretString: str) -> None:  # noqa: N803 - AWS's names
        assert SecretId == "arn"
        stored.append(json.loads(SecretString))

    def get(SecretId: str) -> dict[str, str]:  # noqa: N803, ARG001 - AWS's name
        return {"SecretString": json.dumps(stored[-1] if stored else held)}

    client: Any = SimpleNamespace(get_secret_value=get, put_secret_value=put)
    store = SecretStore(client, "arn")
    changed = [store.set_token("t", "AC1"), store.set_token("t", "AC1"), store.set_token("t")]

    assert changed == [True, False, False]
    assert stored == [{**held, "twilio_account_sid": "AC1"}]


@pytest.mark.parametrize("pepper", ["", "x", "x" * 31])
def test_a_weak_pepper_is_refused_without_being_told(pepper: str) -> None:
    """All phone numbers can be tried against a hash whose key can be guessed."""
    with pytest.raises(UnusableSecretError, match="restore") as refused:
        load(SecretString=json.dumps({"twilio_auth_token": "token", "voter_pepper": pepper}))

    assert refused.value.key == "voter_pepper"
    assert "shorter than 32 characters" in str(refused.value)
    assert "x" not in str(refused.value)


@pytest.mark.parametrize(
    "held",
    [
        {"SecretString": "not JSON, but a secret"},
        {"SecretString": '"a secret"'},
        {"SecretString": "[1]"},
        {"SecretString": json.dumps({"twilio_auth_token": None, "voter_pepper": "p" * 32})},
        {"SecretString": json.dumps({"twilio_auth_token": "t", "voter_pepper": ["a secret"] * 32})},
        {"SecretString": json.dumps({"twilio_auth_token": "t"})},
        {"SecretBinary": b"a secret"},
    ],
)
def test_what_is_no_such_secret_is_refused_without_being_told(held: dict[str, Any]) -> None:
    """A null is not the token "None"."""
    with pytest.raises(UnusableSecretError) as refused:
        load(**held)

    assert "a secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"SecretString": "[1]"}, "SecretString: not a JSON object"),
        ({"SecretBinary": b"x"}, "SecretString: not a JSON object"),
        (
            {"SecretString": json.dumps({"twilio_auth_token": "t"})},
            "voter_pepper: shorter than 32 characters",
        ),
        (
            {"SecretString": json.dumps({"twilio_auth_token": 1, "voter_pepper": "p" * 32})},
            "twilio_auth_token: not a string",
        ),
        (
            {"SecretString": json.dumps({"twilio_auth_token": "t", "voter_pepper": None})},
            "voter_pepper: not a string",
        ),
    ],
)
def test_a_refused_secret_is_named_with_problem_and_remedy(
    held: dict[str, Any], message: str
) -> None:
    """As the webhook logs it, and as the doctor shows it."""
    with pytest.raises(UnusableSecretError) as refused:
        load(**held)

    error = refused.value
    remedy = "restore the version of the secret that the stack generated"
    assert str(error) == f"{message}: {remedy}"
    assert (f"{error.key}: {error.problem}", error.remedy) == (message, remedy)


def test_both_may_come_from_the_environment() -> None:
    """Which has refused a weak pepper at the start."""
    settings = WebhookSettings(
        votes_table="V", polls_table="P", twilio_auth_token="t", voter_pepper="p" * 32
    )

    assert secrets_loader(settings, lambda: pytest.fail("asked"))() == Secrets("t", b"p" * 32)


def test_an_operator_reads_a_secret_without_pepper_and_cannot_change_a_malformed_one() -> None:
    """A missing pepper is for the caller to refuse; what is no JSON object stays as it is."""
    put = pytest.fail
    new: Any = SimpleNamespace(get_secret_value=lambda **_: {"SecretString": "{}"})
    odd: Any = SimpleNamespace(
        get_secret_value=lambda **_: {"SecretString": "a secret"}, put_secret_value=put
    )
    with pytest.raises(UnusableSecretError, match="SecretString: not a JSON object"):
        SecretStore(odd, "arn").set_token("t")

    assert SecretStore(new, "arn").read() == Secrets("", b"")
