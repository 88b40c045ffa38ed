"""Everything that a report says of one handle: its facts, and each sentence over and beside its figures; nothing is drawn.

The notebook's own cells run on a handle that a test made (`Crm.of`), in one language: cheap enough for a thousand companies.
"""

from types import FunctionType

import product
import pytest

from crmlib import charts, facts, findings, theme, twins
from crmlib.crm import Crm
from crmlib.findings import Finding


def spoken(report: str, crm: Crm) -> tuple[dict, list[Finding]]:
    """(facts of the page, all findings and headlines that it says, each once)."""
    said: list[Finding] = []
    real = findings.render

    def heard(finding: Finding, *args) -> str:
        if finding not in said:
            said.append(finding)
        return real(finding, *args)

    with pytest.MonkeyPatch.context() as now:
        now.setattr("crmlib.crm.open_crm", lambda source, period, team="all": crm)
        now.setattr(findings, "render", heard)
        now.setattr(theme, "svg", lambda *_: "")
        for name in charts.__all__:
            if name != "key":
                now.setattr(charts, name, _undrawn(getattr(charts, name)))
        nb = product.executed(report, source="frames", period=crm.period.label, team=crm.team, languages=["en"])
    found = facts.build(twins.read(nb), "en")
    facts.check(found)
    return found, said


def _undrawn(chart: FunctionType):
    """A chart by its name that draws nothing."""

    def blank(*_, **__) -> None:
        return None

    blank.__name__ = chart.__name__
    return blank
