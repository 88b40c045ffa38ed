"""How long customers are silent and come back: by hand."""

import pandas as pd
import pytest

from crmlib.crm import Crm
from crmlib.metrics import gaps


def orders(**days: list[str]) -> pd.DataFrame:
    """Orders of customers on days."""
    rows = [(f"{who}{i}", who, on, 10.0) for who, all_ in days.items() for i, on in enumerate(all_)]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])


@pytest.mark.parametrize(
    ("days", "expected", "base"),
    [
        ({"a": ["2026-01-01", "2026-01-11", "2026-03-02"]}, 50, 1),  # 10 and 50 days
        ({"a": ["2026-01-01", "2026-03-02"]}, None, 0),  # one gap tells little
        ({"a": ["2026-01-01", "2026-01-01", "2026-01-11", "2026-01-21"]}, 10, 1),  # a day counts once
        ({"a": ["2024-09-01", "2026-01-01", "2026-01-11", "2026-01-31"]}, 20, 1),  # two years back at most
        ({"a": ["2026-01-01", "2026-01-11", "2026-01-31", "2026-11-05"]}, 20, 1),  # what comes later is not known
        ({"a": ["2026-01-01", "2026-01-11", "2026-01-31"], "b": ["2026-01-01", "2026-02-10", "2026-03-22"]}, 39, 2),  # 20 + 0.95 × 20
        ({}, None, 0),
    ],
)  # fmt: skip
def test_silence_that_customers_came_back_from(days, expected, base):
    found = gaps.suggested_inactive_days(Crm.of(period="2026-10", orders=orders(**days)))
    assert (found.value and round(found.value, 6)) == expected and (found.base or 0) == base
    assert found.value is not None or found.reason


def test_only_what_keeps_a_customer_ends_a_silence():
    seen = pd.DataFrame(
        {
            "interaction_id": ["1", "2"],
            "customer_id": "a",
            "occurred_at": ["2026-02-01", "2026-02-02"],
            "channel": ["login", "browse"],
        }
    )
    crm = Crm.of(period="2026-10", orders=orders(a=["2026-01-01", "2026-01-11", "2026-03-02"]), interactions=seen)
    assert gaps.suggested_inactive_days(crm).value == 29  # from the log-in on 1 February: browsing does not qualify


def test_it_is_said_of_the_page_s_own_period_and_where_something_qualifies():
    crm = Crm.of(period="2026-10", orders=orders(a=["2026-01-01", "2026-01-11", "2026-03-02"]))
    assert gaps.suggested_inactive_days(crm.previous).value is None
    deals = Crm.of(period="2026-10", opportunities=pd.DataFrame({"opportunity_id": ["1"], "created_at": ["2026-01-01"]}))
    assert gaps.suggested_inactive_days(deals).reason == "not_delivered"
