#!/usr/bin/env python3
"""The figures of the demo's report, computed from the raw order lines alone: no Kafka, no services, no shared code.

    recompute.py FILE.csv.gz [--anchor DATE] > report.json

It is written to be read beside the rules of the replay, section by section. Where the rules leave room, it reads
them so; `test_recompute.py` has a hand-computed case of each:

  * An invoice whose rows are not all adjacent is still one event, at the place of its first row, with all its rows.
  * "Earlier" lines, to which a cancellation is matched, are those of events published before the cancellation, that
    is, of orders whose first row comes before the cancellation's first row; "latest order" is the last published.
  * Unit prices are the same when they are equal as decimal numbers, however they are written.
  * A line that several rows of one cancellation touch is in its refund once, with the sum of the pieces. This cannot
    change a figure, because what a line gives back depends on the pieces that are back in total.
  * Rows of a cancellation whose quantity is not negative are neither matched nor counted as skipped.
  * Unmatched pieces are counted as positive numbers.
  * Every account is bound exactly once, because k is at least 1 and an account has at least one order. So all
    accounts of a customer number end as one customer, after one merge fewer than it has accounts.
  * Whoever has a customer number and an order is a member; a customer number that only cancelled does not appear.
  * `points_clawed_back` counts the whole clawback, also the part that became debt; balances are earned less clawed
    back and may be negative for a member whose later cancellations exceed what is left.
  * The smallest account of a member is the smallest text `<customer_id>@<channel>` among the accounts with an order.
  * Order amounts of `sales` are all kept lines, also those that earn no points.
  * "One of the last seven days before today" is from today - 7 to today - 1, by calendar days of the brand's zone.
  * A shifted wall time that the change to summer time leaves out is read with the offset before the change; one that
    the change back repeats is read as the first of the two.
  * `times` (first and last event time after the shift) is an extra group, so that --anchor can be seen to work.
"""

import argparse
import csv
import datetime
import gzip
import json
import sys
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Iterable, Iterator
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")
CHANNELS = ("tmall", "jd", "douyin", "pos")
NOT_GOODS = {"POST", "DOT", "M", "m", "C2", "D", "S", "B", "PADS", "CRUK", "BANK CHARGES", "AMAZONFEE"}
TIERS = (("V1", 0), ("V2", 200), ("V3", 500), ("V4", 2_000), ("V5", 5_000))
TOP = 10


@dataclass
class Row:
    """One row of the file."""

    invoice_no: str
    stock_code: str
    quantity: int
    time: datetime.datetime  # Wall time in the brand's zone, not yet shifted.
    unit_price: Decimal
    customer_id: str  # Empty if the row has none.


@dataclass
class Line:
    """A kept line of an order."""

    stock_code: str
    quantity: int
    unit_price: Decimal
    amount: int  # Pence.
    returned: int = 0  # Pieces that came back, in total.


@dataclass
class Order:
    """A normal invoice with at least one kept line."""

    order_id: str
    customer_id: str
    time: datetime.datetime
    lines: list[Line]

    @property
    def channel(self) -> str:
        return CHANNELS[crc32(self.order_id) % 4] if self.customer_id else "web"

    @property
    def account(self) -> str:
        return f"{self.customer_id}@{self.channel}" if self.customer_id else f"anon-{self.order_id}"


@dataclass
class Event:
    """One distinct published event."""

    event_id: str
    time: datetime.datetime


@dataclass
class Replay:
    """Everything that the file becomes."""

    orders: list[Order] = field(default_factory=list)
    refunds: list[Event] = field(default_factory=list)
    bindings: list[Event] = field(default_factory=list)
    skipped_lines: int = 0
    unmatched_pieces: int = 0
    last_row_time: datetime.datetime = datetime.datetime.min

    @property
    def events(self) -> list[Event]:
        orders = [Event(f"or-{order.order_id}", order.time) for order in self.orders]
        return orders + self.refunds + self.bindings


def crc32(text: str) -> int:
    return zlib.crc32(text.encode("ascii"))


