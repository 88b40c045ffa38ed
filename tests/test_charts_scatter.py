"""Two measures against each other: where circles, clouds, ticks and names stand, what a page's table says of them, and how few bytes it takes."""

import re
import struct
import zlib
from base64 import b64decode
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from pandas import Categorical, DataFrame
from pictures import HOSTILE, NAN, TOKEN, said, texts
from test_blocks import Seen, crm
from test_charts_layout import where

from crmlib import charts, raster, theme
from crmlib.blocks import Page, lists
from crmlib.blocks.bundle import MIME
from crmlib.blocks.columns import unit_of
from crmlib.blocks.describe import numbers_of
from crmlib.charts.labels import overlap
from crmlib.charts.scale import decades, round_about
from crmlib.findings import said as sentence


def points(x, y, **more):
    return DataFrame({"x": x, "y": y, **more})


def many(n, groups=1, seed=0):
    chance = np.random.default_rng(seed)
    return points(chance.uniform(0, 365, n), np.exp(chance.uniform(0, 12, n)), group=chance.integers(0, groups, n).astype(str))


def circles(fig):
    return [
        (TOKEN[item.get_markerfacecolor()], [(float(x), float(y)) for x, y in item.get_xydata()])
        for item in fig.axes[0].lines
        if item.get_marker() == "o"
    ]


def pictures(svg):
    """Width, height, the palette's colours, how opaque each is, and the rows of every picture."""
    found = []
    for data in re.findall(r'href="data:image/png;base64,([^"]+)"', svg):
        raw, chunks = b64decode(data)[8:], {}
        while raw:
            (size,), kind = struct.unpack(">I", raw[:4]), raw[4:8]
            assert zlib.crc32(raw[4 : 8 + size]) == struct.unpack(">I", raw[8 + size : 12 + size])[0]
            chunks[kind], raw = raw[8 : 8 + size], raw[12 + size :]
        wide, high = struct.unpack(">2I", chunks[b"IHDR"][:8])
        rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(high, wide + 1)
        assert not rows[:, 0].any()
        found.append((chunks[b"PLTE"][:3].hex(), np.array(list(chunks[b"tRNS"]))[rows[:, 1:]]))
    return found


# ------------------------------------------------------------------------------------------------ marks


def test_few_points_are_circles_in_the_colour_of_their_group():
    fig = charts.scatter(points([10, 20, 30], [5, 6, 7], group=["new", "lost", "new"]), "en")
    assert circles(fig) == [("c1", [(10, 5), (30, 7)]), ("c2", [(20, 6)])]
    assert not fig.axes[0].images and theme.svg(fig, "a", "", "").count("<circle") == 3


def test_axes_in_powers_of_ten_place_by_the_power_and_say_the_value():
    fig = charts.scatter(points([1, 9], [100, 100_000]), "en", ("days", "money"), ("Recency", "Revenue"), "EUR", log="y")
    assert circles(fig) == [("c1", [(1, 2), (9, 5)])]
    assert said(fig)[:4] == ["€100", "€1k", "€10k", "€100k"] and {"Recency", "Revenue", "0", "10"} <= set(said(fig))


@pytest.mark.parametrize(
    ("x", "y", "log", "kept", "note"),
    [
        ([1, 2, NAN], [1, NAN, 3], "", [(1, 1)], None),  # without both numbers there is no place
        ([1, 2, 3], [10, 0, -5], "y", [(1, 1)], "2 at zero or below not shown"),
        ([1, 2, 3], [10, 0, -5], "", [(1, 10), (2, 0), (3, -5)], None),
        ([10, 0], [10, 10], "xy", [(1, 1)], "1 at zero or below not shown"),
    ],
)
def test_what_has_no_place_is_left_out_and_counted(x, y, log, kept, note):
    fig = charts.scatter(points(x, y), "en", log=log)
    assert circles(fig) == [("c1", kept)] and (note is None or note in said(fig))
    assert any("not shown" in text for text in said(fig)) == (note is not None)


def test_a_group_keeps_its_colour_where_another_has_no_place():
    fig = charts.scatter(points([1, 2, 3], [0, 10, 10], group=["a", "b", None]), "en", log="y")
    assert circles(fig) == [("c1", []), ("c2", [(2, 1)]), ("c3", [(3, 1)])]
    assert [words for _, _, words in charts.key("scatter", "en", frame=points([1], [1], group=["won"]))] == []


def test_groups_in_an_order_of_their_own_keep_their_colours_also_where_one_is_not_there():
    frame = points([1, 2], [1, 2], group=Categorical(["lost", "new"], categories=["new", "loyal", "lost"]))
    assert circles(charts.scatter(frame, "en")) == [("c1", [(2, 2)]), ("c3", [(1, 1)])]
    assert charts.key("scatter", "en", frame=frame) == [("dot", "c1", "new"), ("dot", "c3", "Lost")]


