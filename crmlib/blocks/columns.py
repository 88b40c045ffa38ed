"""What a table's column holds, by its name, and what its shares are shares of."""

import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from ..asked import AGGREGATES
from ..fields import by_name, said_in

# columns whose name does not say it; all others go by their ending, and what has none is a word
_UNITS = {
    **dict.fromkeys(("count", "rows", "left_out", "undated", "reached", "through_all", "any_stage", "stays", "base", "customers", "customers_ever", "age", "answers", "scores", "judged"), "count"),
    **dict.fromkeys(("conversion_from_previous", "conversion_to_next", "cumulative_conversion", "stage_loss_rate", "share", "csat_top_box", "customer_growth_yoy"), "share"),
    **dict.fromkeys(("amount", "revenue", "avg_deal_size", "cac", "acquisition_spend"), "money"),
    **dict.fromkeys(("days_in_stage", "sales_cycle_p90"), "days"),
    **dict.fromkeys(("score", "csat_mean"), "score"),
    "nps": "points",
    "reasons": "reasons",  # of a warning: features with the customer's value and the usual one
    **dict.fromkeys(("opportunity_id", "customer", "rep", "owner", "description", "term", "label"), "text"),  # as the data have them, never translated
    **dict.fromkeys(("start", "end", "due"), "day"),
    **dict.fromkeys(("stuck", "ripe", "rose"), "flag"),
    **dict.fromkeys(("rfm_recency", "rfm_frequency", "rfm_money", "tenth", "expected_purchases"), "count"),
    **dict.fromkeys(("estimate", "error"), "parameter"),
    **dict.fromkeys(("per_day", "expected", "actual", "mean_error", "root_error", "rank_correlation"), "ratio"),
    "value_class": "text",
    **dict.fromkeys(("period", "first_purchase"), "period"),
    **dict.fromkeys(("decile", "bin"), "count"),
    **dict.fromkeys(("auc", "auc_error", "pr_auc", "brier", "auc_fall", "fall_spread", "psi", "baseline_auc"), "fine"),
    **dict.fromkeys(("ece", "probability"), "share"),
    "chosen": "flag",
    **dict.fromkeys(("units_sold", "new_customers"), "count"),
    **dict.fromkeys(("aov", "arpu", "gross_sales", "weighted_pipeline"), "money"),
    **dict.fromkeys(("falling", "growing"), "flag"),
    "amount_class": "text",
    **dict.fromkeys(("rank", "best_rank", "worst_rank"), "count"),
    **dict.fromkeys(("yoy", "mom", "target_attainment"), "share"),
    "money_per_person": "money",
    "deals_per_person": "ratio",
}  # fmt: skip
_ENDINGS = {"count": "count", "share": "share", "rate": "share", "amount": "money", "days": "days", "score": "score", "on": "day",
            "nps": "points", "ratio": "ratio", "answers": "count", "base": "count", "id": "text", "customers": "count", "frequency": "ratio", "gap": "gap"}  # fmt: skip
_OF_ANOTHER = re.compile(
    "^(median|before|previous|year_before|change)_"
)  # the same thing in another place: in the middle, before, its change
OF_MONEY = (
    "amount_share",
    "value_share",
    "running_share",
    "refund_rate",
)  # of few customers they are no counts either: nothing is said
OF_CHANGE = ("growth_share", "customer_growth_yoy")  # nor is a change on a small base
# the base of a share: columns of its own row, or (row before, first row: of the same group; all: the whole table)
_BASES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "win_rate": lambda t: t["closed_count"] if "closed_count" in t else t["won_count"] + t["lost_count"],
    "conversion_to_next": lambda t: t["count"],
    "stage_loss_rate": lambda t: t["count"],
    "conversion_from_previous": lambda t: _groups(t)["count"].shift(1),
    "cumulative_conversion": lambda t: t["lead_count"] if "lead_count" in t else _groups(t)["count"].transform("first"),
    "share": lambda t: t["base"] if "base" in t else _counted(t).sum(),
    **dict.fromkeys(("retention_rate", "churn_rate"), lambda t: t.get("start_count", math.inf)),
    "sales_conversion_rate": lambda t: t["prospect_count"],
    "cumulative_share": lambda t: _counted(t).sum(),
    "before_share": lambda t: t["before_base"] if "before_base" in t else _whole(_counted(t, "before_"), t["before_share"]),
    "after_share": lambda t: t["after_base"],
    "others_share": lambda t: t.get("others_base", math.inf),
    "csat_top_box": lambda t: t["scores"],
    "problem_rate": lambda t: t["judged"],
    "new_customer_share": lambda t: t.get("start_count", math.inf),
    "customer_growth_yoy": lambda t: t.get("year_before_customer_count", math.inf),
    "discounted_share": lambda t: t["line_count"],
    "growth_share": lambda t: t.get("before_new_customers", math.inf),
    "customer_share": lambda t: t["customer_count"].sum(),
    **dict.fromkeys(OF_MONEY, lambda t: next((t[c].sum() for c in ("order_count", "customer_count") if c in t), math.inf)),
    "refund_rate": lambda t: t.get("order_count", math.inf),
    "complaint_rate": lambda t: t["order_count"],
    "left_share": lambda t: t.get("base", math.inf),
    "predicted_share": lambda t: t.get("base", math.inf),
    "precision_share": lambda t: t["contact_count"],
    "right_share": lambda t: t["warned_of_count"],
    "at_most_share": lambda t: t["warned_of_count"],
    "foreseen_share": lambda t: t["left_count"],
    "expected_rate": lambda t: t["closed_count"],
}


def unit_of(column: str) -> str:
    """What a column holds.

    >>> unit_of("won_count"), unit_of("median_days"), unit_of("change_revenue"), unit_of("region")
    ('count', 'days', 'money', 'word')
    """
    stem, _, ending = column.rpartition("_")
    if made := _made(column):
        return made
    own = _OF_ANOTHER.sub("", column)
    return _UNITS.get(column) or _UNITS.get(own) or (_ENDINGS.get(ending) if stem else None) or "word"


def _made(column: str) -> str | None:
    """The unit of a column of a page without code: a column of the schema (<table>_<column>), as it is or put together."""
    first, _, rest = column.partition("_")
    if column in by_name():
        return "text" if by_name()[column].type in ("id", "text") else "word"
    if first == "distinct" and rest in by_name():
        return "count"
    return said_in(by_name()[rest]) if first in (*AGGREGATES, "share") and rest in by_name() else None


def bases(frame: pd.DataFrame) -> pd.DataFrame:
    """The base of every share in a table, in a column of the same name: the column `<name>_base`, else by the table above."""
    found = {c: frame[f"{c}_base"] for c in frame.columns if f"{c}_base" in frame}
    found |= {c: _BASES[c](frame) for c in frame.columns if c in _BASES and c not in found}
    return pd.DataFrame(found, index=frame.index)


def _counted(frame: pd.DataFrame, before: str = "") -> pd.Series:
    """The counts that a table's shares are made of: its first column of counts (with the earlier ones' prefix)."""
    return frame[next(c for c in frame if c.startswith(before) and unit_of(c) == "count")]


def _groups(frame: pd.DataFrame) -> Any:
    """Stages of one group: rows of the same names before the column `stage`."""
    names = list(frame.columns[: frame.columns.get_loc("stage")])
    return frame.groupby(names, sort=False) if names else frame.groupby(lambda _: 0)


def _whole(part: pd.Series, share: pd.Series) -> float:
    """What the shares are of, where the table does not hold all parts; unknown where all are 0."""
    return float((part / share.where(share > 0)).round().max())
