"""Files of params/custom: what may stand in them, and what is said of everything else, before anything runs."""

import re
from datetime import date
from decimal import Decimal

import pytest

from crmlib import customfile, fields, metric_list, places, texts
from crmlib.asked import dimension_of, filter_of, measure_of
from crmlib.errors import UsageError
from crmlib.schema import tables

VIEW = {"title": "Orders", "table": "orders", "dimensions": ["sales_channel"]}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a file of one view and reads it."""

    def read(text: str) -> customfile.Custom:
        (tmp_path / "params" / "custom").mkdir(parents=True, exist_ok=True)
        (tmp_path / "params" / "custom" / "x.yml").write_text(text, "utf-8")
        monkeypatch.setattr(places, "ROOT", tmp_path)
        return customfile.load("x")

    return read


def page(view: str, head: str = "title: T\nquestion: Q?\n") -> str:
    lines = "\n    ".join(view.strip().splitlines())
    return f"{head}views:\n  - title: V\n    {lines}\n"


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("table", "said", "operator", "values"),
    [
        ("orders", "amount >= 100", ">=", (Decimal(100),)),
        ("orders", "amount<-0.5", "<", (Decimal("-0.5"),)),
        ("orders", "status not in cancelled, refunded", "not in", ("cancelled", "refunded")),
        ("orders", 'sales_channel in "a, b", c', "in", ("a, b", "c")),
        ("orders", "sales_channel = in", "=", ("in",)),
        ("orders", "sales_channel = 'a = b'", "=", ("a = b",)),
        ("orders", "sales_channel = x'; drop table orders; --", "=", ("x'; drop table orders; --",)),
        ("orders", "customers.region != north", "!=", ("north",)),
        ("orders", "ordered_at >= 2026-10-05", ">=", (date(2026, 10, 5),)),
        ("tickets", "resolved_at is missing", "is missing", ()),
        ("tickets", "reopened = Yes", "=", (True,)),
        ("tickets", "satisfaction in 1, 5", "in", (1.0, 5.0)),
        ("order_lines", "customers.tier is given", "is given", ()),
        ("order_lines", "discount > 0.2", ">", (0.2,)),
    ],
)
def test_conditions(table, said, operator, values):
    found = filter_of(table, said)
    assert (found.operator, found.values) == (operator, values)


@pytest.mark.parametrize(
    ("table", "said", "says"),
    [
        ("orders", "amont > 1", "orders has no column 'amont'; did you mean 'amount'?"),
        ("orders", "amount", "is no condition. Right is a column, one of is missing, is given"),
        ("orders", "amount ~ 1", "is no condition"),
        ("orders", "amount > ", "names no value. Say `amount is missing` for rows that have none"),
        ("orders", "amount > many", "amount is a money, and 'many' is none; right is a number"),
        ("orders", "amount > nan", "'nan' is none"),
        ("orders", "amount > 1e99", "'1e99' is none"),
        ("orders", "ordered_at > 2026-02-30", "right is a day such as 2026-10-31"),
        ("orders", "sales_channel > a", "sales_channel is a word, and has no order; right are =, !="),
        ("orders", "sales_channel is missing x", "right is nothing after it"),
        ("tickets", "reopened = 1", "right is yes or no"),
        ("tickets", "satisfaction = 6", "satisfaction lies in 1..5, and 6 does not"),
        ("orders", "tickets.category = a", "orders reaches no table 'tickets'; known: customers, orders"),
        ("orders", "customer.region = a", "orders reaches no table 'customer'; did you mean 'customers'?"),
        ("customers", "email = a@b.de", "email is personal and stands on no page; known: customer_id"),
        ("orders", "customers.name = Ann", "customers.name is personal"),
        ("feedback", "comment is given", "comment is personal"),
        ("interactions", "subject is given", "subject is personal"),
        ("customers", "birthday > 2000-01-01", "birthday is personal"),
    ],
)
def test_conditions_that_mean_nothing(table, said, says):
    with pytest.raises(ValueError) as refused:
        filter_of(table, said)
    assert says in str(refused.value)


def test_nothing_personal_can_be_asked_for_in_any_way():
    for table in fields.TABLES:
        for where in fields.reaches(table):
            for column in tables()[where].columns.values():
                if not fields.personal(column):
                    continue
                said = column.name if where == table else f"{where}.{column.name}"
                for ask in (
                    lambda t, s: filter_of(t, f"{s} is given"), dimension_of_any, lambda t, s: measure_of(t, f"count of distinct {s}")
                ):  # fmt: skip
                    with pytest.raises(ValueError, match="is personal"):
                        ask(table, said)


def dimension_of_any(table: str, said: str) -> object:
    return dimension_of(table, said, None)


@pytest.mark.parametrize(
    ("table", "said", "name", "unit"),
    [
        ("orders", "count", "orders_count", "count"),
        ("orders", "share of rows", "rows_share", "share"),
        ("orders", "count of distinct customer_id", "distinct_orders_customer_id", "count"),
        ("orders", "sum of amount", "sum_orders_amount", "money"),
        ("order_lines", "max of discount", "max_order_lines_discount", "share"),
        ("feedback", "mean of score", "mean_feedback_score", "score"),
        ("feedback", "median of nps", "median_feedback_nps", "ratio"),
        ("tickets", "share of reopened", "share_tickets_reopened", "share"),
        ("order_lines", "mean of orders.amount", "mean_orders_amount", "money"),
    ],
)
def test_measures(table, said, name, unit):
    found = measure_of(table, said)
    assert (found.name, found.unit) == (name, unit)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("sum of amout", "orders has no column 'amout'; did you mean 'amount'?"),
        ("summ of amount", "there is no measure 'summ of amount'; did you mean 'sum of amount'?"),
        ("sum of region", "region is a word, which cannot be used here; known: amount, cost"),
        ("mean of customers.no_contact", "customers.no_contact is a flag, which cannot be used here"),
        ("share of amount", "amount is a money, which cannot be used here; known: customers.no_contact"),
        (
            "win_rate",
            "win_rate is a metric: it stands under `metrics:` of a view without `table:`, by team, by period or by both",
        ),
        ("", "there is no measure ''"),
    ],
)
def test_measures_that_mean_nothing(said, says):
    with pytest.raises(ValueError) as refused:
        measure_of("orders", said)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("sales_chanel", "there is no dimension 'sales_chanel'; did you mean 'sales_channel'?"),
        ("weekdays", "did you mean 'weekday'?"),
        ("amount", "amount is a money, which cannot be used here"),
        ("customers.regin", "did you mean 'customers.region'?"),
        ("customers.phone", "customers.phone is personal"),
    ],
)
def test_dimensions_that_mean_nothing(said, says):
    with pytest.raises(ValueError) as refused:
        dimension_of("orders", said, None)
    assert says in str(refused.value)


def test_a_day_has_no_hour_and_costs_have_no_person():
    with pytest.raises(ValueError, match=r"invoices\.issued_on is a day and has no hour; right are day, week"):
        dimension_of("invoices", "hour", fields.field("invoices", "issued_on"))
    with pytest.raises(ValueError, match="costs has no person in charge"):
        dimension_of("costs", "rep", None)


# ------------------------------------------------------------------------------------------------ whole files


def test_one_language_is_used_for_both(written):
    made = written(page("table: orders"))
    assert made.title == {"en": "T", "zh": "T"} and made.report == "custom-x"
    both = written(page("table: orders", "title: {zh: 订单}\nquestion: {en: 'Q?', zh: 问？}\n"))
    assert both.title == {"en": "订单", "zh": "订单"} and both.question["zh"] == "问？"


@pytest.mark.parametrize(
    ("view", "chart"),
    [
        ("table: orders", "table"),
        ("table: orders\ndimensions: [weekday]", "bars"),
        ("table: orders\ndimensions: [month]\nover: 13", "trend"),
        ("table: orders\ndimensions: [month, region]\nover: 13", "heat"),
        ("table: orders\ndimensions: [month]\nchart: table", "table"),
        ("metrics: [win_rate]\ndimensions: [period]", "trend"),
        ("metrics: [win_rate]\ndimensions: [team]", "bars"),
    ],
)
def test_the_chart_that_fits(written, view, chart):
    (found,) = written(page(view)).views
    assert found.chart == chart


def test_what_a_view_needs_and_is_known_by(written):
    made = written(
        page("table: order_lines\ndimensions: [customers.region]\nfilters: [discount > 0]")
        + page("metrics: [win_rate]").split("views:\n")[1]
    )
    lines, wins = made.views
    assert (
        lines.needs == ["order_lines", "order_lines.discount", "customers.region"] and lines.id == "order-lines-customers-region"
    )
    assert (wins.needs, wins.tables, wins.id) == ([], ["opportunities"], "win-rate")
    assert made.tables == ["order_lines", "customers", "opportunities"]


def test_views_of_one_name_are_numbered(written):
    view = page("table: orders\ndimensions: [region]")
    made = written(view + view.split("views:\n")[1])
    assert [v.id for v in made.views] == ["orders-region", "orders-region-2"]


def test_a_metric_s_course_and_how_it_is_said(written):
    (view,) = written(page("metrics: [win_rate, won_count]\ndimensions: [period]\nformat: {win_rate: {digits: 0}}")).views
    assert (view.over, view.units) == (13, {"win_rate": "share.0"})
    (view,) = written(
        page("table: interactions\nmeasures: [mean of duration_s]\nformat: {mean of duration_s: {unit: count, digits: 1}}")
    ).views
    assert view.units == {"mean_interactions_duration_s": "count.1"}


@pytest.mark.parametrize(
    ("view", "says"),
    [
        ("table: order", "x.yml, line 5: views.0.table is 'order': there is no such table for a page; did you mean 'orders'? Change it in x.yml."),
        ("table: changes", "there is no such table for a page; did you mean 'stage_changes'?"),
        ("table: orders\ntabel: x", "line 6: x.yml has the key 'views.0.tabel', which nothing reads: did you mean 'table'?"),
        ("table: orders\nfilters: [amount > 1, amont > 2]", "line 6: views.0.filters.1 is 'amont > 2': orders has no column 'amont'; did you mean 'amount'?"),
        ("table: orders\nfilters:\n- amount > 1\n- amont > 2", "line 8: views.0.filters.1"),
        ("table: orders\nfilters: [{a: 1}]", "views.0.filters.0"),
        ("table: orders\nmeasures: [win_rate]", "win_rate is a metric: it stands under `metrics:`"),
        ("table: orders\nmeasures: [count, count]", "one stands twice; right is each once"),
        ("table: orders\nmetrics: [win_rate]", "right is either `table:`, or `metrics:` without it"),
        ("dimensions: [team]", "right is either `table:`, or `metrics:` without it"),
        ("metrics: [winrate]", "views.0.metrics.0 is 'winrate': there is no metric 'winrate'; did you mean 'win_rate'?"),
        ("metrics: [segment_count]", "there is no metric 'segment_count'"),
        ("metrics: [win_rate]\ndimensions: [lead_source]", "metrics are known by team, by period or by both: right are team, period"),
        ("metrics: [win_rate]\nfilters: [amount > 1]", "a metric has one definition of its own"),
        ("metrics: [win_rate]\nmeasures: [sum of amount]", "right are measures with a `table:`, and metrics without one"),
        ("metrics: [win_rate]\nover: until end", "a metric is of its period"),
        ("metrics: [win_rate]\nover: 5", "several periods are right where period is a dimension"),
        ("metrics: [win_rate, won_count]\ndimensions: [period]\nover: 40", "are too many; right are 60 figures at most"),
        ("table: orders\ndimensions: [region, weekday, team]", "views.0.dimensions"),
        ("table: orders\ndimensions: [week, month]", "right are different dimensions, and one of time at most"),
        ("table: orders\ndimensions: [region, region]", "right are different dimensions"),
        ("table: orders\ndimensions: [region]\nchart: trend", "it shows one dimension of time: week, month, quarter or period, and this view has 1; right are table, bars"),
        ("table: orders\ndimensions: [region]\nchart: pie", "there is no such chart; known: bars, heat, table, trend"),
        ("table: orders\ndimensions: [region]\norder: sum of amount", "right is one of the measures of this view"),
        ("table: orders\ndimensions: [region]\norder: count, backwards", "right is a measure of this view, with `, smallest first` after it or not"),
        ("table: orders\nover: 1", "right are `period` (rows dated in it), `until end`"),
        ("table: orders\nover: yes", "views.0.over"),
        ("table: orders\ndate: amount", "amount is a money, which cannot be used here; known: ordered_at"),
        ("table: order_lines\ndate: orders.ordered_at", "rows are dated by a column of their own"),
        ("table: orders\ntop: 0", "views.0.top is 0"),
        ("table: orders\nformat: {count: {unit: euro}}", "views.0.format.count.unit is 'euro'"),
        ("table: orders\nformat: {sum of cost: {digits: 1}}", "right is one of the measures of this view"),
        ("table: orders\nnote: {de: x}", "views.0.note"),
        ("table: orders\nnote: ''", "right is a text of 1 to 300 signs"),
    ],
)  # fmt: skip
def test_errors_name_the_place_the_value_and_what_is_right(written, view, says):
    with pytest.raises(UsageError) as refused:
        written(page(view))
    assert says in str(refused.value) and "x.yml" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: T\nquestion: Q\nviews: []\n", "views is []"),
        ("title: T\nviews: [{title: V, table: orders}]\n", "x.yml has no 'question'. It is needed."),
        ("titel: T\nquestion: Q\nviews: [{title: V, table: orders}]\n", "did you mean 'title'?"),
        ("title: 7\nquestion: Q\nviews: [{title: V, table: orders}]\n", "title is 7"),
        ("", "holds no `key: value` lines"),
    ],
)
def test_errors_of_the_whole_file(written, text, says):
    with pytest.raises(UsageError) as refused:
        written(text)
    assert says in str(refused.value)


def test_a_file_that_is_not_there_names_the_nearest(written):
    with pytest.raises(UsageError, match=r"There is no file params/custom/order-time\.yml; did you mean 'order-times'\?"):
        customfile.load("order-time")
    with pytest.raises(UsageError, match="There is no file"):
        customfile.load("../monthly")


def test_the_readme_s_example_is_good(written):
    (example,) = [
        b for b in re.findall(r"```yaml\n(.*?)```", (places.ROOT / "README.md").read_text("utf-8"), re.S) if "views:" in b
    ]
    made = written(example)
    assert [v.chart for v in made.views] == ["heat", "bars", "trend"] and made.title["zh"] == "未解决工单"


def test_the_shipped_files_are_good():
    assert len(customfile.slugs()) >= 3
    for slug in customfile.slugs():
        made = customfile.load(slug)
        assert made.title["en"] != made.title["zh"] and all(v.title["en"] != v.title["zh"] for v in made.views)


# ------------------------------------------------------------------------------------------------ words of the schema


def test_every_column_that_can_be_asked_for_has_its_words():
    askable = {f"{t}_{c.name}" for t in fields.TABLES for c in tables()[t].columns.values() if not fields.personal(c)}
    for lang in texts.LANGUAGES:
        assert set(texts._book(lang)["fields"]) == askable
    assert len(fields.by_name()) == sum(len(t.columns) for t in tables().values())  # no two columns are known by one name


def test_every_metric_that_can_be_asked_says_which_tables_it_needs():
    silent = {n for n in metric_list.askable() if not metric_list.needs(n) & tables().keys()}
    models = {n for n in silent if metric_list.metrics()[n].module.startswith("models.")}
    assert silent == models, silent - models


@pytest.mark.parametrize(("said", "operator"), [("amount => 0", "=>"), ("amount == 0", "=="), ("amount <> 0", "<>")])
def test_an_operator_of_another_language_is_named(said, operator):
    with pytest.raises(ValueError, match=f"there is no operator '{operator}'; right are is missing, .*>=, =, <, >"):
        filter_of("orders", said)
