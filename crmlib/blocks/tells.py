"""What a page tells the ledger in bulk: the rows go into the store, the page says how many there are, its twin where they lie."""

from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from .. import fmt, ledger, texts, titles, told
from ..crm import Crm
from ..errors import UsageError, nearest
from .bundle import Block, esc


def tells(crm: Crm, kind: str, report: str, rows: Any, days: tuple[date, date], unit: str, languages: list[str]) -> Block:
    """The rows kept, and a line that says so. `days`: the first one that they are about, and the day after the last."""
    for name, known in ((kind, ledger.BULK), (unit, told.UNITS)):
        if name not in known:
            raise UsageError(f"page.tells knows no {name!r}; {nearest(name, known)}")
    if days[0] >= days[1]:
        raise UsageError(f"page.tells is given the days from {days[0]} to {days[1]}. Right is ends = the day after the last one.")
    sha256, count = told.keep(crm.delivery.con.to_pyarrow(_columns(rows)))
    said = {"kind": kind, "report": report, "sha256": sha256, "count": count, "unit": unit}
    page = {"told": said | {"starts": days[0].isoformat(), "ends": days[1].isoformat()}}
    return Block({g: _line(kind, report, count, days, g) for g in languages}, page=page)


def _columns(rows: Any) -> Any:
    """A table of ibis or a frame of pandas in the form of entries; `label` may be missing."""
    table = ibis.memtable(rows) if isinstance(rows, pd.DataFrame) else rows
    if missing := {"target", "value"} - set(table.columns):
        raise UsageError(
            f"What page.tells is given has no {' and no '.join(sorted(missing))}. It has: {', '.join(table.columns)}."
        )
    label = table.label if "label" in table.columns else ibis.null()
    return table.select(target=table.target.cast("string"), value=table.value.cast("float64"), label=label.cast("string"))


def _line(kind: str, report: str, count: int, days: tuple[date, date], lang: str) -> str:
    window = texts.say("page.window", lang, start=fmt.day(days[0], lang), end=fmt.day(days[1] - timedelta(days=1), lang))
    words = {"count": fmt.count(count, lang), "report": titles.title(report, lang), "window": window}
    return f"<p>{esc(texts.say(f'page.told_{kind}', lang, **words))}</p>"
