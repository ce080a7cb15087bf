"""Simulated texts are what Twilio sends."""

from services.tools.phones.sms import Kind, Text, form_fields, signature

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def a_text(**changes: str) -> Text:
    """A vote for red."""
    values = {"sid": "SM1", "sender": "+15550100001", "to": "+15550100100", "body": "RED"}
    return Text(kind=Kind.NEW, choice="RED", **(values | changes))


def test_the_signature_is_that_of_twilios_own_example() -> None:
    """Twilio, "Webhooks Security", the documented vector."""
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
        ("Caller", "+14158675309"),
    ]

    assert signature(URL, fields, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_same_sid_stands_in_all_three_fields() -> None:
    """Twilio keeps two older names for it."""
    fields = dict(form_fields(a_text(sid="SM42")))

    assert {fields["MessageSid"], fields["SmsMessageSid"], fields["SmsSid"]} == {"SM42"}


def test_a_text_without_words_is_a_picture() -> None:
    """What people send when they send no words."""
    fields = dict(form_fields(a_text(body="")))

    assert fields["NumMedia"] == "1"
    assert "MediaUrl0" in fields
