"""The demo company's planted improvement and problem are found when they were planted, and no other measure is called a cure; on two seeds."""

from functools import cache

import pytest

from crmlib.crm import open_crm
from crmlib.findings import feedback as rules
from crmlib.metrics import proofs
from crmlib.periods import Period

pytestmark = pytest.mark.long
LAST = Period.parse("2026-10")


@pytest.fixture(scope="module")
def company(planted):
    folder, truth = planted
    return cache(lambda period: open_crm(str(folder), period)), truth


def test_the_improvement_is_proven_when_it_was_done_and_no_other_ever(company):
    opened, truth = company
    planted = truth["improvement"]
    done = Period.containing(opened(LAST.label).period.start.fromisoformat(planted["done_on"]), "month")
    found = [(m, f) for m in LAST.trailing(12) for f in rules.cured(opened(m.label))]
    months = [m for m, _ in found]
    assert {f.values["category"] for _, f in found} == {planted["category"]}
    assert {f.values["done_on"].isoformat() for _, f in found} == {planted["done_on"]}
    if "improvement_id" in planted:
        assert {f.values["improvement"] for _, f in found} == {planted["improvement_id"]}
    assert len({f.values["improvement"] for _, f in found}) == 1
    assert months[0] in (done, done.shift(1)) and months == [months[0].shift(i) for i in range(len(months))] and len(months) >= 3


def test_the_proof_is_as_large_as_what_was_planted(company):
    opened, truth = company
    planted = truth["improvement"]
    after = Period.containing(LAST.start.fromisoformat(planted["done_on"]), "month").shift(3)
    frame = proofs.proofs(opened(after.label))
    (row,) = frame[frame.verdict == "improved"].itertuples()
    assert row.low_score <= planted["score_lift"] <= row.high_score and row.change_score >= 0.3


def test_the_problem_is_found_while_it_lasts(company):
    """Its category fell or lies below all others, or its theme rose: from its month, or one of the next two on."""
    opened, truth = company
    problem = truth.get("problem")
    if problem is None:
        pytest.skip("no problem is planted")
    start, cured = (
        Period.parse(problem["from"]),
        Period.containing(LAST.start.fromisoformat(truth["improvement"]["done_on"]), "month"),
    )
    lasting = [m for m in start.trailing(1) + [start.shift(i) for i in range(1, 24)] if m < cured]
    seen = [m for m in lasting if _names(opened(m.label), problem)]
    assert seen and seen[0] in lasting[:3] and seen == lasting[lasting.index(seen[0]) :]


def _names(crm, problem: dict) -> bool:
    found = [*rules.fell(crm), *rules.below(crm, "category"), *rules.theme_rose(crm)]
    return any(f.values.get("category") == problem["category"] or f.values.get("theme") == problem["theme"] for f in found)
