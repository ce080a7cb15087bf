"""`voteapp cost`: estimates the cost of an evening by service and by vote."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, get_args

import typer

from services.cli.markdown_tables import render_markdown
from services.cli.output import Json, emit
from services.cli.stage_options import read_stage_options, render_stage, stage_document
from services.tools.cost.bill import Bill, BillItem, bill_for
from services.tools.cost.prices import Prices
from services.tools.cost.stage import idle_event
from services.tools.cost.usage import Audience, Event, Webhook

TYPICAL: Final = (
    Event(voters=200, minutes=30, viewers=5),
    Event(voters=2_000, minutes=60, viewers=100),
    Event(voters=20_000, minutes=30, viewers=1_000),
    Event(voters=500_000, minutes=30, viewers=5_000),
)
"""The rows of the table without options: a class, a hall, a stadium, a television show."""

KINDS: Final[tuple[Webhook, ...]] = get_args(Webhook)


def cost(
    *,
    voters: Annotated[
        int | None,
        typer.Option(min=1, help="Phones that vote; without it, a table of typical evenings."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=1, help="From open to close.")] = 60,
    viewers: Annotated[int, typer.Option(min=0, help="Screens that show the dashboard.")] = 1,
    webhook: Annotated[
        str | None, typer.Option(help="lambda or container; without it, both.")
    ] = None,
    texts_per_voter: Annotated[
        float, typer.Option(min=1, max=20, help="Above 1 where people change their minds.")
    ] = 1.2,
    replies: Annotated[
        bool, typer.Option("--replies/--no-replies", help="Whether each text gets a reply.")
    ] = True,
    reconcile: Annotated[
        int,
        typer.Option(min=0, max=60, help="Minutes between scheduled reconciliations; 0: none."),
    ] = 0,
    audience: Annotated[
        Audience | None,
        typer.Option(help="How screens read: the table, or JSON that CloudFront keeps."),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(help="dev or prod: with the options that cdk.json keeps for it."),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables as Markdown.")
    ] = False,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Estimate what an evening costs, and which service costs most.

    With --stage, also what the stage's options cost while nobody votes. Uses the list prices of
    us-east-1 and of Twilio's US long codes from a dated file. An upper bound: no free allowance is
    deducted. Reads no account and costs nothing.
    """
    if webhook not in {None, *KINDS}:
        raise typer.BadParameter(f"{webhook!r}: use lambda or container", param_hint="--webhook")
    shown: Callable[[str], str] = str if markdown else render_markdown
    prices = Prices.load()
    options = read_stage_options(stage) if stage else {}
    webhook = webhook or (idle_event(options).webhook if stage else None)
    of_stage = stage_document(options, prices) if stage else {}
    block = f"{render_stage(stage, options, prices)}\n\n" if stage else ""
    if voters is None and stage:
        text = f"{block}{_footnote(prices)}"
        emit(of_stage | _source(prices), shown(text), as_json=as_json)
        return
    if voters is None:
        rows = [_summary(event, prices) for event in TYPICAL]
        emit(
            {"evenings": rows, **_source(prices)},
            shown(_render_typical(rows, prices)),
            as_json=as_json,
        )
        return
    kinds = [kind for kind in KINDS if webhook in {None, kind}]
    bills = {
        kind: bill_for(
            Event(
                voters=voters,
                minutes=minutes,
                viewers=viewers,
                webhook=kind,
                texts_per_voter=texts_per_voter,
                replies=replies,
                reconcile_minutes=reconcile or idle_event(options).reconcile_minutes,
                has_fallback=idle_event(options).has_fallback,
                audience=audience or idle_event(options).audience,
            ),
            prices,
        )
        for kind in kinds
    }
    documents = {kind: _document(bill) for kind, bill in bills.items()}
    text = block + _render_comparison(bills, prices)
    emit({"webhook": documents} | of_stage | _source(prices), shown(text), as_json=as_json)


def _source(prices: Prices) -> dict[str, str]:
    return {"prices_read_on": f"{prices.read_on}", "region": prices.region, "currency": "USD"}


