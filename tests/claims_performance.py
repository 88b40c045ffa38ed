"""What each sentence of the performance page claims, told by the page's own facts."""

import pandas as pd
from claiming import apart, company, kpi, least, level, near, table, total

NOBODY = ("unassigned", "none given", "all others")


def money(facts) -> str:
    """The column of money that the page compares by."""
    return "revenue" if kpi(facts, "revenue")["value"] is not None else "won_amount"


def _part(share, base) -> int:
    return round(share * base)


def _apart(facts, values, own: tuple[int, int], below: bool, whole: int) -> bool:
    """Own and others as said, on sufficient bases, five points apart and clearly; the others are at most all but the own."""
    others = (_part(values["others_share"], values["others_base"]), values["others_base"])
    delta = values["share"] - values["others_share"]
    said = (values["part"], values["base"]) == own and near(values["share"], own[0] / own[1])
    sure = min(own[1], others[1]) >= least(facts) and abs(delta) >= 0.05 - 1e-9 and apart(own, others)
    return said and sure and (delta < 0) is below and others[1] <= whole - own[1]


def _row(rows: pd.DataFrame, **named) -> dict:
    for column, value in named.items():
        rows = rows[rows[column] == value] if column in rows else rows
    return rows.iloc[0].to_dict()


def team_wins(below):
    def claim(facts, values):
        row = _row(table(facts, "team_rates"), team=values["team"])
        whole = total(facts, "team_rates", "closed_count")
        return company(facts) and _apart(facts, values, (row["won_count"], row["closed_count"]), below, whole)

    return claim


def wins(below):
    def claim(facts, values):
        own, whole = table(facts, "beside").to_dict("records")
        part = _part(own["win_rate"], own["closed_count"])
        return not company(facts) and _apart(facts, values, (part, own["closed_count"]), below, whole["closed_count"])

    return claim


def rep_wins(below):
    def claim(facts, values):
        rows = table(facts, "people_results")
        row = _row(rows, rep=values["rep"], team=values["team"])
        mine = rows[rows.team == values["team"]] if "team" in rows else rows
        whole = (mine.won_count + mine.lost_count).sum()
        return _apart(facts, values, (row["won_count"], row["won_count"] + row["lost_count"]), below, whole)

    return claim


def team_pleases(below):
    def claim(facts, values):
        row = _row(table(facts, "team_results"), team=values["team"])
        own = (_part(row["csat_top_box"], row["scores"]), row["scores"])
        return company(facts) and _apart(facts, values, own, below, total(facts, "team_results", "scores"))

    return claim


def pleases(below):
    def claim(facts, values):
        own, whole = table(facts, "beside").to_dict("records")
        part = _part(own["csat_top_box"], own["scores"])
        return not company(facts) and _apart(facts, values, (part, own["scores"]), below, whole["scores"])

    return claim


def rep_pleases(below):
    def claim(facts, values):
        rows = table(facts, "people_results")
        row = _row(rows, rep=values["rep"], team=values["team"])
        mine = rows[rows.team == values["team"]] if "team" in rows else rows
        return _apart(facts, values, (_part(row["csat_top_box"], row["scores"]), row["scores"]), below, mine.scores.sum())

    return claim


def share_moved(fell, own):
    def claim(facts, values):
        now = kpi(facts, money(facts))["value"] if own else _row(table(facts, "teams"), team=values["team"])[money(facts)]
        change = -values["change_share"] if fell else values["change_share"]
        ends = values["low_share"] <= values["change_share"] <= values["high_share"] and values["low_share"] > 0
        usual = near(values["before_amount"] * (1 + change), now)
        return near(values["amount"], now) and usual and ends and values["change_share"] >= 0.1 - 1e-9 and values["count"] >= 6

    return claim


def _short(facts, gone: float) -> pd.DataFrame:
    """The teams that reached less than nine tenths of what their goals ask for by now."""
    rows = table(facts, "teams")
    if "target_attainment" not in rows:
        return pd.DataFrame(columns=["team", "target_attainment"])
    rows = rows[rows.target_attainment.notna()]
    return rows[rows.target_attainment.astype(float) < 0.9 * gone - 1e-9]


