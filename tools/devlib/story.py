"""Finds one customer worth telling about, and asks the services for his story."""

from itertools import islice

from . import retail
from .client import Client
from .show import Story

_ACCOUNTS = 4
_ORDERS = range(5, 9)  # Few enough to be read at a glance.
_LOOKED_AT = 2_000
_TRIED = 10


def find(client: Client) -> Story | None:
    """A member with four accounts, a handful of orders and something returned; the best of those, or None."""
    members = islice(retail.members_by_points(client), _LOOKED_AT)
    fitting = (member for member in members
               if len(member["side_customer_ids"]) == _ACCOUNTS and int(member["orders"]) in _ORDERS)
    first: Story | None = None
    for member in islice(fitting, _TRIED):
        story = _ask(client, member)
        if any("CLAWED_BACK" in entry["kind"] for entry in story.entries):
            return story
        first = first or story
    return first


def _ask(client: Client, member: dict) -> Story:
    customer_id = member["customer_id"]
    customer = client.call("oneid", "IdentityService/GetCustomer", brand_id=retail.BRAND,
                           customer_id=customer_id)["customer"]
    merges = [client.call("oneid", "MergeService/GetMerge", brand_id=retail.BRAND, merge_id=merge_id)["merge"]
              for merge_id in customer["merge_ids"]]
    entries = list(client.pages("membership", "PointsService/ListEntries", "entries", brand_id=retail.BRAND,
                                customer_id=customer_id, currency="points", page_size=500))
    phones = [one["value"] for one in customer["identifiers"] if one["namespace"] == "phone"]
    accounts = sorted(retail.accounts_of(client, customer_id), key=lambda one: one["valid_from"])
    return Story(accounts=accounts, merges=merges, entries=sorted(entries[::-1], key=lambda one: one["effective_time"]),
                 balance=retail.balance_of(member),
                 tier=member["tier_id"],
                 customer_id=customer_id, phone=phones[0] if phones else "")
