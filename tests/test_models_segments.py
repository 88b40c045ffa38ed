"""Segments of a view: found once for the company, named as before, told to the ledger; small data is an answer."""

import ibis
import pandas as pd
import pytest
from grouped import company, fitted, segmentation
from sklearn.metrics import adjusted_rand_score

from crmlib.crm import Crm, rows
from crmlib.models import segments as room
from crmlib.models.segments import segmentation as found_in
from crmlib.models.segments import segments, told, told_centres, with_names


@pytest.fixture(scope="module")
def crm() -> Crm:
    return company()


def groups_of(crm: Crm) -> pd.Series:
    return segments(crm).execute().set_index("customer_id").group


def test_those_who_behave_alike_are_in_one_group(crm):
    group = groups_of(crm)
    assert len(group) == 80 and adjusted_rand_score(group.index.str[0], group) == 1
    fit = room.fitted(crm)
    assert (fit.lacking, fit.customers, fit.settled, int(fit.best.k), fit.stable) == ("", 80, 80, 2, True)
    assert fit.profile.order_value_365.to_list() == pytest.approx([12.875, 937.5])


def test_they_are_named_by_what_stands_out(crm):
    found = found_in(crm)
    named = with_names(segments(crm), found).execute().set_index("customer_id").segment
    assert named["a000"] == found.names[0] and named["b000"] == found.names[1]
    assert "frequent" in found.names[0] and "large" in found.names[1]


@pytest.mark.long
def test_a_team_s_customers_are_in_the_company_s_groups(crm):
    north = company(team="north")
    whole, part = groups_of(crm), groups_of(north)
    assert len(part) == 60 and (part == whole[part.index]).all()
    assert found_in(north).names == found_in(crm).names


def test_the_order_of_the_rows_is_nobody_s_business(crm):
    orders, customers = crm.frame("orders"), crm.frame("customers")
    other = Crm.of(
        "2026-10", "all", {"inactive_after_days": 400}, orders=orders[::-1], customers=customers.sample(frac=1, random_state=3)
    )
    one, two = room.fitted(crm), room.fitted(other)
    assert (one.centres == two.centres).all() and one.tried.equals(two.tried) and groups_of(crm).equals(groups_of(other))


@pytest.mark.long
def test_what_comes_later_changes_nothing(crm):
    later = company(later=("a000", "a002"), period="2026-09")
    earlier = company(period="2026-09")
    assert (room.fitted(later).centres == room.fitted(earlier).centres).all() and groups_of(later).equals(groups_of(earlier))


# ------------------------------------------------------------------------------------------------ names that go on


def as_told(middles: pd.DataFrame):
    lines = [(f"{name}/{column}", float(middles.loc[name, column])) for name in middles.index for column in middles]
    return ibis.memtable(pd.DataFrame(lines, columns=["target", "value"]).assign(made_at=pd.Timestamp("2026-10-03")))


def test_a_segment_is_called_as_the_ledger_was_told(crm):
    fit = room.fitted(crm)
    before = fit.unscaled.set_axis(["bargain_customers", "quiet_customers"], axis=0)
    found = found_in(crm, as_told(before))
    assert found.names == ("bargain_customers", "quiet_customers") and found.kept == {"bargain_customers", "quiet_customers"}
    assert found.made_at == pd.Timestamp("2026-10-03")


def test_a_segment_that_lies_elsewhere_has_a_name_of_its_own(crm):
    fit = room.fitted(crm)
    before = fit.unscaled.set_axis(["bargain_customers", "quiet_customers"], axis=0)
    before.loc["quiet_customers"] += 0.51 * fit.spreads
    found = found_in(crm, as_told(before))
    assert found.kept == {"bargain_customers"} and found.names[1] not in ("quiet_customers", "bargain_customers")


@pytest.mark.long
def test_where_nothing_was_told_the_period_before_is_found_now(crm):
    nothing = ibis.memtable(pd.DataFrame({"target": [], "value": []}), schema={"target": "string", "value": "float64"})
    found = found_in(crm, nothing)
    assert found.made_at is None and found.names == found_in(crm.previous).names and "rare_large_customers" in found.kept