def teams_short(several, over):
    def claim(facts, values):
        rows, goals = _short(facts, values.get("due_share", 1.0)), table(facts, "teams").target_attainment.notna().sum()
        worst = _row(rows, team=values["team"])
        said = near(values["attained_share"], worst["target_attainment"]) and near(
            values["target_amount"], worst["target_amount"]
        )
        counted = (values["count"], values["base"]) == (len(rows), goals) and (len(rows) > 1) is several
        return (
            said
            and counted
            and ("due_share" not in values) is over
            and worst["target_attainment"] == rows.target_attainment.min()
        )

    return claim


def own_goal(low, high, over):
    """The view's own goal, attained between so much and so much of what it asks for by now."""

    def claim(facts, values):
        figure = kpi(facts, money(facts))
        reached = figure["value"] / figure["target"]
        by_now = reached / values.get("due_share", 1.0)
        said = near(values["target_amount"], figure["target"]) and near(values["attained_share"], reached)
        return said and low - 1e-9 <= by_now < high + 1e-9 and ("due_share" not in values) is over

    return claim


def calm(facts, values) -> bool:
    figure = kpi(facts, money(facts))
    return not figure["target"] or figure["value"] < figure["target"]


def nobody(facts, values) -> bool:
    teams, people = table(facts, "teams"), table(facts, "people")
    return set(teams.get("team", [])) <= set(NOBODY) and set(people.get("rep", [])) <= set(NOBODY)


def first(group):
    def claim(facts, values):
        rows, column = table(facts, {"team": "teams", "rep": "people"}[group]), money(facts)
        named = rows[~rows[group].isin(NOBODY)]
        top = named[named[column] == named[column].max()]
        said = near(values["amount"], named[column].max()) and near(values["whole_amount"], rows[column].sum())
        return len(top) == 1 and top[group].iloc[0] == values[group] and said

    return claim


def alike(group):
    def claim(facts, values):
        rows, column = table(facts, {"team": "teams", "rep": "people"}[group]), money(facts)
        named = rows[~rows[group].isin(NOBODY)]
        return (named[column] == named[column].max()).sum() == values["count"] > 1

    return claim


def none_of(group):
    def claim(facts, values):
        rows, column = table(facts, {"team": "teams", "rep": "people"}[group]), money(facts)
        named = rows[~rows[group].isin(NOBODY)]
        return not (named[column] > 0).any() and near(values["amount"], rows[column].sum())

    return claim


def results(facts, values) -> bool:
    """The sums of one of the two tables of results."""
    for name in ("team_results", "people_results"):
        sums = {"count": "customer_count", "new_count": "new_customers", "won_count": "won_count"}
        if all(total(facts, name, sums[k]) == v for k, v in values.items()):
            return True
    return False


def people_won(facts, values) -> bool:
    """A person who moved has two rows; beyond sixty they are one."""
    rows = table(facts, "people_results")
    people = rows[~rows.rep.isin(NOBODY)].groupby("rep").won_count.sum()
    return (values["part"], values["count"]) == ((people > 0).sum(), len(people))


def people_moved(facts, values) -> bool:
    return values["count"] >= values["up_count"] + values["down_count"] and min(values.values()) >= 0


def _ranked(facts, name) -> pd.DataFrame:
    rows = table(facts, name)
    return rows[rows["rank"].notna()] if "rank" in rows else rows


def rates(kind):
    """Of the teams' table or the people's, whichever the sentence is over."""

    def claim(facts, values):
        return any(_rates(facts, name, kind, values) for name in ("team_rates", "people_rates"))

    return claim


def _rates(facts, name, kind, values) -> bool:
    rows = _ranked(facts, name)
    if kind == "few":
        return len(rows) < 2
    if len(rows) == 30:
        return values["count"] >= 30  # a picture of the highest and the lowest: the others are not on it
    if len(rows) != values["count"]:
        return False
    apart_from = (rows.best_rank > 1) | (rows.worst_rank < len(rows))
    return not apart_from.any() if kind == "alike" else apart_from.sum() == values["part"]


