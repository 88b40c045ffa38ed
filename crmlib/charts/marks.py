"""What every chart is made of: a sheet, and on it texts, bars, lines and dots.

Every property is said here, so that nothing depends on the settings (rcParams) of whoever runs the notebook.
"""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform, Transform, blended_transform_factory

from ..theme import BODY, COLOR, WIDTH, clean

# Nothing is clipped. A path is given all the same: working one out for every mark would be a quarter of the time.
FREE: dict[str, Any] = {"clip_on": False, "clip_path": (Path([(0, 0)]), IdentityTransform())}


def sheet(height: float, left: float, right: float, top: float, bottom: float) -> tuple[Figure, Axes]:
    """A figure of WIDTH × height units and one bare axes inside the given margins."""
    fig = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, frameon=False, layout="none")  # type: ignore[arg-type]
    box = (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    ax = fig.add_axes(box)
    ax.set_axis_off()
    return fig, ax


def units(ax) -> Transform:
    """Coordinates in units from the top left corner of the sheet."""
    fig = ax.get_figure()
    return Affine2D().scale(1 / 72, -1 / 72).translate(0, fig.get_figheight()) + fig.dpi_scale_trans


def write(ax, x, y, text, *, size=BODY, tone="ink", ha="left", bold=False, row=False, ground=False):
    """One line of text at x, y in units, y its baseline; with `row`, y is a row of data and its middle.

    `ground`: a rim of the page's own colour keeps it readable over marks.
    """
    place = units(ax)
    if row:
        place = blended_transform_factory(place, ax.transData)
    ax.text(
        x, y, clean(text), transform=place, ha=ha, va="center" if row else "baseline", fontsize=size,
        color=COLOR[tone], fontweight="bold" if bold else "normal", family="DejaVu Sans",
        parse_math=False, usetex=False, gid="ground" if ground else None, **FREE,
    )  # fmt: skip


def bar(ax, left, y, length, thick, token):
    """A bar from `left`, `thick` rows high, its middle at y."""
    ax.add_patch(Rectangle((left, y - thick / 2), length, thick, facecolor=COLOR[token], edgecolor="none", linewidth=0, **FREE))


def line(ax, xs, ys, token, wide=1.0, dashes=None, zorder=2.0, transform=None):
    style = (0, dashes) if dashes else "-"
    ax.add_line(
        Line2D(
            xs, ys, color=COLOR[token], linewidth=wide, linestyle=style, marker="", drawstyle="default",
            zorder=zorder, transform=transform or ax.transData, **FREE,
        )
    )  # fmt: skip


def dot(ax, x, y, token, size=7.0, edge="bg", edge_width=1.5, zorder=3.0):
    ax.add_line(
        Line2D(
            [x], [y], linestyle="", marker="o", markersize=size, fillstyle="full", zorder=zorder,
            markerfacecolor=COLOR[token], markeredgecolor=COLOR[edge], markeredgewidth=edge_width, **FREE,
        )
    )  # fmt: skip


def to_units(ax: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of data stands, in units from the top left; NaN stays NaN."""
    x, y = (ax.transData + units(ax).inverted()).transform((x, y))
    return float(x), float(y)
