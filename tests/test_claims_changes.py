"""The claims of contributions hold what the product says of companies made by chance, and refuse what is changed in it."""

import claims_changes
import numpy as np
import pandas as pd
import pytest

from crmlib import texts
from crmlib.blocks.cards import kpi_facts
from crmlib.blocks.tables import table_facts
from crmlib.findings import contribution as rules
from crmlib.kpi import Kpi
from crmlib.metrics.contribution import contributions, mixed

MIN_BASE = 30
RULES = {rule for rule in texts._book("en")["findings"] if rule.startswith("changes.")}


def by_chance(seed: int) -> rules.Moved:
    """A figure that moved, and its groups: few or many, some alike, some new or gone, one in three without a name for some rows."""
    rng = np.random.default_rng(seed)
    groups = [f"g{i}" for i in range(int(rng.choice([0, 1, 2, 3, 12], p=[0.05, 0.1, 0.25, 0.3, 0.3])))] + [None] * int(
        rng.random() < 0.3
    )
    now, before = (pd.DataFrame({"region": groups, "base": rng.integers(0, 90, len(groups))}) for _ in range(2))
    now["part"], before["part"] = (np.minimum(t.base, rng.integers(0, 60, len(groups))) for t in (now, before))
    if len(groups) and rng.random() < 0.6:
        now.loc[int(rng.integers(len(groups))), "part"] += int(rng.integers(-40, 60))
    better = [None, "up", "down"][int(rng.integers(3))]
    if rng.random() < 0.5:
        a, b = int(before.part.sum()), int(now.part.sum()) + int(rng.random() < 0.1)  # one in ten counts somebody twice
        figure = Kpi("won_count", b, "count", better, previous=a if rng.random() < 0.95 else None, series=(a, a + 1) * 4 + (b,))
        return rules.Moved(figure, "previous", "region", contributions(now.rename(columns={"part": "won_count"}), before.rename(columns={"part": "won_count"}), "region", "won_count"), MIN_BASE)  # fmt: skip
    a, b = (float(t.part.sum() / t.base.sum()) if t.base.sum() else None for t in (before, now))
    figure = Kpi("win_rate", b, "share", better, previous=a, series=(a or 0, (a or 0) + 1e-4) * 4 + (b,), reason="no_base")
    return rules.Moved(figure, "previous", "region", mixed(now, before, "region", "part", "base"), MIN_BASE)


def facts_of(it: rules.Moved) -> dict:
    shown = [table_facts("moved", it.frame, ["en"], lambda g: "x")] if len(it.frame) else []
    return {
        "kpis": [kpi_facts(it.kpi, ["en"])],
        "tables": shown,
        "provenance": {"parameters": {"business": {"min_base": MIN_BASE}}},
    }


def said_of(it: rules.Moved) -> list:
    return [rules.headline(it), *rules.findings(it, "moved")]


def test_every_rule_has_its_claim():
    assert set(claims_changes.CLAIMS) == RULES


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_no_sentence_is_false_of_its_figure_and_its_table(first):
    for seed in range(first, first + 100):
        it = by_chance(seed)
        for finding in said_of(it):
            assert claims_changes.CLAIMS[finding.rule](facts_of(it), finding.values), (seed, finding)


@pytest.mark.long
def test_all_rules_are_said_of_some():
    said = {finding.rule for seed in range(400) for finding in said_of(by_chance(seed))}
    assert said >= RULES - {"changes.no_groups"}  # a figure that moved has groups, or its table is not delivered


@pytest.mark.parametrize("wrong", ["who", "change", "whole_change", "whole_now", "before", "way", "more"])
def test_a_claim_refuses_what_is_not_so(wrong):
    it = next(i for i in map(by_chance, range(400)) if rules.headline(i).rule == "changes.led_rose" and i.kpi.name == "won_count" and len(i.frame) > 2)  # fmt: skip
    finding, facts = rules.headline(it), facts_of(it)
    rule, values = finding.rule, dict(finding.values)
    if wrong == "way":
        rule = "changes.led_fell"
    elif wrong == "more":  # another row of the table did as much
        facts["tables"][0]["rows"][-1][-1] += 5
    elif wrong == "who":
        values["who"] = next(str(g) for g in it.frame.region if str(g) != values["who"])
    else:
        values[wrong] += 1
    assert not claims_changes.CLAIMS[rule](facts, values)
