"""Who is one person: the harness's own union of accounts against both services' aliases."""

from typing import Iterator

from people import groups
from state import State
from violation import Violation


def audit(customers: list[str], bound: list[tuple[int, int]], state: State) -> list[Violation]:
    """`customers` by account, each of which began as a customer of his own; `bound` are the pairs that became one."""
    violations: list[Violation] = []
    expected = {}
    for group in groups(len(customers), bound):
        root = min(customers[one] for one in group)  # The oldest: ids begin with their time.
        expected |= {customers[one]: root for one in group}
    for table in ("oneid.customer", "membership.member"):
        found = {row["customer_id"]: row["root_id"] for row in state.tables[table]}
        violations += _differences(table, expected, found)
    return violations + list(_merges(state))


def _differences(table: str, expected: dict[str, str], found: dict[str, str]) -> Iterator[Violation]:
    for customer in sorted(expected.keys() | found.keys()):
        if expected.get(customer) != found.get(customer):
            yield Violation("other person", customer, f"{table} says {found.get(customer)}, "
                                                      f"the events say {expected.get(customer)}")


def _merges(state: State) -> Iterator[Violation]:
    """Each merge is complete, applied once, and answered."""
    applied = {row["merge_id"] for row in state.tables["membership.applied_merge"]}
    for row in state.tables["oneid.merge"]:
        if row["state"] != 2:
            yield Violation("merge not complete", row["merge_id"], f"state {row['state']} {row['mismatch']}")
        if row["merge_id"] not in applied:
            yield Violation("merge not applied", row["merge_id"], f"{row['absorbed_id']} into {row['survivor_id']}")
