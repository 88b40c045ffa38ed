"""No finding and no headline is false of its own page's numbers: whole companies by chance, each sentence held against the page's facts."""

import importlib
from collections import defaultdict
from pathlib import Path

import chance_company
import pytest
from spoken import spoken

from crmlib import places, texts

# reports whose sentences are held against the rows themselves, by their own tests
ELSEWHERE = {"funnel", "feedback", "churn", "segments", "value", "prepare"}
REPORTS = sorted({p.stem for p in (places.ROOT / "notebooks").glob("*.ipynb")} - ELSEWHERE)
PREFIXES = sorted(p.stem.removeprefix("claims_") for p in Path(__file__).parent.glob("claims_*.py"))
CLAIMS = {rule: claim for prefix in PREFIXES for rule, claim in importlib.import_module(f"claims_{prefix}").CLAIMS.items()}
RULES = {rule for rule in texts._book("en")["findings"] if rule.partition(".")[0] in PREFIXES}
BESIDE = "say."  # words beside a figure that say how to read it
COMPANIES, CHUNK = 1000, 25
put: dict[str, set[int]] = defaultdict(set)  # the companies of which a rule spoke
ran: set[int] = set()


def false_of(seed: int, report: str) -> list[str]:
    """What the report says of a company that is not true of its own page."""
    facts, said = spoken(report, chance_company.company(seed).crm())
    wrong = []
    for finding in said:
        put[finding.rule].add(seed)
        if not finding.rule.startswith(BESIDE) and not _holds(facts, finding):
            wrong.append(f"company {seed}, {report}: {finding.rule} {finding.values}")
    return wrong


def _holds(facts: dict, finding) -> bool:
    claim = CLAIMS.get(finding.rule)
    return claim is not None and bool(claim(facts, finding.values))


def test_every_report_has_its_claims_and_every_rule_its_own():
    assert set(REPORTS) <= set(PREFIXES)
    assert sorted(RULES - set(CLAIMS)) == []


@pytest.mark.parametrize("report", REPORTS)
def test_no_sentence_is_false_of_its_page(report):
    assert false_of(sum(map(ord, report)) % 30, report) == []


@pytest.mark.long
@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("first", range(0, COMPANIES, CHUNK))
def test_no_sentence_is_false_of_a_thousand_companies(first, report):
    seeds = range(first, first + CHUNK)
    wrong = [line for seed in seeds for line in false_of(seed, report)]
    ran.update(seeds)
    assert wrong == []


@pytest.mark.long
def test_the_thousand_make_most_rules_speak():
    if len(ran) < COMPANIES:
        pytest.skip("the thousand companies were not all looked at")
    silent = sorted(RULES - set(put))
    print("never said:", ", ".join(silent))
    assert len(silent) <= 0.2 * len(RULES), silent