def efficiency(facts, values) -> bool:
    rows = table(facts, "efficiency")
    row = _row(rows, team=values["team"])
    return near(row["money_per_person"], rows.money_per_person.max()) and near(values["amount"], row["money_per_person"]) and row["people_count"] == values["count"]  # fmt: skip


def efficiency_alike(facts, values) -> bool:
    rows = table(facts, "efficiency")
    return (rows.money_per_person == rows.money_per_person.max()).sum() == values["count"] > 1


def no_people(facts, values) -> bool:
    rows = table(facts, "efficiency")
    return rows.empty or not (rows.money_per_person > 0).any()


def beside(facts, values) -> bool:
    own, whole = table(facts, "beside").iloc[0], table(facts, "beside").iloc[-1]
    said = values["base"] == own.closed_count and values["part"] == _part(own.win_rate, own.closed_count)
    if "share" not in values:
        return said and min(own.closed_count, whole.closed_count) < least(facts)
    return said and near(values["share"], own.win_rate) and near(values["others_share"], whole.win_rate)


def territory(facts, values) -> bool:
    rows = table(facts, "territories")
    return near(_row(rows, view=values["team"], region=values["region"])["share"], values["share"])


def no_territory(facts, values) -> bool:
    rows = table(facts, "territories")
    return rows.empty or not rows[~rows.region.isin(NOBODY) & (rows["view"] != "whole company")].share.notna().any()


def money_level(which):
    def claim(facts, values):
        name = money(facts)
        return level("performance.money", name, "performance.no_money", ("course", name))[which](facts, values)

    return claim


CLAIMS = {
    **{f"performance.team_wins_{w}": team_wins(w == "below") for w in ("below", "above")},
    **{f"performance.wins_{w}": wins(w == "below") for w in ("below", "above")},
    **{f"performance.rep_wins_{w}": rep_wins(w == "below") for w in ("below", "above")},
    **{f"performance.team_pleases_{w}": team_pleases(w == "below") for w in ("below", "above")},
    **{f"performance.pleases_{w}": pleases(w == "below") for w in ("below", "above")},
    **{f"performance.rep_pleases_{w}": rep_pleases(w == "below") for w in ("below", "above")},
    **{f"performance.{whose}_share_{way}": share_moved(way == "fell", whose == "own") for whose in ("team", "own") for way in ("fell", "rose")},
    **{f"performance.{whose}goal_missed": own_goal(-1e9, 0.9, True) for whose in ("", "company_")},
    **{f"performance.{whose}behind_pace": own_goal(-1e9, 0.9, False) for whose in ("", "company_")},
    "performance.goal_reached": own_goal(1, 1e9, True), "performance.on_pace": own_goal(1, 1e9, False),
    "performance.team_goal_missed": teams_short(False, True), "performance.goals_missed": teams_short(True, True),
    "performance.team_behind": teams_short(False, False), "performance.teams_behind": teams_short(True, False),
    "performance.calm": calm, "performance.nobody": nobody, "performance.nothing": lambda facts, values: kpi(facts, "revenue")["value"] is None and kpi(facts, "won_amount")["value"] is None,
    **{f"performance.{group}_first": first(group) for group in ("team", "rep")},
    **{f"performance.{group}s_alike": alike(group) for group in ("team", "rep")},
    "performance.no_team": none_of("team"), "performance.no_person": none_of("rep"),
    "performance.results": results, "performance.results_alone": results, "performance.people_moved": people_moved, "performance.people_won": people_won,
    **{f"performance.rates_{kind}": rates(kind) for kind in ("few", "alike", "differ")},
    "performance.efficiency": efficiency, "performance.efficiency_alike": efficiency_alike, "performance.no_people": no_people,
    "performance.beside": beside, "performance.beside_counts": beside, "performance.beside_alone": lambda facts, values: table(facts, "beside").closed_count.iloc[0] == 0,
    "performance.territory": territory, "performance.no_territory": no_territory,
    **{rule: money_level(rule) for rule in ("performance.no_money", *[f"performance.money_{w}" for w in ("alone", "counts", "steady", "up", "down")]) if rule != "performance.money_counts"},
}  # fmt: skip