def test_the_picture_is_dense_where_points_are_and_each_row_counts_as_often_as_it_says():
    frame = points([0, 100, 100], [0, 0, 100], count=[1, 1, 999])
    fig = charts.scatter(frame, "en")
    ((colour, opaque),) = pictures(theme.svg(fig, "a", "", ""))
    high, wide = opaque.shape
    assert colour == raster.MIDDLE["c1"] and not circles(fig) and np.count_nonzero(opaque) == 3
    across, up = np.nonzero(opaque)[::-1]
    assert sorted(zip(across > wide / 2, up < high / 2, opaque[up, across], strict=True)) == [
        (False, False, 110), (True, False, 110), (True, True, 255),
    ]  # fmt: skip


def test_three_hundred_points_are_circles_and_one_more_a_cloud():
    assert len(circles(charts.scatter(many(300), "en"))[0][1]) == 300
    assert len(charts.scatter(many(301), "en").axes[0].images) == 1


# ------------------------------------------------------------------------------------------------ bytes


@pytest.mark.parametrize(
    ("n", "groups"), [(301, 1), (5_000, 1), (20_000, 3), (20_000, 6), (60_000, 4), (60_000, 6), (1_000_000, 6)]
)
def test_a_picture_stays_small_however_many_points_there_are(n, groups):
    frame = many(n, groups)
    svg = theme.svg(charts.scatter(frame, "en", ("days", "money"), log="y"), "a", "", "")
    assert len(svg) <= 40_000 and len(pictures(svg)) == groups
    assert svg.count("<circle") == 0 and svg.count("<text") > 8


def test_the_same_points_are_the_same_bytes_in_any_order():
    frame = many(2_000, 2)
    frame = frame.sort_values("group")
    once, again = (theme.svg(charts.scatter(f, "en"), "a", "", "") for f in (frame, frame.iloc[::-1].sort_values("group")))
    assert once == again
    ElementTree.fromstring(once)


@pytest.mark.parametrize("token", list(raster.MIDDLE))
def test_a_cloud_is_seen_on_a_light_and_on_a_dark_ground(token):
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        return sum(
            w * (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4)
            for w, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    for ground in ("ffffff", "12181e"):
        low, high = sorted((light(raster.MIDDLE[token]), light(ground)))
        assert (high + 0.05) / (low + 0.05) >= 3


# ------------------------------------------------------------------------------------------------ axes, names, key


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(3, 4000, [1, 10, 100, 1000, 10000]), (30, 400, [20, 50, 100, 200, 500]), (10, 10, [10, 20]), (0.5, 0.9, [0.5, 1])],
)
def test_ticks_in_powers_of_ten_lie_around_the_values(low, high, ticks):
    assert decades(low, high) == ticks


@pytest.mark.parametrize(("low", "high", "first", "last"), [(3, 47, 0, 50), (4.1, 4.6, 4.1, 4.6), (-5, 20, -5, 20), (7, 7, 0, 8)])
def test_an_axis_begins_at_zero_only_where_that_leaves_room(low, high, first, last):
    found = round_about(low, high)
    assert found[0] <= low <= high <= found[-1] and found[0] == first and found[-1] == last


CASES = {
    "few": points([1, 50, 99], [10, 500, 9], group=["a", "b", "a"], label=["Acme", None, "华东电子有限公司"]),
    "hostile": points(range(6), [10.0**i for i in range(6)], group=HOSTILE, label=HOSTILE),
    "one": points([5], [5], label=["Acme"]),
    "same": points([5, 5, 5], [7, 7, 7], label=["a", "b", "c"]),
    "huge": points([1e9, 2e9], [1e10, 3.3333e10]),
    "tiny": points([0.001, 0.002], [0.5, 0.7]),
    "cloud": many(1000, 3).assign(label=["Acme", *[None] * 999]),
}


