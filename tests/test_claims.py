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
COMPANIES, CHUNK, EACH = 1000, 20, 2
QUICK = 7  # the company of `make test`
put: dict[str, set[int]] = defaultdict(set)  # the companies of which a rule spoke
ran: set[int] = set()


def told_of(seed: int, count: int) -> list[str]:
    """The reports that tell of a company: each its turn, for all of them would take the night."""
    return [REPORTS[(seed * count + i) % len(REPORTS)] for i in range(count)]


def false_of(seed: int, reports: list[str]) -> list[str]:
    """What the reports say of a company that is not true of their own pages."""
    crm, wrong = chance_company.company(seed).crm(), []
    for report in reports:
        facts, said = spoken(report, crm)
        for finding in said:
            put[finding.rule].add(seed)
            if not finding.rule.startswith(BESIDE) and not _holds(facts, finding):
                wrong.append(f"company {seed}, {report}: {finding.rule} {finding.values}")
    return wrong


def _holds(facts: dict, finding) -> bool:
    claim = CLAIMS.get(finding.rule)
    return claim is not None and bool(claim(facts, finding.values))


def test_every_report_has_its_claims_and_every_rule_its_own():
    assert sorted(set(REPORTS) - set(PREFIXES)) == [] and sorted(RULES - set(CLAIMS)) == []


def test_no_sentence_is_false_of_its_page():
    assert false_of(QUICK, REPORTS) == [] and len(put) > 5 * len(REPORTS)


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, COMPANIES, CHUNK))
def test_no_sentence_is_false_of_a_thousand_companies(first):
    seeds = range(first, first + CHUNK)
    wrong = [line for seed in seeds for line in false_of(seed, told_of(seed, EACH))]
    ran.update(seeds)
    assert wrong == []


@pytest.mark.long
def test_the_thousand_make_most_rules_speak():
    if len(ran) < COMPANIES:
        pytest.skip("the thousand companies were not all looked at")
    silent = sorted(RULES - set(put))
    print("never said:", ", ".join(silent))
    assert len(silent) <= 0.25 * len(RULES), silent
