"""The demo's brand: set up over gRPC, fed with the real shop's orders, and reported from what the services answer."""

import contextlib
import itertools
import json
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from . import flow
from .client import Client
from .deployment import Deployment
from .errors import DevError
from .host import StolenTime
from .paths import ROOT

BRAND = "retail"
SERVICES = ["oneid", "membership"]
DATA = ROOT / "data" / "online_retail.csv.gz"
_PROGRAM = ROOT / "services" / "membership" / "programs" / "pet.json"
_LONG_AGO = "2000-01-01T00:00:00Z"
_BRAND_SECONDS = 30.0
_TOP = 10
_ACCOUNT_NAMESPACES = {"taobao_ouid", "jd_pin", "douyin_open_id", "pos_id"}


@dataclass(frozen=True)
class Run:
    """One replay that was published and wholly processed."""

    published: dict
    seconds: float
    events_per_second: int
    stolen_percent: int  # of the processors' time


def _request_id(what: str) -> str:
    """The same for the same deed, so that setting up twice is setting up once."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"tessera/{BRAND}/{what}"))


def set_up(client: Client) -> None:
    """The brand, its rule for phones, and its program."""
    client.call("oneid", "AdminService/PutBrandGroup", brand_id=BRAND, request_id=_request_id("group"), group_id=BRAND,
                brands=[{"brand_id": BRAND, "time_zone": "Europe/London", "region": "CN", "currency": "GBP"}])
    known = client.call("oneid", "AdminService/ListNamespaces", brand_id=BRAND)["namespaces"]
    phone = next(one for one in known if one["name"] == "phone")
    # A simulated phone never becomes somebody else's, and binds up to four accounts within a day.
    phone |= {"dormant_days": 0, "velocity": {"customers": 10, "window_hours": 24}}
    client.call("oneid", "AdminService/PutNamespace", brand_id=BRAND, request_id=_request_id("phone"), namespace=phone)
    put_program(client, BRAND, _PROGRAM)


def put_program(client: Client, brand: str, path: Path) -> None:
    """Stores the program, in force since ever, as soon as membership has heard of the brand.

    A refusal is kept under its request_id, so each attempt has one of its own.
    """
    deadline = time.monotonic() + _BRAND_SECONDS
    for attempt in itertools.count(1):
        try:
            client.call("membership", "ProgramService/PutProgram", brand_id=brand,
                        request_id=_request_id(f"program/{attempt}"),
                        program=json.loads(path.read_text()), valid_from_time=_LONG_AGO)
            return
        except DevError as error:
            if "BRAND_UNKNOWN" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def _publishing(client: Client, options: list[str], show_bar: bool) -> Iterator[subprocess.Popen]:
    """A running `tessera replay`; ended if we leave early."""
    child = subprocess.Popen(client.argv("replay", str(DATA), "--brand", BRAND, "--json", *options), env=client.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             stderr=None if show_bar else subprocess.PIPE)
    with child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()


def replay(deployment: Deployment, options: list[str], on_look: Callable[[dict, bool], None] = lambda look, sending: None,
           show_bar: bool = False) -> Run:
    """Publishes the whole file (options as of `tessera replay`) and waits until every balance is done.

    `on_look` gets every look at the progress, and whether publishing goes on.
    """
    client = deployment.client
    with flow.watching(client) as watch:
        watch.next()  # So that the measurement begins before the first event.
        stolen = StolenTime()
        with _publishing(client, options, show_bar) as child:
            while child.poll() is None:
                on_look(watch.next(), True)
            output, errors = child.communicate()
        if child.returncode != 0:
            raise DevError(f"the replay could not be published:\n{errors or ''}")
        published = json.loads(output)
        flow.wait_until_done(deployment, watch, lambda look: on_look(look, False))
        points = flow.timeline(watch.looks)
        stolen_percent = stolen.percent()
    end, speed = flow.speed(points, published["published"]["events"])
    return Run(published["published"], round(end - published["start_unix_seconds"], 1), speed,
               stolen_percent)


def _numbers(answer: dict, names: list[str]) -> dict[str, int]:
    return {name: int(answer[name]) for name in names}


def _identity(client: Client) -> dict:
    answer = client.call("oneid", "AdminService/GetStatistics", brand_id=BRAND)
    figures = _numbers(answer, ["events_accepted", "duplicates_dropped", "dead_letters", "customers",
                                "anonymous_customers", "merges", "merges_complete"])
    figures["dead_letters"] += int(answer["dead_letters_unattributed"])  # The replay's garbage names no brand.
    return figures


def _membership(client: Client) -> dict:
    answer = client.call("membership", "MemberService/GetStatistics", brand_id=BRAND)
    of = {one["currency"]: one for one in answer["currencies"]}
    return {"members": int(answer["members"]),
            "points_earned": int(of["points"]["earned"]),
            "points_clawed_back": int(of["points"]["clawed_back"]),
            "points_balance": int(of["points"]["balance"]),
            "growth_balance": int(of["growth"]["balance"]),
            "tiers": {one["tier_id"]: int(one["members"]) for one in answer["tiers"]}}


def balance_of(member: dict, currency: str = "points") -> int:
    return next((int(one["balance"]) for one in member["balances"] if one["currency"] == currency), 0)


def members_by_points(client: Client) -> Iterator[dict]:
    return client.pages("membership", "MemberService/ListMembers", "members", brand_id=BRAND,
                        order_by="ORDER_BY_BALANCE_DESC", currency="points", page_size=500)


def accounts_of(client: Client, customer_id: str) -> list[dict]:
    """The channel accounts of a customer, by their text."""
    owned = client.pages("oneid", "IdentityService/RevealIdentifiers", "identifiers", brand_id=BRAND,
                         customer_id=customer_id)
    return sorted((one for one in owned if one["namespace"] in _ACCOUNT_NAMESPACES), key=lambda one: one["value"])


def _top_members(client: Client) -> list[dict]:
    """The ten by points, then smallest account; those with as many points as the tenth are all looked at."""
    best: list[dict] = []
    for member in members_by_points(client):
        if len(best) >= _TOP and balance_of(member) < balance_of(best[_TOP - 1]):
            break
        best.append(member)
    top = [{"account": accounts_of(client, member["customer_id"])[0]["value"], "points": balance_of(member),
            "tier": member["tier_id"]} for member in best]
    return sorted(top, key=lambda one: (-one["points"], one["account"]))[:_TOP]


def _invariants(client: Client) -> dict:
    checks = client.json("check", accept=(0, 1))["checks"]
    return {f"{one['service']}/{one['name']}": one["violation_count"] for one in checks}


def report(deployment: Deployment, run: Run) -> dict:
    """The report; all but the first group is asked from the services."""
    client = deployment.client
    return {"published": run.published,
            "identity": _identity(client),
            "membership": _membership(client),
            "top_members": _top_members(client),
            "invariants": _invariants(client),
            "seconds": run.seconds,
            "events_per_second": run.events_per_second,
            "stolen_percent": run.stolen_percent,
            "resident_mb": deployment.resident_mb()}


def write(report_of: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report_of, indent=2) + "\n")