def read_rows(path: str) -> Iterator[Row]:
    """The rows in file order."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Row(row["invoice_no"], row["stock_code"], int(row["quantity"]),
                      datetime.datetime.fromisoformat(row["invoice_ts"]), Decimal(row["unit_price"]),
                      row["customer_id"])


def line_amount(quantity: int, unit_price: Decimal) -> int:
    """Pence of a line, rounded half up once (rule 1)."""
    return int((quantity * unit_price * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def given_back(amount: int, pieces_back: int, quantity: int) -> int:
    """What of an amount, of money or points, is back after so many pieces in total (rules 5 and 8)."""
    return amount * pieces_back // quantity


def replay(rows: Iterable[Row]) -> Replay:
    """Rules 1 to 5: the orders, refunds and bindings, and what is left out of them."""
    result = Replay()
    invoices: dict[str, list[Row]] = {}  # In the order of first rows.
    for row in rows:
        invoices.setdefault(row.invoice_no, []).append(row)
        result.last_row_time = row.time
    orders_of_customer: dict[str, list[Order]] = defaultdict(list)
    for invoice_no, invoice in invoices.items():
        if invoice_no.startswith("A"):
            continue
        if invoice_no.startswith("C"):
            _cancel(result, invoice, orders_of_customer[invoice[0].customer_id] if invoice[0].customer_id else [])
            continue
        order = _order(result, invoice)
        if order.lines:
            result.orders.append(order)
            if order.customer_id:
                orders_of_customer[order.customer_id].append(order)
    result.bindings = _bindings(result.orders)
    return result


def _order(result: Replay, invoice: list[Row]) -> Order:
    order = Order(invoice[0].invoice_no, invoice[0].customer_id, invoice[0].time, [])
    for row in invoice:
        if row.quantity <= 0 or row.unit_price <= 0:
            result.skipped_lines += 1
        else:
            amount = line_amount(row.quantity, row.unit_price)
            order.lines.append(Line(row.stock_code, row.quantity, row.unit_price, amount))
    return order


def _cancel(result: Replay, invoice: list[Row], earlier: list[Order]) -> None:
    """Rule 5: takes pieces from the latest order first, within it from the highest line first."""
    touched: dict[str, None] = {}  # Order ids in the order of first touch.
    for row in invoice:
        wanted = max(0, -row.quantity)
        for order in reversed(earlier):
            for line in reversed(order.lines):
                if wanted and (line.stock_code, line.unit_price) == (row.stock_code, row.unit_price):
                    taken = min(wanted, line.quantity - line.returned)
                    line.returned += taken
                    wanted -= taken
                    if taken:
                        touched.setdefault(order.order_id)
        result.unmatched_pieces += wanted
    for order_id in touched:
        result.refunds.append(Event(f"or-ref-{invoice[0].invoice_no}-{order_id}", invoice[0].time))


def _bindings(orders: list[Order]) -> list[Event]:
    """Rule 4: each account is bound after its k-th order, or after its last one if it has fewer."""
    orders_of_account: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        if order.customer_id:
            orders_of_account[order.account].append(order)
    bindings = []
    for account, own in orders_of_account.items():
        k = 1 + crc32(account) % 3
        after = own[min(k, len(own)) - 1]
        bindings.append(Event(f"or-bind-{account}", after.time + datetime.timedelta(seconds=1)))
    return bindings


def weeks_to_shift(last_row: datetime.date, today: datetime.date) -> int:
    """How many whole weeks bring the last row to one of the last seven days before today (rule 7)."""
    return ((today - datetime.timedelta(days=1)) - last_row).days // 7


def shifted(wall: datetime.datetime, weeks: int) -> datetime.datetime:
    """The instant of a wall time moved by whole weeks: weekday and hour stay, whatever summer time does."""
    return (wall + datetime.timedelta(weeks=weeks)).replace(tzinfo=ZONE).astimezone(datetime.timezone.utc)


def is_goods(line: Line) -> bool:
    return line.stock_code not in NOT_GOODS


def award_of(order: Order) -> int:
    """Points of an order: one per whole pound of its goods (rule 8)."""
    return sum(line.amount for line in order.lines if is_goods(line)) // 100


def allocate(award: int, weights: list[int]) -> list[int]:
    """Spreads an award over lines by largest remainder; of equal remainders the lower line is served first."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    shares = [award * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda line: (-(award * weights[line] % total), line))
    for line in by_remainder[:award - sum(shares)]:
        shares[line] += 1
    return shares


def clawback_of(order: Order) -> int:
    """Points of an order that its returned pieces took back."""
    goods = [line for line in order.lines if is_goods(line)]
    shares = allocate(award_of(order), [line.amount for line in goods])
    return sum(given_back(share, line.returned, line.quantity) for share, line in zip(shares, goods))


