"""No finding and no headline is false of its own page's numbers: whole companies by chance, each sentence held against the page's facts."""

import importlib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import chance_company
import pytest
from spoken import spoken

from crmlib import places, texts
from crmlib.findings import Finding

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


def sentences(seed: int, reports: list[str]) -> list[tuple[str, dict, Finding]]:
    """What the reports say of a company: (report, facts of its page, finding or headline)."""
    crm = chance_company.company(seed).crm()
    told = [(report, *spoken(report, crm)) for report in reports]
    each = [(report, facts, f) for report, facts, said in told for f in said if not f.rule.startswith(BESIDE)]
    for _, _, finding in each:
        put[finding.rule].add(seed)
    return each


def false_among(seed: int, each: list[tuple[str, dict, Finding]]) -> list[str]:
    return [f"company {seed}, {report}: {f.rule} {f.values}" for report, facts, f in each if not _holds(facts, f)]


def _holds(facts: dict, finding: Finding) -> bool:
    claim = CLAIMS.get(finding.rule)
    return claim is not None and bool(claim(facts, finding.values))


def test_every_report_has_its_claims_and_every_rule_its_own():
    assert sorted(set(REPORTS) - set(PREFIXES)) == [] and sorted(RULES - set(CLAIMS)) == []


@pytest.fixture(scope="module")
def quick() -> list[tuple[str, dict, Finding]]:
    return sentences(QUICK, REPORTS)


def test_no_sentence_is_false_of_its_page(quick):
    assert false_among(QUICK, quick) == [] and len(put) > 5 * len(REPORTS)


def test_claims_notice_a_false_number(quick):
    """Each sentence with one of its numbers changed: nearly every claim says no."""
    unnoticed, tried = [], 0
    for _, facts, finding in quick:
        for name, value in finding.values.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                tried += 1
                wrong = replace(finding, values=finding.values | {name: value * 3 + 7})
                unnoticed += [f"{finding.rule}: {name}"] if _believed(facts, wrong) else []
    assert tried > 50 and len(unnoticed) <= 0.15 * tried, unnoticed


def _believed(facts: dict, finding: Finding) -> bool:
    """A claim that cannot make sense of a sentence does not believe it."""
    try:
        return _holds(facts, finding)
    except (ArithmeticError, IndexError, KeyError, ValueError):
        return False


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, COMPANIES, CHUNK))
def test_no_sentence_is_false_of_a_thousand_companies(first):
    seeds = range(first, first + CHUNK)
    wrong = [line for seed in seeds for line in false_among(seed, sentences(seed, told_of(seed, EACH)))]
    ran.update(seeds)
    assert wrong == []


@pytest.mark.long
def test_the_thousand_make_most_rules_speak():
    if len(ran) < COMPANIES:
        pytest.skip("the thousand companies were not all looked at")
    silent = sorted(RULES - set(put))
    print("never said:", ", ".join(silent))
    assert len(silent) <= 0.25 * len(RULES), silent
