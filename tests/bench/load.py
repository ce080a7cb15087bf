"""Signed texts over keep-alive connections, and the CPU that a server spends on each."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlencode

import psutil
from twilio.request_validator import RequestValidator

from tests.support.polls import NUMBER, a_phone, a_sid

TOKEN = "a token for the benchmark"
URL = "http://127.0.0.1/sms"
CONNECTIONS = 16
WARM_UP = 1_000


def signed_requests(count: int, *, first_phone: int = 0) -> list[bytes]:
    """So many first votes of so many phones, as Twilio sends them."""
    validator = RequestValidator(TOKEN)
    return [_request(validator, first_phone + phone) for phone in range(count)]


def _request(validator: RequestValidator, phone: int) -> bytes:
    sid = a_sid()
    form = {
        "ToCountry": "US", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "",
        "FromZip": "", "SmsSid": sid, "FromState": "", "SmsStatus": "received", "FromCity": "",
        "Body": ("Red", "green", "BLUE!")[phone % 3], "FromCountry": "US", "To": NUMBER,
        "ToZip": "", "NumSegments": "1", "MessageSid": sid, "AccountSid": f"AC{0:032x}",
        "From": a_phone(phone), "ApiVersion": "2010-04-01",
    }  # fmt: skip
    body = urlencode(form).encode()
    signature = validator.compute_signature(URL, form)
    head = (
        "POST /sms HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def program(*argv: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program of ours; ended with the block. Its first line says that it is up."""
    process = subprocess.Popen(
        [sys.executable, *argv], stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


async def post_all(port: int, requests: Sequence[bytes]) -> None:
    """Send them all and read every answer. Raises: RuntimeError for one that is not 200."""
    share = [requests[n::CONNECTIONS] for n in range(CONNECTIONS)]
    await asyncio.gather(*(_post(port, mine) for mine in share))


async def _post(port: int, requests: Sequence[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        await post(reader, writer, request)
    writer.close()


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Send one and read its answer. Raises: RuntimeError if it is not 200."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise RuntimeError((head + body).decode())


@contextmanager
def webhook(application: str, store_port: int) -> Iterator[tuple[int, int]]:
    """Serve an application over a store on loopback; the block gets process id and port."""
    environ = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store_port}", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local", "VOTES_TABLE": "Votes", "POLLS_TABLE": "None",
        "TWILIO_AUTH_TOKEN": TOKEN, "VOTER_PEPPER": "a pepper that is for the benchmark alone",
        "PUBLIC_BASE_URL": "http://127.0.0.1",
    }  # fmt: skip
    with program("-m", "tests.bench.server", application, **environ) as server:
        assert server.stdout is not None
        yield server.pid, int(server.stdout.readline())


@contextmanager
def stub_store() -> Iterator[int]:
    """A store that answers at once; the block gets its port."""
    with program("-m", "tests.bench.stub") as store:
        assert store.stdout is not None
        yield int(store.stdout.readline())


def cpu_us_per_vote(application: str, votes: int, store_port: int) -> float:
    """Microseconds of CPU that uvicorn spends on one vote with this application."""
    requests = signed_requests(WARM_UP + votes)
    with webhook(application, store_port) as (pid, port):
        asyncio.run(post_all(port, requests[:WARM_UP]))
        before = _cpu_seconds(pid)
        asyncio.run(post_all(port, requests[WARM_UP:]))
        return (_cpu_seconds(pid) - before) / votes * 1e6


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
