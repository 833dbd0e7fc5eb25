"""Visitors: they buy once and bring everything back, and nobody ever works on them again. What becomes due for them later
only a timer can have had."""

from channels import Bought, Channel
from people import new_id

_GOODS_MINOR, _FREIGHT_MINOR = 200, 7_000  # Growth enough for a tier, which is kept until the review.


class Visits(Channel):
    """Each quiet account's only visit, all as soon as the work begins."""

    def __init__(self, *args):
        super().__init__(*args)
        self._left = list(self._people.quiet)

    def _deeds(self):
        return [(self._visit, 1)]

    def _visit(self) -> None:
        if not self._left:
            return
        line = {"product_code": "p", "quantity": "1", "list_minor": str(_GOODS_MINOR), "paid_minor": str(_GOODS_MINOR)}
        paid = {"order_id": new_id(self._chooser), "lines": [line], "freight_minor": str(_FREIGHT_MINOR)}
        bought = Bought(self._left.pop(), paid, [1, 0], [_GOODS_MINOR, _FREIGHT_MINOR])
        self._publish([bought.account], {"order_paid": bought.paid}, None)
        self._publish_refund(bought, self._all_back(bought))
