"""How every picture looks: colours by name, sizes, and a figure turned into the page's own SVG.

Colours are the *names* of the page's CSS tokens. They enter matplotlib as stand-in hex values and leave as
var(--name), so that light, dark and print need no second drawing. Text stays text in the reader's font.

Matplotlib draws on a small canvas of ours instead of its SVG file writer. That one measures text in the fonts
of this machine: a warning for every Chinese name, a log line for every absent font, other bytes elsewhere.
Ours looks up no font, reads no setting of the user, and leaves no style sheet, clip path or id to remove.
"""

import re
import unicodedata
from functools import cache
from html import escape

from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from .raster import picture

WIDTH = 460  # units; shown at 560 px on a desk and at 358 px or less on a phone
BODY, SMALL = 12.5, 11  # text: class l and class s
LARGEST = {
    BODY: 15,
    SMALL: 14,
}  # what the page's CSS makes of them on the narrowest phone: all is placed for it
TOKENS = (
    "bg", "ink", "ink-2", "ink-3", "grid", "c1", "c2", "c3", "c4", "c5", "c6", "c1-soft", "c2-soft", "mute",
    "h1", "h2", "h3", "h4", "h5", "h6",
)  # fmt: skip
COLOR = {name: f"#{0xA1B200 + i:06x}" for i, name in enumerate(TOKENS)}
_NAME = {to_rgba(value)[:3]: name for name, value in COLOR.items()}
_DROP = {"center": 0.36, "center_baseline": 0.36, "top": 0.76, "bottom": -0.2}  # from there to the baseline
_ANCHOR = {"center": ' text-anchor="middle"', "right": ' text-anchor="end"'}


# ---------------------------------------------------------------- text
def clean(value: object) -> str:
    """Text as it can stand on one line: controls become visible marks, nothing turns the line round.

    >>> clean("a\\x00b\\nc")
    'a␀b␊c'
    """
    return "".join(map(_shown, str(value)))


def _shown(c: str) -> str:
    kind = unicodedata.category(c)
    if kind == "Cc":
        return chr(0x2400 + ord(c)) if ord(c) < 32 else "␡" if c == "\x7f" else "\ufffd"
    if kind in ("Cs", "Zl", "Zp") or 0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069:
        return "\ufffd"
    return "\ufffd" if ord(c) & 0xFFFE == 0xFFFE else c


@cache
def _em(c: str) -> float:
    """The width of a character in the widest of the page's fonts, as a share of its size; rather too wide."""
    kind = unicodedata.category(c)
    if kind in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(c) in "WF":
        return 1.35 if kind == "So" else 1
    if c in " .,:;'’|!ijlIt()[]f/-–·":
        return 0.34
    return 0.92 if c in "mwMW@%…" else 0.72 if kind == "Lu" else 0.6


def width(text: str, size: float = BODY, bold: bool = False) -> float:
    """The most units a text takes on any screen."""
    return sum(map(_em, text)) * LARGEST[size] * (1.07 if bold else 1)


def fit(text: str, room: float, size: float = BODY, bold: bool = False) -> str:
    """The text, shortened with '…' where it is wider than the room.

    >>> fit("Marketing automation", 100)
    'Marketing…'
    """
    text = clean(text)
    if width(text, size, bold) <= room:
        return text
    while text and width(text + "…", size, bold) > room:
        text = text[:-1]
    text = text.rstrip("\u200d ") + "…"
    turned = unicodedata.bidirectional(text[-2:-1] or " ") in ("R", "AL")
    return text + "\u200f" if turned else text  # the mark at the end of a right-to-left name, too


