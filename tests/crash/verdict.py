"""All audits over one kept run; by itself, `verdict.py FOLDER`, over the one in a folder such as var/crash."""

import json
import sys
from pathlib import Path

import audit_calls
import audit_identity
import audit_ledger
import audit_logs
import call_log
import report
import state
from setting import BRAND, Setting
from violation import Violation


def judge(folder: Path) -> list[Violation]:
    """Judges the log, the setting and the state that a run left in its folder."""
    calls = call_log.calls(call_log.read(folder / "calls.jsonl"))
    after = state.load(folder / "state.json")
    setting = Setting(**json.loads((folder / "setting.json").read_text()))
    return [*audit_logs.audit(after), *audit_calls.audit(calls, after),
            *audit_identity.audit(setting.customers, bindings(calls, after), after),
            *audit_ledger.audit(calls, after, BRAND, setting)]


def bindings(calls: list[call_log.Call], after: state.State) -> list[tuple[int, int]]:
    """The pairs of accounts whose events were taken, be their answers known or not."""
    taken = {row["event_id"] for row in after.tables["oneid.channel_event"]}
    pairs = []
    for call in calls:
        event = call.request.get("event", {}).get("event", {})
        if "account_bound" in event and call.request_id in taken:
            first, second = (int(one["value"].removeprefix("account")) for one in event["identifiers"])
            pairs.append((first, second))
    return pairs


if __name__ == "__main__":
    print(report.verdict(judge(Path(sys.argv[1]))))
