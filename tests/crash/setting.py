"""The callers' brand, its program and its accounts, made before anything is harmed."""

import json
import time
import uuid
from pathlib import Path

import tools_path  # noqa: F401
from devlib.client import Client
from devlib.errors import DevError

from people import ACCOUNT_EVENT, BRAND, SOURCE, identifier

_PROGRAM = Path(__file__).with_name("program.json")
_LONG_AGO = "2000-01-01T00:00:00Z"
_SECONDS_MAX = 60.0
_PAGE = 500


def _until(done, what: str):
    """The first result that is not None."""
    deadline = time.monotonic() + _SECONDS_MAX
    while (result := done()) is None:
        if time.monotonic() > deadline:
            raise DevError(f"after {_SECONDS_MAX:.0f} s still not: {what}")
        time.sleep(0.05)
    return result


def _program_is_put(client: Client) -> bool | None:
    """A refusal is kept under its request id, so each attempt has one of its own."""
    try:
        client.call("membership", "ProgramService/PutProgram", brand_id=BRAND, request_id=str(uuid.uuid4()),
                    program=json.loads(_PROGRAM.read_text()), valid_from_time=_LONG_AGO)
        return True
    except DevError as error:
        if "BRAND_UNKNOWN" in str(error):
            return None
        raise


def owners(client: Client, accounts: int) -> list[dict]:
    """Who owns each account's identifier."""
    keys = [identifier(account) for account in range(accounts)]
    found: list[dict] = []
    for start in range(0, accounts, _PAGE):
        found += client.call("oneid", "IdentityService/ResolveIdentifiers", brand_id=BRAND,
                             identifiers=keys[start:start + _PAGE])["owners"]
    return found


def _customers(client: Client, accounts: int) -> list[str] | None:
    ids = [owner["origin_customer_id"] for owner in owners(client, accounts)]
    return ids if all(ids) else None


def _members(client: Client, accounts: int) -> bool | None:
    told = client.call("membership", "MemberService/GetStatistics", brand_id=BRAND)
    return True if int(told["members"]) == accounts else None


def make(client: Client, accounts: int) -> list[str]:
    """Makes brand, program and accounts; the customers of the accounts, all members."""
    client.call("oneid", "AdminService/PutBrandGroup", brand_id=BRAND, request_id=str(uuid.uuid4()), group_id=BRAND,
                brands=[{"brand_id": BRAND, "time_zone": "Europe/London", "region": "GB", "currency": "GBP"}])
    _until(lambda: _program_is_put(client), "membership has met the brand")
    for account in range(accounts):
        event = {"event_id": f"{ACCOUNT_EVENT}{account}", "source": SOURCE,
                 "event": {"identifiers": [identifier(account)], "customer_identified": {}}}
        client.call("oneid", "IntakeService/PublishEvent", brand_id=BRAND, event=event)
    customers = _until(lambda: _customers(client, accounts), "every account has a customer")
    _until(lambda: _members(client, accounts), "every customer is a member")
    return customers