def _document(bill: Bill) -> dict[str, Any]:
    dominant, share = bill.dominant
    return {
        "evening_usd": round(bill.usd, 4),
        "usd_per_vote": round(bill.usd_per_vote, 6),
        "aws_usd": round(bill.without("Twilio"), 4),
        "by_service": {name: round(usd, 6) for name, usd in bill.by_service().items()},
        "lines": [_line(line) for line in bill.lines],
        "monthly_usd": round(bill.monthly_usd, 2),
        "monthly": [_line(line) for line in bill.monthly],
        "dominant": {"service": dominant, "share": round(share, 4)},
    }


def _line(line: BillItem) -> dict[str, object]:
    return {"service": line.service, "what": line.what, "usd": round(line.usd, 6)}


def _summary(event: Event, prices: Prices) -> dict[str, Any]:
    bill = bill_for(event, prices)
    without_replies = Event(
        voters=event.voters, minutes=event.minutes, viewers=event.viewers, replies=False
    )
    return {
        "voters": event.voters,
        "minutes": event.minutes,
        "viewers": event.viewers,
        "aws_usd": round(bill.without("Twilio"), 4),
        "twilio_usd": round(bill.usd - bill.without("Twilio"), 2),
        "twilio_usd_without_replies": round(
            bill_for(without_replies, prices).by_service()["Twilio"], 2
        ),
        "usd_per_vote": round(bill.usd_per_vote, 4),
        "aws_usd_per_vote": round(bill.without("Twilio") / bill.voters, 8),
    }


def _render_typical(rows: Sequence[Mapping[str, Any]], prices: Prices) -> str:
    lines = [
        "| voters | minutes | screens | AWS | Twilio | without replies | a vote | of it AWS |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        aws = 100 * row["aws_usd"] / (row["aws_usd"] + row["twilio_usd"])
        cells = (
            f"{row['voters']:,}",
            f"{row['minutes']:,}",
            f"{row['viewers']:,}",
            _usd(row["aws_usd"]),
            f"${row['twilio_usd']:,.2f}",
            f"${row['twilio_usd_without_replies']:,.2f}",
            f"${row['usd_per_vote']:.4f}",
            f"{aws:.2f} %",
        )
        lines.append(f"| {' | '.join(cells)} |")
    idle = {
        kind: bill_for(Event(voters=1, minutes=1, viewers=0, webhook=kind), prices)
        for kind in KINDS
    }
    idle_costs = " or ".join(f"${bill.monthly_usd:,.2f} ({kind})" for kind, bill in idle.items())
    return "\n".join([*lines, "", f"Standing, a month: {idle_costs}. {_footnote(prices)}"])


def _render_comparison(bills: Mapping[Webhook, Bill], prices: Prices) -> str:
    """One row for each item of the bill, one column for each kind of webhook."""
    one_event = {kind: bill.lines for kind, bill in bills.items()}
    monthly = {kind: bill.monthly for kind, bill in bills.items()}
    blocks = [_table("the evening", one_event), _table("a month, idle", monthly)]
    blocks.extend(_render_share(kind, bill) for kind, bill in bills.items())
    return "\n\n".join([*blocks, _footnote(prices)])


def _table(title: str, bills: Mapping[Webhook, Sequence[BillItem]]) -> str:
    lines = [f"| {title} | | {' | '.join(bills)} |", f"|---|---|{'---:|' * len(bills)}"]
    amounts = {
        kind: {(line.service, line.what): line.usd for line in bill} for kind, bill in bills.items()
    }
    for service, what in dict.fromkeys(key for rows in amounts.values() for key in rows):
        cells = [_usd(rows.get((service, what))) for rows in amounts.values()]
        lines.append(f"| {service} | {what} | {' | '.join(cells)} |")
    totals = " | ".join(f"**{_usd(sum(rows.values()))}**" for rows in amounts.values())
    return "\n".join([*lines, f"| **all** | | {totals} |"])


def _render_share(kind: Webhook, bill: Bill) -> str:
    service, share = bill.dominant
    aws = bill.without("Twilio")
    return (
        f"With a {kind} webhook a vote costs ${bill.usd_per_vote:.4f}, of which AWS "
        f"${aws / bill.voters:.6f}. {service} is {100 * share:.1f} % of the evening."
    )


def _usd(usd: float | None) -> str:
    if usd is None:
        return ""
    return f"${usd:,.2f}" if usd >= 0.1 else f"${usd:.4f}"  # noqa: PLR2004 - ten cents


def _footnote(prices: Prices) -> str:
    return (
        f"List prices of {prices.region} and of Twilio's US long codes as of {prices.read_on}, "
        "no free allowance taken off."
    )
