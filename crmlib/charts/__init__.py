"""One function a shape: draws the tidy frame it is given, aggregates nothing, gives back a matplotlib Figure.

theme.svg puts the figure on the page. All is placed for the narrowest phone. An empty frame is a ValueError:
the page then says in words that there is nothing. A missing value has no mark and the text "–".
"""

import pandas as pd

from .. import texts
from .bars import bars
from .deltas import deltas
from .dots import dots
from .heat import heat
from .ranges import ranges
from .scatter import legend, scatter
from .spark import spark
from .steps import steps
from .trend import trend

_KEYS = {
    "steps": [("box", "c1", "reached"), ("box", "c1-soft", "lost_since"), ("box", "c2-soft", "bottleneck")],
    "dots": [("dot", "c1", "key_mean"), ("range", "c1", "key_interval")],
    "rates": [("dot", "c1", "key_rate"), ("ring", "ink-3", "key_expected"), ("range", "c1", "key_interval")],
    "ranges": [("dot", "c1", "key_median"), ("ring", "ink-3", "key_before"), ("range", "c1", "key_p90")],
}


def key(shape: str, lang: str, highlight: bool = False, frame: pd.DataFrame | None = None) -> list[tuple[str, str, str]]:
    """What the marks mean, for the line above the chart: (mark, colour token, words).

    The finding's own mark is told only where there is one (`highlight`), groups where the `frame` has some.

    >>> key("ranges", "en")[1]
    ('ring', 'ink-3', 'median before')
    """
    if shape == "scatter" and frame is not None:
        return legend(frame, lang)
    marks = _KEYS.get("rates" if shape == "dots" and frame is not None and "expected" in frame else shape, [])
    return [(mark, token, texts.say(f"charts.{word}", lang)) for mark, token, word in marks if highlight or word != "bottleneck"]


__all__ = ["bars", "deltas", "dots", "heat", "key", "ranges", "scatter", "spark", "steps", "trend"]
