"""Clusters: the rule that chooses how many, planted groups found again, too few points, the same numbers whatever the threads."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from crmlib.models import clusters as room
from crmlib.models.clusters import COLUMNS, chosen, clusters, nearest


def tried(*lines: tuple[float, float, float]) -> pd.DataFrame:
    """(silhouette, its error, stability) of 2, 3, … groups."""
    return pd.DataFrame([(k, *line) for k, line in enumerate(lines, 2)], columns=COLUMNS[:-1])


@pytest.mark.parametrize(
    ("lines", "k"),
    [
        ([(0.3, 0.01, 1.0), (0.4, 0.01, 0.9), (0.5, 0.01, 0.85)], 4),  # the best
        ([(0.3, 0.01, 1.0), (0.28, 0.01, 0.9)], 3),  # two errors below: as good, and more
        ([(0.3, 0.01, 1.0), (0.2799, 0.01, 0.9)], 2),  # a little more than two
        ([(0.3, 0.01, 0.8), (0.9, 0.01, 0.7999)], 2),  # not stable
        ([(0.3, 0.01, 0.6), (0.2, 0.01, 0.7), (0.4, 0.01, 0.7)], 3),  # none is stable: the most stable, the first of two
    ],
)
def test_how_many(lines, k):
    assert chosen(tried(*lines)) == k


def blobs(count: int, middles: list[list[float]], spread: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    group = np.arange(count) % len(middles)
    return np.array(middles)[group] + rng.normal(0, spread, (count, len(middles[0]))), group


THREE = [[0.0, 0.0, 2.0], [2.0, 0.0, 0.0], [0.0, 2.0, -1.0]]


@pytest.mark.parametrize("middles", [[[0.0, 0.0], [3.0, 3.0]], THREE, [*THREE, [2.0, 2.0, 2.0], [-2.0, -2.0, 0.0]]])
def test_planted_groups_are_found_however_many(middles):
    points, group = blobs(500, middles)
    found = clusters(points)
    assert found.k == len(middles) and found.tried.chosen.sum() == 1
    assert adjusted_rand_score(group, nearest(points, found.centres)) > 0.95
    assert found.tried.stability[found.tried.chosen].iloc[0] > 0.95 and found.tried.silhouette[found.tried.chosen].iloc[0] > 0.5


def test_what_holds_no_groups_is_not_stable_or_not_apart():
    points = np.random.default_rng(3).uniform(-1, 1, (400, 6))
    best = clusters(points).tried.query("chosen").iloc[0]
    assert best.silhouette < 0.25


@pytest.mark.parametrize(
    ("points", "count", "needed"),
    [
        (np.empty((0, 3)), 0, 20),
        (blobs(19, THREE)[0], 19, 20),
        (np.ones((100, 2)), 1, 6),
        (np.repeat(np.arange(5.0)[:, None], 20, axis=0), 5, 6),
    ],
)
def test_too_few_points_say_how_many_are_needed(points, count, needed):
    found = clusters(points)
    assert (found.k, found.count, found.needed) == (0, count, needed) and found.tried.empty and list(found.tried) == COLUMNS


@pytest.mark.parametrize(("count", "most"), [(20, 2), (29, 2), (30, 3), (79, 7), (80, 8), (200, 8)])
def test_ten_points_for_every_group_that_is_tried(count, most):
    assert clusters(blobs(count, THREE, 1.0)[0]).tried.k.max() == most


def test_three_points_that_differ_for_every_group_that_is_tried():
    points = np.repeat(np.arange(11.0)[:, None], 20, axis=0)
    assert clusters(points).tried.k.max() == 3


@pytest.mark.long
def test_the_same_points_give_the_same_groups_whatever_the_threads():
    from threadpoolctl import threadpool_limits

    points = blobs(2_000, THREE, 1.2)[0]
    first = clusters(points)
    with threadpool_limits(2):
        second = clusters(points)
    assert (first.centres == second.centres).all() and first.tried.equals(second.tried)


def test_groups_come_in_an_order_of_their_own():
    points = blobs(300, THREE)[0]
    one, other = clusters(points).centres, clusters(points[::-1]).centres
    assert one == pytest.approx(other, abs=0.05) and (np.diff(one[:, 0]) <= 0).all()


def test_many_points_are_assigned_in_chunks(monkeypatch):
    points, _ = blobs(1_000, THREE)
    whole = nearest(points, np.array(THREE))
    monkeypatch.setattr(room, "CHUNK", 77)
    assert (nearest(points, np.array(THREE)) == whole).all() and nearest(points[:0], np.array(THREE)).tolist() == []


def test_only_a_sample_is_fitted_and_judged(monkeypatch):
    seen = []
    real = room._fit
    monkeypatch.setattr(room, "_fit", lambda points, *more: seen.append(len(points)) or real(points, *more))
    monkeypatch.setattr(room, "SAMPLE", 150)
    monkeypatch.setattr(room, "POINTS", 90)
    clusters(blobs(400, THREE)[0])
    assert set(seen) == {150}
