"""Very many points as pictures of how dense they lie; they cost the same however many they are."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage

from ..theme import COLOR
from .marks import FREE

LEVELS, FAINTEST = 8, 110  # how dense a cloud can look; a single point must still be seen


def clouds(ax: Axes, each: list[tuple[str, pd.DataFrame]]) -> None:
    """A picture a group; its cells are larger where there are many groups, so that all together stay small."""
    side = 2 if len(each) <= 3 else 3
    cells = round(ax.bbox.width / side), round(ax.bbox.height / side)  # a sheet has one dot a unit
    counted = [(token, _density(ax, rows, cells)) for token, rows in each]
    most = max(float(counts.max()) for _, counts in counted)
    for token, counts in counted:
        image = AxesImage(ax, interpolation="none", origin="lower", extent=(*ax.get_xlim(), *ax.get_ylim()), zorder=2, **FREE)
        seen = np.empty((*counts.shape, 4), np.uint8)
        seen[..., :3] = np.round(np.array(to_rgb(COLOR[token])) * 255)
        seen[..., 3] = _levels(counts, most)
        image.set_data(seen)
        ax.add_image(image)


def _density(ax: Axes, rows: pd.DataFrame, cells: tuple[int, int]) -> np.ndarray:
    """How many points lie in each cell of the plot, the lowest row first."""
    wide, high = cells
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    across = ((rows["x"].to_numpy(float) - left) / (right - left) * wide).astype(int).clip(0, wide - 1)
    up = ((rows["y"].to_numpy(float) - bottom) / (top - bottom) * high).astype(int).clip(0, high - 1)
    counts = np.bincount(up * wide + across, rows["count"].to_numpy(float) if "count" in rows else None, wide * high)
    return counts.reshape(high, wide)


def _levels(counts: np.ndarray, most: float) -> np.ndarray:
    """How much of the colour is seen, in a few steps on a scale of powers, for money and its kind are skewed; 0 where nothing is."""
    step = np.ceil(np.log1p(counts) / math.log1p(most) * LEVELS)
    return np.where(counts > 0, FAINTEST + (255 - FAINTEST) * (step - 1) / (LEVELS - 1), 0).round().astype(np.uint8)
