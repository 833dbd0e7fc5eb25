"""Channels: they publish events through oneid: activity that earns, orders and what comes back of them, and bindings
that make two customers one."""

import datetime
from dataclasses import dataclass, field

from call_log import OK
from callers import Caller
from people import new_id
from setting import BRAND, SOURCE, identifier

_INTAKE = "tessera.oneid.v1.IntakeService/PublishEvent"
_DAY = datetime.timedelta(days=1)


@dataclass
class Bought:
    """An order that was paid, and what is left of it to come back. All money is in steps that give a point of growth
    back, so that no return is without an event."""

    account: int
    paid: dict
    pieces: list[int] = field(default_factory=list)  # Left, by line; so for the next, in minor units.
    money: list[int] = field(default_factory=list)


class Channel(Caller):
    """One of them. What it has published may wait for what it publishes later."""

    def __init__(self, *args):
        super().__init__(*args)
        self._orders: list[Bought] = []
        self._owed: list[tuple[str, dict]] = []  # Events that others wait for, and that nobody has answered yet.

    def _deeds(self):
        return [(self._check_in, 8), (self._review, 6), (self._bind, 1), (self._order, 10), (self._give_back, 18),
                (self._give_back_early, 2), (self._repeat_order, 1)]

    def _finish(self) -> None:
        for event_id, request in self._owed:
            while self._until_answered("oneid", _INTAKE, event_id, request) is None:
                pass

    # Points of a day ago are announced within the run and pending ones become active, those of two days ago expire.
    def _check_in(self) -> None:
        self._publish([self._account()], {"check_in_done": {"place": "till"}}, self._age())

    def _review(self) -> None:
        age = self._age() or _DAY * 3 - self._seconds()
        self._publish([self._account()], {"review_posted": {"review_id": "r", "product_code": "p", "rating": 5}}, age)

    def _bind(self) -> None:
        first, second, event_id = self._people.bind(self._chooser)
        self._publish([first, second], {"account_bound": {}}, None, event_id)

    def _order(self) -> None:
        bought = self._bought()
        if self._publish([bought.account], {"order_paid": bought.paid}, self._age()):
            self._orders.append(bought)

    def _repeat_order(self) -> None:
        """Another event of an order: the same order has no effect, another one of its number is refused."""
        if self._orders:
            bought = self._chooser.choice(self._orders)
            other = self._chooser.choice([bought.paid, bought.paid | {"freight_minor": "77700"}])
            self._publish([bought.account], {"order_paid": other}, None)

    def _give_back_early(self) -> None:
        """What comes back before its order waits for it."""
        bought = self._bought()
        self._publish_refund(bought, self._all_back(bought))
        request = self._request([bought.account], {"order_paid": bought.paid}, None, new_id(self._chooser))
        event_id = request["event"]["event_id"]
        if self._until_answered("oneid", _INTAKE, event_id, request) is None:
            self._owed.append((event_id, request))

    def _give_back(self) -> None:
        if not self._orders:
            return
        bought = self._chooser.choice(self._orders)
        line = self._chooser.randrange(len(bought.pieces))
        way = self._chooser.choice(["piece", "piece", "money", "all", "all", "all", "spread", "too many", "too much"])
        if way == "too many":
            many = int(bought.paid["lines"][line % len(bought.paid["lines"])]["quantity"]) + 1
            self._publish_refund(bought, {"lines": [{"line": line % len(bought.paid["lines"]), "pieces": str(many)}]})
        elif way == "too much":
            self._publish_refund(bought, {"money_minor": str(10_000_000)})
        elif way == "piece" and bought.pieces[line]:
            self._publish_refund(bought, {"lines": [{"line": line, "pieces": str(self._piece_back(bought, line))}]})
        elif way == "money" and bought.money[line]:
            money = 100 * self._chooser.randint(1, bought.money[line] // 100)
            bought.money[line] -= money
            # Whose money is back has no piece that would take more points.
            bought.pieces[line] = min(bought.pieces[line], bought.money[line] // self._price(bought, line))
            self._publish_refund(bought, {"lines": [{"line": line, "money_minor": str(money)}]})
        elif way in ("all", "spread"):
            self._orders.remove(bought)  # Where money goes that is spread depends on what came back before.
            refund = self._all_back(bought) if way == "all" else self._spread(bought)
            if refund:
                self._publish_refund(bought, refund)

    def _piece_back(self, bought: Bought, line: int) -> int:
        pieces = self._chooser.randint(1, bought.pieces[line])
        bought.pieces[line] -= pieces
        bought.money[line] -= pieces * self._price(bought, line)
        return pieces

    @staticmethod
    def _price(bought: Bought, line: int) -> int:
        lines = bought.paid["lines"]
        return int(lines[line]["paid_minor"]) // int(lines[line]["quantity"]) if line < len(lines) else 1

    @staticmethod
    def _all_back(bought: Bought) -> dict:
        """Pieces where there are any, then the money that is left."""
        lines = []
        for line, (pieces, money) in enumerate(zip(bought.pieces, bought.money)):
            rest = money - pieces * Channel._price(bought, line) if pieces else money
            if pieces or rest:
                lines.append({"line": line, "pieces": str(pieces), "money_minor": str(rest)})
        return {"lines": lines} if lines else {}

    def _spread(self, bought: Bought) -> dict:
        """So much that some line gives a point back."""
        least, most = 100 * len(bought.money), sum(bought.money)
        return {"money_minor": str(self._chooser.randint(least, most))} if most >= least else {}

    def _publish_refund(self, bought: Bought, refund: dict) -> None:
        self._publish([bought.account], {"order_refunded": {"order_id": bought.paid["order_id"],
                                                            "refund_id": new_id(self._chooser), **refund}}, None)

    def _bought(self) -> Bought:
        lines = []
        for place in range(self._chooser.randint(1, 3)):
            quantity, price = self._chooser.randint(1, 4), 100 * self._chooser.randint(1, 25) + 100
            lines.append({"product_code": f"p{place}", "quantity": str(quantity), "list_minor": str(quantity * price),
                          "paid_minor": str(quantity * price)})
        paid = {"order_id": new_id(self._chooser), "lines": lines}
        bought = Bought(self._account(), paid, [int(line["quantity"]) for line in lines],
                         [int(line["paid_minor"]) for line in lines])
        if self._chooser.random() < 0.4:
            paid["freight_minor"] = str(100 * self._chooser.randint(1, 9))
            bought.pieces.append(0)
            bought.money.append(int(paid["freight_minor"]))
        return bought

    def _account(self) -> int:
        return self._people.any_account(self._chooser)

    def _seconds(self) -> datetime.timedelta:
        return datetime.timedelta(seconds=self._chooser.randint(5, 90))

    def _age(self) -> datetime.timedelta | None:
        """None: it happens now."""
        days = self._chooser.choice([0, 1, 2])
        return _DAY * days - self._seconds() if days else None

    def _publish(self, accounts: list[int], payload: dict, age: datetime.timedelta | None, event_id: str = "") -> bool:
        """Whether it was answered."""
        request = self._request(accounts, payload, age, event_id or new_id(self._chooser))
        answer = self._until_answered("oneid", _INTAKE, request["event"]["event_id"], request)
        return answer is not None and answer.code == OK

    def _request(self, accounts: list[int], payload: dict, age: datetime.timedelta | None, event_id: str) -> dict:
        happened = self._people.setting.now() - (age or datetime.timedelta())
        event = {"event_id": event_id, "source": SOURCE, "event_time": happened.isoformat().replace("+00:00", "Z"),
                 "event": {"identifiers": [identifier(account) for account in accounts], **payload}}
        return {"brand_id": BRAND, "event": event}
