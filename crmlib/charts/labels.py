"""Where a label can stand without touching a line or another label; all in units from the top left."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from ..theme import BODY, LARGEST, clean, width

Box = tuple[float, float, float, float]
Spot = tuple[float, float, str]  # x, baseline, which end of the text is at x
Point = tuple[float, float]


class Taken(NamedTuple):
    """What stands already: points of lines, boxes of texts."""

    points: list[Point]
    boxes: list[Box]


def box(x: float, y: float, text: str, ha: str = "left", size: float = BODY, bold: bool = False) -> Box:
    """Left, top, right and bottom of a text on the screen where it is largest."""
    wide = width(clean(text), size, bold)
    left = x - wide * {"left": 0, "center": 0.5, "right": 1}[ha]
    return left, y - 0.76 * LARGEST[size], left + wide, y + 0.22 * LARGEST[size]


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def along(points: list[Point]) -> list[Point]:
    """Points at most 3 units apart on the line through these; a gap stays a gap."""
    dense = list(points)
    for (x0, y0), (x1, y1) in pairwise(points):
        if not math.isnan(y0 + y1):
            n = int(max(abs(x1 - x0), abs(y1 - y0)) / 3) + 1
            dense += [(x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n) for i in range(1, n)]
    return [point for point in dense if not math.isnan(point[1])]


def place(spots: Iterable[Spot], text: str, taken: Taken, bold: bool = False) -> Spot:
    """The first of the spots that nothing crosses, else the one that least crosses."""
    return min(spots, key=lambda spot: _hits(box(spot[0], spot[1], text, spot[2], bold=bold), taken))


def _hits(own: Box, taken: Taken) -> int:
    left, top, right, bottom = own[0] - 2, own[1] - 3, own[2] + 2, own[3] + 3
    crossed = sum(left < x < right and top < y < bottom for x, y in taken.points)
    return crossed + 50 * sum(overlap(own, other) for other in taken.boxes)
