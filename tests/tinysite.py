"""A site made of tiny executed notebooks, and a look at it."""

from html.parser import HTMLParser
from pathlib import Path

import tiny

from crmlib.execution import Outcome
from crmlib.plan import Job, slug
from crmlib.publish import publish

BOTH = ("en", "zh")
DAYS = {"2026-09": ("2026-09-01", "2026-10-01"), "2026-10": ("2026-10-01", "2026-11-01"), "2026-11": ("2026-11-01", "2026-12-01")}


def cells(team="north", period="2026-10", name="funnel", extra=(), as_of="2026-11-30"):
    start, end = DAYS[period]
    return [
        tiny.markdown("# Sales funnel\n\nWhich **step**?", "en"), tiny.markdown("# 销售漏斗\n\n哪一步？", "zh"),
        tiny.report(team, name, label=period, start=start, end=end),
        tiny.markdown("## Key figures\n\nBeside last month.", "en", "section:key-figures"),
        tiny.markdown("## 关键指标", "zh", "section:key-figures"),
        tiny.KPIS,
        tiny.markdown("## Analysis\n\n### By hand\n\n- one", "en", "section:analysis"),
        tiny.markdown("## 分析\n\n### 手工", "zh", "section:analysis"),
        tiny.FIGURE, tiny.FINDINGS, *extra, tiny.footer(as_of),
    ]  # fmt: skip


def outcome(out, team="north", period="2026-10", name="funnel", languages=BOTH, made=None, **kw):
    path = tiny.executed(out.parent / f"{slug(team)}-{period}-{name}.ipynb", *(made or cells(team, period, name, **kw)))
    return Outcome(Job(name, period, team, "demo", languages), path)


def failed(team="north", period="2026-10", name="funnel"):
    return Outcome(Job(name, period, team, "demo", BOTH), Path("x"), 1.0, f"{name} broke at /srv/secret/place.csv")


def bring(out, *outcomes, languages=BOTH):
    return publish(out, outcomes, languages, "run-1")


def read(out, name):
    return (out / "site" / name).read_text("utf-8")


def tree(out):
    site = (out / "site").resolve()
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in sorted(site.rglob("*")) if p.is_file()}


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []


def broken(out):
    """Links of the site that lead nowhere."""
    site = (out / "site").resolve()
    dead = []
    for page in site.rglob("*.html"):
        for link in Links(page.read_text("utf-8")).links:
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            good = target.is_file() and target.is_relative_to(site)
            dead += [] if good and (not anchor or anchor in Links(target.read_text("utf-8")).ids) else [(page.name, link)]
    return dead
