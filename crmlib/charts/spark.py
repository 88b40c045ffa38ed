"""The small line on the card of a key figure; no axis, no matplotlib."""

import math
from collections.abc import Iterable
from html import escape

from .. import fmt
from ..theme import clean

WIDE, HIGH, EDGE = 112, 32, 3


def spark(values: Iterable[float | None], desc: str, target: float | None = None) -> str:
    """The values as a line, the last as a dot, the target dashed; an empty text where there is no value."""
    series = [float(v) if v is not None and fmt.known(v) else math.nan for v in values]
    known = [v for v in series if not math.isnan(v)]
    if not known:
        return ""
    goal = [float(target)] if target is not None and fmt.known(target) else []
    low, high = min(known + goal), max(known + goal)
    scale = (HIGH - 2 * EDGE) / (high - low) if high > low else 0.0
    height = lambda v: EDGE + (high - v) * scale if scale else v * 0 + HIGH / 2  # noqa: E731 - NaN stays NaN
    step = WIDE / (len(series) - 1) if len(series) > 1 else 0
    points = [(i * step if step else WIDE, height(v)) for i, v in enumerate(series)]
    x, y = next(point for point in reversed(points) if not math.isnan(point[1]))
    dashed = f'<path class="t" d="M0 {height(goal[0]):.1f}H{WIDE}"/>' if goal else ""
    drawn = f'<path d="{way}"/>' if (way := _way(points)) else ""
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    head = f'<svg class="spark" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(clean(desc))}">'
    return head + dashed + drawn + dot + "</svg>"


def _way(points: list[tuple[float, float]]) -> str:
    """One line for each run of values; a value between two gaps is a short dash."""
    way, run = "", 0
    for (x, y), (_, after) in zip(points, [*points[1:], (0, math.nan)], strict=True):
        if math.isnan(y):
            run = 0
        elif run or not math.isnan(after):
            way += f"{'L' if run else 'M'}{x:.1f} {y:.1f}"
            run += 1
        elif x < WIDE:
            way += f"M{max(x - 1, 0):.1f} {y:.1f}h2"
    return way
