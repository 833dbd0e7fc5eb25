"""The demo's report as something that a person likes to read. Pure: figures in, text out."""

from dataclasses import dataclass, field

_BAR_CELLS = 40
_NAMES = {"taobao_ouid": "Tmall", "jd_pin": "JD", "douyin_open_id": "Douyin", "pos_id": "store POS"}


@dataclass(frozen=True)
class Story:
    """One customer: the accounts that became one, and what his points did."""

    accounts: list[dict]  # OwnedIdentifier of oneid, with values.
    merges: list[dict]  # Merge of oneid, oldest first.
    entries: list[dict]  # Entry of membership, by the time of what caused them.
    balance: int
    tier: str
    customer_id: str
    phone: str = ""
    absorbed: list[str] = field(default_factory=list)


def number(value: int) -> str:
    return f"{value:,}"


def progress_bar(what: str, fraction: float, note: str) -> str:
    filled = int(fraction * 30)
    return f"{what} [{'#' * filled}{'.' * (30 - filled)}] {int(fraction * 100):3d} %  {note}"


def _chart(rows: list[tuple[str, int]]) -> list[str]:
    """A bar for each row, the longest as wide as there is room; a bar for whatever is not nothing."""
    most = max((value for _, value in rows), default=0) or 1
    width = max((len(number(value)) for _, value in rows), default=1)
    return [f"  {name}  {number(value).rjust(width)}  {'█' * max(round(_BAR_CELLS * value / most), value > 0)}"
            for name, value in rows]


def _figures(rows: list[tuple[str, int, str]]) -> list[str]:
    width = max(len(number(value)) for _, value, _ in rows)
    name_width = max(len(name) for name, _, _ in rows)
    return [f"  {name.ljust(name_width)}  {number(value).rjust(width)}  {note}".rstrip() for name, value, note in rows]


def _day(time: str) -> str:
    return time[:10]


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _story(story: Story) -> list[str]:
    lines = [f"One customer's story (accounts and phone are simulated): {len(story.accounts)} accounts, "
             f"{len(story.merges)} merges, one balance"]
    for account in story.accounts:
        name = _NAMES.get(account["namespace"], account["namespace"])
        lines.append(f"  {_day(account['valid_from'])}  {account['value'].ljust(16)} {name}")
    if story.phone:
        lines.append(f"  all of them showed the phone {story.phone}, so they are one:")
    for merge in story.merges:
        lines.append(f"  {_minute(merge['merge_time'])}  {merge['absorbed_customer_id'][-12:]} "
                     f"became {merge['survivor_customer_id'][-12:]}  ({merge['state'].removeprefix('MERGE_STATE_').lower()})")
    lines.append("  points:")
    balance = 0
    for entry in story.entries:
        change = int(entry["change"])
        balance += change
        kind = entry["kind"].removeprefix("ENTRY_KIND_").replace("_", " ").lower()
        lines.append(f"  {_minute(entry['effective_time'])}  {kind.ljust(12)} {change:+8,d}  {balance:8,d}  "
                     f"{entry['cause_id']}")
    lines.append(f"  = {number(story.balance)} points, tier {story.tier}")
    return lines


def _invariants(invariants: dict[str, int]) -> list[str]:
    broken = {name: count for name, count in invariants.items() if count}
    if not broken:
        return [f"All {len(invariants)} invariants hold."]
    return ["BROKEN INVARIANTS:"] + [f"  {name}: {number(count)} violations" for name, count in broken.items()]


def report(figures: dict, story: Story | None) -> str:
    """The whole report."""
    published, identity, membership = figures["published"], figures["identity"], figures["membership"]
    lines = ["", f"{number(published['events'])} channel events of a real shop (541,909 order lines) went through "
                 "Kafka, oneid and membership", ""]
    lines += _figures([
        ("orders", published["orders"], ""),
        ("refunds", published["refunds"], ""),
        ("accounts bound", published["bindings"], "to a simulated phone"),
        ("came twice", identity["duplicates_dropped"], "dropped"),
        ("were garbage", identity["dead_letters"], "kept as dead letters, with the reason"),
        ("customers", identity["customers"], f"after {number(identity['merges'])} merges of accounts, "
                                             f"{number(identity['merges_complete'])} of them complete"),
        ("anonymous", identity["anonymous_customers"], "orders without a customer"),
        ("points earned", membership["points_earned"], ""),
        ("clawed back", membership["points_clawed_back"], "for returned pieces"),
        ("points in all", membership["points_balance"], ""),
    ])
    lines += ["", f"{number(membership['members'])} members by tier"] + _chart(list(membership["tiers"].items()))
    lines += ["", "The ten best members"]
    for place, one in enumerate(figures["top_members"], 1):
        lines.append(f"  {place:2d}  {one['account'].ljust(16)} {number(one['points']).rjust(9)} points  {one['tier']}")
    if story:
        lines += [""] + _story(story)
    memory = ", ".join(f"{name} {mb} MB" for name, mb in figures.get("resident_mb", {}).items())
    lines += ["", *_invariants(figures["invariants"]),
              f"{number(figures['events_per_second'])} events/s from published to balance (the middle 80 %), "
              f"{figures['seconds']} s in all; resident: {memory}"]
    if figures["stolen_percent"] > 0:
        lines.append(f"Meanwhile the machine's host gave {figures['stolen_percent']} % of the processors' time to others.")
    return "\n".join(lines) + "\n"