def test_what_was_told_of_a_segment_whose_name_has_a_slash():
    table = ibis.memtable(pd.DataFrame({"target": ["a/b/orders_365", "c/orders_365", "c/logins_365"], "value": [1.0, 2.0, 3.0]}))
    assert told_centres(table).to_dict() == {
        "orders_365": {"a/b": 1.0, "c": 2.0}
    }  # a column that not all have cannot be compared


def test_what_the_ledger_is_told_is_what_it_gives_back(crm):
    found = found_in(crm)
    each, middles = told(crm, found)
    frame = each.execute().set_index("target")
    assert (
        len(frame) == 80
        and set(frame.label) == set(found.names)
        and frame.value["a000"] == pytest.approx(crm.frame("orders").query("customer_id == 'a000'").amount.astype(float).sum())
    )
    assert told_centres(ibis.memtable(middles)).loc[list(found.names), found.fit.columns].to_numpy() == pytest.approx(
        found.fit.unscaled.to_numpy()
    )


# ------------------------------------------------------------------------------------------------ small data


def orders_of(count: int, each: int = 2, alike: bool = False) -> pd.DataFrame:
    lines = []
    for i in range(count):
        for j in range(each if alike else 1 + i % (each + 2)):
            day = pd.Timestamp("2026-01-05") + pd.Timedelta(days=30 * j + (0 if alike else i))
            lines.append((f"{i}-{j}", f"c{i}", day, 5.0 if alike else 5.0 + 11 * (i % 13)))
    return pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at", "amount"])


@pytest.mark.parametrize(
    ("frames", "lacking", "count", "needed"),
    [
        pytest.param({"orders": orders_of(0)}, "customers", 0, 20, marks=pytest.mark.long),
        ({"orders": orders_of(19)}, "customers", 19, 20),
        pytest.param({"orders": orders_of(50, alike=True)}, "columns", 0, 2, marks=pytest.mark.long),
        pytest.param({"interactions": rows("interaction_id customer_id occurred_at channel", *(f"{i} c{i} 2026-10-0{1 + i % 9} login" for i in range(40))),
          "customers": pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)]})}, "columns", 1, 2, marks=pytest.mark.long),
        pytest.param({"opportunities": rows("opportunity_id customer_id created_at closed_at is_won amount", *(f"{i} c{i} 2026-05-01 2026-06-0{1 + i % 9} true 9" for i in range(40)))},
         "columns", 0, 2, marks=pytest.mark.long),
    ],
    ids=["nobody", "few", "alike", "one column", "deals alone"],
)  # fmt: skip
def test_too_little_is_said_with_how_much_is_needed(frames, lacking, count, needed):
    view = Crm.of("2026-10", business={"inactive_after_days": 400}, **frames)
    found = found_in(view)
    assert (found.fit.lacking, found.fit.count, found.fit.needed) == (lacking, count, needed)
    assert found.names == () and found.fit.best is None and not found.fit.stable
    table = with_names(segments(view), found).execute()
    assert table.group.isna().all() and table.segment.isna().all() and list(table)[-1] == "segment"
    each, middles = told(view, found)
    assert each.execute().empty and middles.empty and list(middles) == ["target", "value"]


def test_customers_of_whom_too_few_differ():
    """Fifty customers of two kinds: two columns differ, and there are two different points."""
    lines = [
        (f"{i}-{j}", f"c{i}", pd.Timestamp("2026-03-01") + pd.Timedelta(days=j), 5.0 if i % 2 else 50.0)
        for i in range(50)
        for j in range(1 + i % 2)
    ]
    orders = pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at", "amount"])
    fit = room.fitted(Crm.of("2026-10", business={"inactive_after_days": 400}, orders=orders))
    assert (fit.lacking, fit.count, fit.needed) == ("different", 2, 6)


@pytest.mark.long
def test_orders_alone_are_enough():
    fit = room.fitted(Crm.of("2026-10", business={"inactive_after_days": 400}, orders=orders_of(60)))
    assert fit.lacking == "" and fit.columns == ["orders_365", "order_value_365", "recency_days"]


def test_the_middles_are_the_same_whatever_the_scale():
    fit = fitted({"orders_365": [1.5, -1.0]})
    assert fit.unscaled.orders_365.to_list() == [13.0, 8.0]
    assert segmentation("x", "y", fit=fit).fit.scaled.orders_365.to_list() == [1.5, -1.0]
