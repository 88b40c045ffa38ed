"""What the ledger was told in bulk of an earlier period, as a table of a handle's own connection.

A page that reads it depends on it: what it found is noted in the delivery, said in the footer, and looked up before the next run.
"""

from typing import TYPE_CHECKING, Any

from . import ledger, places, told
from .errors import UsageError, nearest
from .periods import Period

if TYPE_CHECKING:
    from .crm import Crm


def opened(crm: "Crm", kind: str, report: str, period: Period) -> Any:
    """What was told first of each target in a period, of the whole company; empty where nothing was told.

    → target, value, label, starts, ends (the days it is about), made_at, as_of, revision

    As of this moment, once for the notebook. Of its own period a page cannot ask, nor of later ones: it would change with
    what it says itself, and with what came after it.
    """
    if kind not in ledger.BULK:
        raise UsageError(f"The ledger is told no {kind!r} in bulk; {nearest(kind, ledger.BULK)}")
    if period.end > crm.judge.end or period.label == crm.judge.period.label:
        raise UsageError(
            f"A page of {crm.judge.period} cannot ask what the ledger was told of {period}. "
            "Right are earlier periods. Ask for crm.previous.period."
        )
    asked = (kind, report, period.label)
    return crm.delivery.once(f"told {asked}", lambda: _opened(crm, asked))


def _opened(crm: "Crm", asked: tuple[str, str, str]) -> Any:
    delivery, name = crm.delivery, " ".join(("told", *asked))
    kind, report, period = asked
    delivery.told[asked] = told.into(delivery.con.con, name, places.out(), kind, report, delivery.source, period)
    return delivery.con.table(name)