# ---------------------------------------------------------------- the canvas
class _Canvas(RendererBase):
    """Collects what matplotlib draws as (style, path) pairs and finished elements."""

    def __init__(self, width: float, height: float):
        super().__init__()
        self.width, self.height = width, height
        self.flip = Affine2D().scale(1, -1).translate(0, height)
        self.out: list[tuple[str, str]] = []

    def get_canvas_width_height(self):
        return self.width, self.height

    def option_scale_image(self):  # an image comes as it is, not drawn for some resolution
        return True

    def option_image_nocomposite(self):  # and each by itself
        return True

    def get_text_width_height_descent(self, s, prop, ismath):
        size = prop.get_size_in_points()
        return sum(map(_em, s)) * size, size, size * 0.2

    def _get_font_height_metrics(self, prop):  # asked for by matplotlib 3.11 before it would load a font
        size = prop.get_size_in_points()
        return size * 0.8, size * 0.2, 0

    def draw_path(self, gc, path, transform, rgbFace=None):
        style = _style(gc, rgbFace)
        if not style:
            return
        drawn = _steps(path, transform + self.flip)
        if self.out and self.out[-1][0] == style:  # neighbours of one style are one element
            drawn = self.out.pop()[1] + drawn
        self.out.append((style, drawn))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        if marker_path.codes is None or Path.CURVE4 not in marker_path.codes:
            super().draw_markers(gc, marker_path, marker_trans, path, trans, rgbFace)
            return
        look = f'r="{_num(marker_path.get_extents(marker_trans).width / 2)}" style="{_style(gc, rgbFace)}"'
        for x, y in (trans + self.flip).transform(path.vertices):
            if x == x and y == y:
                self.out.append(("", f'<circle cx="{_num(x)}" cy="{_num(y)}" {look}/>'))

    def draw_image(self, gc, x, y, im, transform=None):
        """A cloud of one colour, more or less opaque."""
        (left, bottom), (right, top) = (transform + Affine2D().translate(x, y) + self.flip).transform([(0, 0), (1, 1)])
        box = (_num(left), _num(top), _num(right - left), _num(bottom - top))
        self.out.append(("", picture(im[::-1, :, 3], _token(im[0, 0] / 255), box)))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Where the text says it stands, not where a box measured in some font would put it."""
        size, anchor = prop.get_size_in_points(), ""
        if mtext is not None:
            x, y = (mtext.get_transform() + self.flip).transform(mtext.get_unitless_position())
            y += size * _DROP.get(mtext.get_va(), 0)
            anchor = _ANCHOR.get(mtext.get_ha(), "")
        name = ("s" if size < 12 else "l") + (" b" if prop.get_weight() in ("bold", 700) else "")
        token = _token(gc.get_rgb())
        fill = [] if token == "ink" else [f"fill:var(--{token})"]
        ground = (
            ["paint-order:stroke;stroke:var(--bg);stroke-width:3"] if mtext is not None and mtext.get_gid() == "ground" else []
        )
        look = f' style="{";".join([*fill, *ground])}"' if fill or ground else ""
        words = escape(clean(s), quote=False)
        where = f'x="{_num(x)}" y="{_num(y)}"{anchor}{look}'
        self.out.append(("", f'<text class="{name}" {where}>{words}</text>'))


def _num(value: float) -> str:
    return f"{round(float(value), 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0: no minus zero


def _token(rgba) -> str:
    """The token that a stand-in colour means; any other colour would be wrong in the dark and is refused."""
    rgb = tuple(rgba[:3])
    if rgb not in _NAME:
        raise ValueError(f"The colour {rgb} is no colour of the page. Right are theme.COLOR[…] of: {', '.join(TOKENS)}.")
    return _NAME[rgb]


def _style(gc, face) -> str:
    """Fill and stroke as the page's CSS colours; empty where nothing would be seen."""
    keep = []
    if face is not None and (len(face) < 4 or face[3] > 0):
        keep.append(f"fill:var(--{_token(face)})")
    if gc.get_linewidth() > 0 and gc.get_rgb()[3] > 0:
        keep.append(f"stroke:var(--{_token(gc.get_rgb())})")
        if (wide := _num(gc.get_linewidth())) != "1":
            keep.append(f"stroke-width:{wide}")
        if dashes := gc.get_dashes()[1]:
            keep.append("stroke-dasharray:" + " ".join(map(_num, dashes)))
    return ";".join(keep)


def _steps(path: Path, transform) -> str:
    """The path in SVG's words; level and upright lines in the short form."""
    letters = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "z"}
    out, was = "", ["", ""]
    for points, code in path.iter_segments(transform, simplify=False):
        at = [] if code == Path.CLOSEPOLY else [_num(value) for value in points]
        if code == Path.LINETO and was[0] == at[0]:
            out += "V" + at[1]
        elif code == Path.LINETO and was[1] == at[1]:
            out += "H" + at[0]
        else:
            out += letters[code] + " ".join(at)
        was = at[-2:] or ["", ""]
    return out


def svg(fig: Figure, name: str, title: str, desc: str) -> str:
    """The figure as an SVG element for the page; `name` prefixes its ids, title and desc are read aloud."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise ValueError(f"{name!r} cannot name a figure. Right are letters, digits, - and _, a letter first.")
    for artist in (child for ax in fig.axes for child in ax.get_children()):
        artist.set_path_effects([])  # a user's own setting (plt.xkcd) would draw every mark twice
    fig.dpi = 72
    wide, high = fig.get_size_inches() * 72
    canvas = _Canvas(wide, high)
    fig.draw(canvas)
    marks = "".join(f'<path d="{mark}" style="{style}"/>' if style else mark for style, mark in canvas.out)
    said = f'<title id="{name}-t">{escape(clean(title))}</title><desc id="{name}-d">{escape(clean(desc))}</desc>'
    size = f'viewBox="0 0 {wide:g} {_num(high)}"'
    return f'<svg class="chart" {size} role="img" aria-labelledby="{name}-t {name}-d">{said}{marks}</svg>'