def tier_of(growth: int) -> str:
    """The highest tier whose threshold is reached; the first has none."""
    return [name for name, threshold in TIERS if threshold == 0 or growth >= threshold][-1]


def published_figures(data: Replay) -> dict:
    ids = [event.event_id for event in data.events]
    return {
        "events": len(ids),
        "duplicates": sum(crc32("dup:" + event_id) % 50 == 0 for event_id in ids),
        "malformed": sum(crc32("bad:" + event_id) % 500 == 0 for event_id in ids),
        "orders": len(data.orders),
        "refunds": len(data.refunds),
        "bindings": len(data.bindings),
        "skipped_lines": data.skipped_lines,
        "unmatched_pieces": data.unmatched_pieces,
    }


def accounts_by_customer(data: Replay) -> dict[str, set[str]]:
    result: dict[str, set[str]] = defaultdict(set)
    for order in data.orders:
        if order.customer_id:
            result[order.customer_id].add(order.account)
    return result


def identity_figures(data: Replay) -> dict:
    published = published_figures(data)
    accounts = accounts_by_customer(data)
    merges = sum(len(own) - 1 for own in accounts.values())
    return {
        "events_accepted": published["events"],
        "duplicates_dropped": published["duplicates"],
        "dead_letters": published["malformed"],
        "customers": len(accounts),
        "anonymous_customers": sum(not order.customer_id for order in data.orders),
        "merges": merges,
        "merges_complete": merges,
    }


def sales_figures(data: Replay) -> dict:
    by_channel = dict.fromkeys((*CHANNELS, "web"), 0)
    refunded = 0
    for order in data.orders:
        by_channel[order.channel] += sum(line.amount for line in order.lines)
        refunded += sum(given_back(line.amount, line.returned, line.quantity) for line in order.lines)
    return {
        "orders": len(data.orders),
        "amount_minor": sum(by_channel.values()),
        "refunds": len(data.refunds),
        "refunded_minor": refunded,
        "by_channel": by_channel,
    }


def membership_figures(data: Replay) -> tuple[dict, list[dict]]:
    """The groups `membership` and `top_members`. Growth is earned and clawed back exactly as points are."""
    earned: dict[str, int] = defaultdict(int)
    clawed_back: dict[str, int] = defaultdict(int)
    for order in data.orders:
        if order.customer_id:
            earned[order.customer_id] += award_of(order)
            clawed_back[order.customer_id] += clawback_of(order)
    balance = {customer: earned[customer] - clawed_back[customer] for customer in earned}
    tiers = dict.fromkeys((name for name, _ in TIERS), 0)
    for growth in balance.values():
        tiers[tier_of(growth)] += 1
    accounts = accounts_by_customer(data)
    best = sorted((-balance[customer], min(accounts[customer])) for customer in balance)[:TOP]
    figures = {
        "members": len(balance),
        "points_earned": sum(earned.values()),
        "points_clawed_back": sum(clawed_back.values()),
        "points_balance": sum(balance.values()),
        "growth_balance": sum(balance.values()),
        "tiers": tiers,
    }
    return figures, [{"account": account, "points": -minus, "tier": tier_of(-minus)} for minus, account in best]


def times(data: Replay, today: datetime.date) -> dict:
    weeks = weeks_to_shift(data.last_row_time.date(), today)
    moments = [shifted(event.time, weeks) for event in data.events]
    return {"first": min(moments).isoformat(), "last": max(moments).isoformat()} if moments else {}


def report(rows: Iterable[Row], today: datetime.date) -> dict:
    """All groups that follow from the file alone."""
    data = replay(rows)
    membership, top_members = membership_figures(data)
    return {
        "published": published_figures(data),
        "identity": identity_figures(data),
        "sales": sales_figures(data),
        "membership": membership,
        "top_members": top_members,
        "times": times(data, today),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Computes the demo's report from the raw file alone.")
    parser.add_argument("file", help="the order lines, as .csv.gz")
    parser.add_argument("--anchor", type=datetime.date.fromisoformat, metavar="DATE",
                        help="the day that is taken for today when event times are shifted (today)")
    args = parser.parse_args()
    today = args.anchor or datetime.datetime.now(ZONE).date()
    json.dump(report(read_rows(args.file), today), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
