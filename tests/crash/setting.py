"""The callers' brand, its program and its accounts, made before anything is harmed."""

import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import tools_path  # noqa: F401
from devlib.client import Client
from devlib.errors import DevError

import tiers

BRAND = "crash"
SOURCE = "till"
ACCOUNT_EVENT = "account-"  # Begins the ids of the events that make the accounts.
_PROGRAM = Path(__file__).with_name("program.json")
_LONG_AGO = "2000-01-01T00:00:00Z"
_SECONDS_MAX = 60.0
_PAGE = 500
_HOUR = timedelta(hours=1)


@dataclass
class Setting:
    """What the auditor has to know. The clocks of the services run ahead, so that a day begins amid the run."""

    time_zone: str  # Where the next hour that is full enough ahead begins a day.
    midnight: str  # That hour.
    clock_base_seconds: float = 0.0
    customers: list[str] = field(default_factory=list)  # By account; so for the next.
    enrolled: list[str] = field(default_factory=list)  # Days.
    quiet_accounts: list[int] = field(default_factory=list)  # Left alone after a visit; their review is on that day.

    @classmethod
    def after(cls, seconds: float) -> "Setting":
        """Its day begins so many seconds from now at the earliest."""
        hour = (datetime.now(timezone.utc) + timedelta(seconds=seconds)).replace(minute=0, second=0, microsecond=0)
        midnight = hour + _HOUR
        east = -midnight.hour if midnight.hour < 12 else 24 - midnight.hour
        return cls(f"Etc/GMT{-east:+d}", midnight.isoformat())  # Their sign is west of Greenwich.

    @property
    def day_before(self) -> date:
        """In the brand's zone, as the accounts are made."""
        return datetime.fromisoformat(self.midnight).astimezone(ZoneInfo(self.time_zone)).date() - timedelta(days=1)

    def begin(self, midnight_after_seconds: float) -> None:
        """From now on clocks run ahead by so much that the day begins when it should."""
        real = datetime.fromisoformat(self.midnight).timestamp() - time.time()
        self.clock_base_seconds = max(0.0, real - midnight_after_seconds)

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.clock_base_seconds)


def identifier(account: int) -> dict:
    """Each account in a shop of its own, so that no rule keeps two of them from being one person."""
    return {"namespace": "pos_id", "scope": f"shop{account}", "value": f"account{account}"}


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


def _enrolment(account: int, day: date, setting: Setting) -> date:
    """The quiet accounts and one of three others have their anniversary on the day that begins amid the run, the others
    earlier in the year."""
    if account % 3 == 0 or account in setting.quiet_accounts:
        return tiers.anniversary(day, day.year - 1 - account % 2)
    return day - timedelta(days=20 + account if account % 3 == 1 else 250 + account)


def make(client: Client, accounts: int, quiet: int, setting: Setting) -> None:
    """Makes brand, program and accounts, of which the last are quiet; the customers of the accounts, all members."""
    setting.quiet_accounts += range(accounts - quiet, accounts)
    client.call("oneid", "AdminService/PutBrandGroup", brand_id=BRAND, request_id=str(uuid.uuid4()), group_id=BRAND,
                brands=[{"brand_id": BRAND, "time_zone": setting.time_zone, "region": "GB", "currency": "GBP"}])
    _until(lambda: _program_is_put(client), "membership has met the brand")
    for account in range(accounts):
        day = _enrolment(account, setting.day_before + timedelta(days=1), setting)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(setting.time_zone)).astimezone(timezone.utc)
        setting.enrolled.append(day.isoformat())
        event = {"event_id": f"{ACCOUNT_EVENT}{account}", "source": SOURCE,
                 "event_time": noon.isoformat().replace("+00:00", "Z"),
                 "event": {"identifiers": [identifier(account)], "customer_identified": {}}}
        client.call("oneid", "IntakeService/PublishEvent", brand_id=BRAND, event=event)
    setting.customers += _until(lambda: _customers(client, accounts), "every account has a customer")
    _until(lambda: _members(client, accounts), "every customer is a member")