@pytest.mark.parametrize("log", ["", "y", "xy"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(CASES))
def test_no_text_touches_another_or_leaves_the_sheet(name, lang, log):
    heads = ("Days since the last purchase", "Revenue of the last twelve months")
    fig = charts.scatter(CASES[name], lang, ("days", "money"), heads, "CNY", log=log)
    boxes = [(t.get_text(), where(fig, t)) for t in texts(fig)]
    high = fig.get_figheight() * 72
    assert not [b for b in boxes if b[1][0] < -0.5 or b[1][2] > theme.WIDTH + 0.5 or b[1][1] < -0.5 or b[1][3] > high + 3.5]
    assert not [(a[0], b[0]) for a, b in combinations(boxes, 2) if overlap(a[1], b[1])]
    assert theme.svg(fig, "a", "", "") == theme.svg(fig, "a", "", "")


def test_points_called_by_name_have_a_mark_of_their_own_and_a_rim_around_their_name():
    fig = charts.scatter(CASES["few"], "en")
    assert circles(fig)[2:] == [("ink", [(1, 10)]), ("ink", [(99, 9)])] and {"Acme", "华东电子有限公司"} <= set(said(fig))
    assert '<text class="l"' in (svg := theme.svg(fig, "a", "", "")) and svg.count("paint-order:stroke") == 2


def test_the_key_names_the_groups_and_says_that_denser_is_more():
    few, cloud = points([1, 2], [1, 2], group=["won", "lost"]), many(400, 2)
    assert charts.key("scatter", "en", frame=few) == [("dot", "c1", "Won"), ("dot", "c2", "Lost")]
    assert charts.key("scatter", "zh", frame=cloud)[-1] == ("range", "ink", "越浓越多")
    assert charts.key("scatter", "en", frame=cloud[["x", "y"]]) == [("range", "c1", "the denser, the more")]
    assert "&lt;script&gt;" in lists.key(charts.scatter, "en", None, points([1, 2], [1, 2], group=HOSTILE[:2]))


def test_what_cannot_be_drawn_is_refused():
    for frame in (points([], []), points([NAN], [1]), points([1], [NAN])):
        with pytest.raises(ValueError, match="nothing to draw"):
            charts.scatter(frame, "en")
    with pytest.raises(ValueError, match="At most 6"):
        charts.scatter(points(range(7), range(7), group=list("abcdefg")), "en")


# ------------------------------------------------------------------------------------------------ on a page


@pytest.mark.parametrize(
    ("frame", "numbers"),
    [
        (
            {"stage": ["a", "b", "a", "a"], "days": [1, 5, 3, 8], "amount": [10, 20, NAN, 40]},
            [["a", 3, 3.0, 25.0], ["b", 1, 5.0, 20.0]],
        ),
        ({"days": [1, 5, 9], "amount": [10, 20, 30], "count": [1, 1, 2]}, [[4, 7.0, 25.0]]),
        ({"days": [NAN], "amount": [3]}, [[1, None, 3.0]]),
    ],
)
def test_the_table_under_points_says_how_many_there_are_and_their_medians(frame, numbers):
    made = numbers_of(charts.scatter, DataFrame(frame))
    assert made.columns.to_list()[-3:] == ["point_count", "median_days", "median_amount"] and unit_of("median_amount") == "money"
    assert made.astype(object).where(made.notna(), None).to_numpy().tolist() == numbers


def test_points_that_are_all_called_by_name_are_listed():
    """Medians of what are no cases but one point each, under the head of another table, would say something false."""
    named = DataFrame({"days": [40.0, 30.0], "amount": [5.0, 9.0], "label": ["A", "B"]})
    assert numbers_of(charts.scatter, named).to_dict("list") == {"label": ["A", "B"], "days": [40.0, 30.0], "amount": [5.0, 9.0]}
    some = named.assign(label=["A", None])
    assert numbers_of(charts.scatter, some).columns.to_list() == ["point_count", "median_days", "median_amount"]


@pytest.mark.parametrize("n", [3, 100_000])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_shows_points_and_never_lists_them(n, lang):
    frame = many(n, 2).rename(columns={"x": "days_in_stage", "y": "amount", "group": "stage"})
    frame = frame[["stage", "days_in_stage", "amount"]].replace({"stage": {"0": "won", "1": "lead"}})
    page = Page(crm("a 2026-10-01 2026-10-09 true web"), "funnel", [lang])
    bundle = page.figure("stages", sentence("say.steady"), charts.scatter, frame, log="y")._repr_mimebundle_()
    (table,) = bundle[MIME]["facts"]["tables"]
    assert table["columns"] == ["stage", "point_count", "median_days_in_stage", "median_amount"]
    assert sum(row[1] for row in table["rows"]) == n and len(bundle["text/html"]) < 60_000
    seen = Seen(bundle["text/html"].replace("<image ", "<img "))
    assert seen.of("svg")[0]["class"] == "chart" and ("points" if lang == "en" else "个点") in seen.text
    assert len([c for c in seen.cells if c[0] == "td"]) == 3 * len(table["rows"])
    assert {"en": "Amount (median)", "zh": "金额（中位数）"}[lang] in seen.text
    assert bool(seen.of("img")) == (n > 300) and len(seen.of("circle")) == (n if n <= 300 else 0)


def test_points_without_a_number_are_said_in_words():
    page = Page(crm("a 2026-10-01 2026-10-09 true web"), "funnel", ["en"])
    made = page.figure("stages", sentence("say.steady"), charts.scatter, DataFrame({"days": [NAN], "amount": [NAN]}))
    assert "<svg" not in made.html["en"] and "–" in made.html["en"]
