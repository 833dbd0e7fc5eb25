"""The members that callers work on: accounts that the harness made, and who of them has become one by its events."""

import random
import threading
import uuid

from setting import Setting

_SIDES_MAX = 6


class People:
    """The customers of the accounts, and the merges that were asked for. Thread-safe."""

    def __init__(self, setting: Setting):
        self.setting = setting
        self.customers = setting.customers
        self.quiet = setting.quiet_accounts
        self._busy = [account for account in range(len(self.customers)) if account not in self.quiet]
        self.bindings: list[tuple[int, int, str]] = []  # Two accounts, and the event that binds them.
        self._lock = threading.Lock()

    def any_customer(self, chooser: random.Random) -> str:
        return self.customers[self.any_account(chooser)]

    def any_account(self, chooser: random.Random) -> int:
        """None of the quiet ones."""
        return chooser.choice(self._busy)

    def bind(self, chooser: random.Random) -> tuple[int, int, str]:
        """Two accounts that an event will show to be one person, if they do not make a crowd of him."""
        with self._lock:
            pair = self._pair(chooser)
            while not self._stays_small(pair):
                pair = self._pair(chooser)
            binding = (*pair, new_id(chooser))
            self.bindings.append(binding)
            return binding

    def _pair(self, chooser: random.Random) -> tuple[int, int]:
        first, second = sorted(chooser.sample(self._busy, 2))
        return first, second

    def _stays_small(self, pair: tuple[int, int]) -> bool:
        made = groups(len(self.customers), [*(binding[:2] for binding in self.bindings), pair])
        return all(len(group) <= _SIDES_MAX for group in made if pair[0] in group)


def new_id(chooser: random.Random) -> str:
    return str(uuid.UUID(int=chooser.getrandbits(128), version=4))


def groups(count: int, pairs: list[tuple[int, int]]) -> list[set[int]]:
    """Who is one person after all of the pairs."""
    root = list(range(count))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for first, second in pairs:
        root[find(second)] = find(first)
    united: dict[int, set[int]] = {}
    for one in range(count):
        united.setdefault(find(one), set()).add(one)
    return sorted(united.values(), key=min)
