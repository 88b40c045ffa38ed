"""Tiny notebooks that keep the contract of blocks without any block, for the machine's tests."""

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from crmlib.notebook import TWIN

KPI = {
    "name": "win_rate", "label": {"$text": {"en": "Win rate", "zh": "赢单率"}}, "value": 0.41,
    "unit": "share", "part": 86, "base": 210, "previous": 0.38, "year_before": 1 / 3, "target": 0.45,
    "better": "up", "dimension": None, "reason": None,
}  # fmt: skip
FINDING = {
    "rule": "funnel.bottleneck", "severity": "warning", "values": {"stage": "proposal", "share": 0.2},
    "text": {"$text": {"en": "Few proposals go on", "zh": "近半数方案未能进入谈判"}}, "action": None,
}  # fmt: skip
TABLE = {"name": "stages", "caption": "Stages", "columns": ["stage", "count"], "rows": [["lead", 1000]]}


def both(text: str, zh: str | None = None) -> dict[str, str]:
    return {"en": text, "zh": zh or text}


def block(kind="content", name=None, html="", facts=None, summary=None, page=None) -> dict:
    html = html if isinstance(html, dict) else both(html)
    return {"kind": kind, "id": name, "facts": facts, "html": html, "summary": summary, "page": page}


def report(team="north", name="funnel", notes=(), **period) -> dict:
    """The first block of a notebook: what the masthead says."""
    period = period or {"label": "2026-10", "start": "2026-10-01", "end": "2026-11-01"}
    span = {"start": "2026-09-01", "end": "2026-10-01"}
    facts = {
        "schema": 1, "report": name, "title": {"$text": both("Sales funnel", "销售漏斗")}, "team": team,
        "period": period, "comparisons": {"previous": span, "year_before": span},
    }  # fmt: skip
    page = {
        "title": both(f"Sales funnel: {team}", f"销售漏斗：{team}"), "notes": list(notes),
        "question": both("Where do we lose deals?", "在哪里丢单？"), "head": both(f"Funnel {team}"),
        "as_of": both("Data as of 31 Oct 2026", "数据截至2026年10月31日"),
    }  # fmt: skip
    return block("report", facts=facts, page=page)


def footer(as_of="2026-10-31") -> dict:
    provenance = {
        "source": "demo", "data_sha256": {"orders": "0" * 64}, "revision": "abc", "as_of": as_of,
        "rows": {"orders": 3}, "left_out": {}, "parameters": {"period": "2026-10"}, "versions": {},
    }  # fmt: skip
    return block(
        "footer",
        html=both("<h2>Where this page comes from</h2>", "<h2>本页来源</h2>"),
        facts={"provenance": provenance},
    )


KPIS = block(
    facts={"kpis": [KPI]},
    summary=both(
        '<ul class="kpis"><li class="kpi"><h3>Win rate</h3><p class="v">41.0%</p></li></ul>',
        '<ul class="kpis"><li class="kpi"><h3>赢单率</h3><p class="v">41.0%</p></li></ul>',
    ),
)
FIGURE = block(
    name="stages",
    html=both(
        '<figure class="fig" id="stages"><h3>Few proposals go on</h3></figure>',
        '<figure class="fig" id="stages"><h3>方案</h3></figure>',
    ),
    facts={"tables": [TABLE]},
)
FINDINGS = block(
    facts={"findings": [FINDING]},
    summary=both('<ul class="tops"><li class="top"><h3><a href="#stages">Few proposals go on</a></h3></li></ul>'),
)


def shows(bundle: dict) -> str:
    """The code of a cell that displays a block; @team and @period become the parameters'."""
    return f"show({json.dumps(bundle, ensure_ascii=False)!r})"


_SHOW = f"""import json, os, sys
from IPython.display import display
def show(text):
    text = text.replace('@team', team).replace('@period', period)
    display({{'text/html': '<p>', {TWIN!r}: json.loads(text)}}, raw=True)"""


def markdown(text: str, *tags: str):
    return new_markdown_cell(text, metadata={"tags": list(tags)})


def parameters(
    code: str = "source: str = 'demo'\nperiod: str = '2026-10'\nteam: str = 'all'\nlanguages: list = ['en']",
):
    return new_code_cell(code, metadata={"tags": ["parameters"]})


def notebook(*cells, params=None):
    """A notebook of ours: title, parameters, set-up, then these cells (text: code; dict: a block)."""
    made = [
        new_code_cell(shows(c)) if isinstance(c, dict) and "kind" in c else new_code_cell(c) if isinstance(c, str) else c
        for c in cells
    ]
    first = [
        markdown("# Sales funnel\n\nWhich *step* loses deals?", "en"),
        markdown("# 销售漏斗\n\n哪一步丢单？", "zh"),
    ]
    nb = new_notebook(cells=[*first, params or parameters(), new_code_cell(_SHOW), *made])
    nb.metadata = nbformat.from_dict({"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    nb.metadata["language_info"] = {"name": "python"}
    return nb


def good(name="funnel"):
    """One whole little report."""
    return notebook(
        report(team="@team", name=name, label="@period", start="2026-10-01", end="2026-11-01"),
        markdown("## Key figures\n\nBeside last month.", "en", "section:key-figures"),
        markdown("## 关键指标\n\n与上月对照。", "zh", "section:key-figures"),
        KPIS,
        markdown("## Analysis", "en", "section:analysis"),
        markdown("## 分析", "zh", "section:analysis"),
        FIGURE, FINDINGS, footer(),
    )  # fmt: skip


def write(path: Path, nb) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


def executed(path: Path, *bundles: dict, cells=()) -> Path:
    """An executed notebook without executing one: for what pages are made of."""
    made = []
    for n, item in enumerate([*bundles, *cells], 1):
        if isinstance(item, dict) and "kind" in item:
            out = nbformat.v4.new_output("display_data", data={"text/html": "<p>", TWIN: item})
            made.append(new_code_cell("show()", execution_count=n, outputs=[out]))
        else:
            made.append(item)
    return write(path, new_notebook(cells=made))
