"""BG/NBD, Gamma-Gamma and the search for their parameters: published figures, closed forms, edges, and results that are none."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import hyp2f1

from crmlib import places
from crmlib.crm import Crm
from crmlib.models import bgnbd, gamma_gamma, likelihood, value
from crmlib.models.likelihood import maximum

CDNOW = places.ROOT.parent / "shared" / "data" / "cdnow"
here = pytest.mark.skipif(not CDNOW.is_dir(), reason="CDNOW's purchases are not here")
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
P = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


# ------------------------------------------------------------------------------------------------ what others published


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    """The tenth of CDNOW's customers that the papers use, one row a purchase."""
    names = ["master", "customer_id", "ordered_at", "discs", "amount"]
    frame = pd.read_csv(CDNOW / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names, dtype={"customer_id": str})
    frame["ordered_at"] = pd.to_datetime(frame.ordered_at.astype(str))
    frame["amount"] = frame.amount.clip(lower=0.01)  # eight first purchases were free: the papers count them
    return frame.assign(order_id=range(len(frame)))[["order_id", "customer_id", "ordered_at", "amount"]]


@pytest.fixture(scope="module")
def calibration(sample) -> Crm:
    return Crm.of(period="1997-09", orders=sample)


@here
def test_the_published_parameters_through_the_product(calibration):
    """Fader, Hardie and Lee 2005, table 2: r, α, a, b and the log-likelihood; Fader and Hardie 2013: p, q, v."""
    fits = value.fits(calibration)
    buying, spending = fits[value.BUYING], fits[value.SPENDING]
    assert {k: round(v, 3) for k, v in buying.values.items()} == PUBLISHED
    assert (round(buying.log_likelihood, 1), buying.n, buying.converged) == (-9582.4, 2357, True)
    assert {k: round(v, 2) for k, v in spending.values.items()} == {"p": 6.25, "q": 3.74, "v": 15.44}
    assert spending.n == 946 and spending.converged


@here
@pytest.mark.long
def test_the_standard_errors_are_those_of_a_refit_of_many_samples(calibration):
    """60 samples drawn from CDNOW's customers with replacement: the spread of their parameters, within a third."""
    frame = value.fitted_on(value.rfm(calibration))
    x, t_x, T = value.history(frame)
    rng = np.random.default_rng(1)
    drawn = [bgnbd.fit(x[i], t_x[i], T[i]).values for i in (rng.integers(len(x), size=len(x)) for _ in range(60))]
    errors = value.fits(calibration)[value.BUYING].errors
    for name in ("r", "alpha"):
        assert np.std([d[name] for d in drawn]) == pytest.approx(errors[name], rel=0.35), name


@here
def test_expected_purchases_of_the_paper_s_first_customer():
    """x = 2, t_x = 30.43, T = 38.86: 1.226 in the next 39 weeks (Fader, Hardie and Lee, section 5)."""
    found = bgnbd.expected(PUBLISHED, [39], np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert found[0] == pytest.approx(1.226, abs=0.0005)


@here
def test_p_alive_is_no_churn_score(sample, calibration):
    """Who bought again in the 39 weeks after: ranked by P(alive) worse than by chance, by the expected purchases well."""
    frame = value.fitted_on(value.rfm(calibration))
    after = set(sample.customer_id[sample.ordered_at >= "1997-10-01"])
    again = frame.customer_id.isin(after).to_numpy()
    x, t_x, T = value.history(frame)
    assert auc(bgnbd.p_alive(P, x, t_x, T), again) == pytest.approx(0.316, abs=0.0005)
    assert auc(bgnbd.expected(P, [39.0], x, t_x, T), again) > 0.75


def auc(score: np.ndarray, happened: np.ndarray) -> float:
    """The chance that one to whom it happened has the higher score; equal scores count half (Mann and Whitney)."""
    ranks = pd.Series(score).rank().to_numpy()
    n, m = happened.sum(), (~happened).sum()
    return float((ranks[happened].sum() - n * (n + 1) / 2) / (n * m))


# ------------------------------------------------------------------------------------------------ closed forms and edges


def written_out(p: dict, t: float, x: float, T: float) -> float:
    """Equation 10 without P(alive), as it stands in the paper."""
    r, alpha, a, b = p.values()
    z = t / (alpha + T + t)
    return (a + b + x - 1) / (a - 1) * (1 - ((alpha + T) / (alpha + T + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z))


@pytest.mark.parametrize("a", [0.2, 0.793, 0.999, 1.001, 1.7, 4.0])
@pytest.mark.parametrize(("x", "T"), [(0, 0), (0, 38.86), (1, 12), (7, 52.14), (20, 150)])
def test_expected_purchases_are_equation_10(a, x, T):
    p = P | {"a": a}
    assert bgnbd.purchases(p, 39, np.array([x]), np.array([T]))[0] == pytest.approx(written_out(p, 39, x, T), rel=1e-7)


def test_at_a_of_1_there_is_no_gap():
    """Where the formula of the paper divides by zero, the value between its neighbours."""
    near = [bgnbd.purchases(P | {"a": a}, 39, np.array([3]), np.array([30.0]))[0] for a in (1 - 1e-6, 1.0, 1 + 1e-6)]
    assert near[1] == pytest.approx((near[0] + near[2]) / 2, rel=1e-9)


def test_many_purchases_do_not_overflow():
    found = bgnbd.expected(P, [52.0], np.array([3000.0]), np.array([520.0]), np.array([520.5]))
    assert 0 < found[0] < 301  # the pace so far is 5.8 a week


@pytest.mark.parametrize(
    ("x", "t_x", "T", "alive"),
    [
        (0, 0, 100, 1.0),                                    # bought once: always alive
        (0, 0, 0, 1.0),
        (1, 10, 10, 1 / (1 + 0.793 / 2.426)),                # bought on the last day: only the leaving right then
        (2, 5, 10, 1 / (1 + 0.793 / 3.426 * (14.414 / 9.414) ** 2.243)),
    ],
)  # fmt: skip
def test_p_alive_at_its_edges(x, t_x, T, alive):
    assert bgnbd.p_alive(P, np.array([x]), np.array([t_x]), np.array([T]))[0] == pytest.approx(alive)


def test_p_alive_falls_with_silence_and_faster_for_who_bought_more():
    quiet = np.array([0.0, 10, 30, 60])
    few, many = (bgnbd.p_alive(P, np.full(4, x), np.full(4, 40.0), 40 + quiet) for x in (2.0, 12.0))
    assert (np.diff(few) < 0).all() and (np.diff(many) < 0).all() and many[-1] < few[-1]


def test_purchases_of_steps_add_up_and_are_discounted():
    x, t_x, T = np.array([0.0, 3]), np.array([0.0, 20]), np.array([10.0, 30])
    whole = bgnbd.expected(P, [52.0], x, t_x, T)
    assert bgnbd.expected(P, [13.0, 26, 39, 52], x, t_x, T) == pytest.approx(whole)
    assert bgnbd.expected(P, [26.0, 52], x, t_x, T, [0.5, 0.5]) == pytest.approx(whole / 2)


def drawn(n: int, p: dict, seed: int = 1, weeks: float = 78) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers by chance, as the model says they are."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(p["r"], 1 / p["alpha"], n)
    leaving = rng.beta(p["a"], p["b"], n) if "a" in p else np.zeros(n)
    T = rng.uniform(20, weeks, n)
    x, t_x = np.zeros(n), np.zeros(n)
    for i in range(n):
        t, alive = rng.exponential(1 / rate[i]), True
        while t < T[i] and alive:
            x[i], t_x[i], alive = x[i] + 1, t, rng.random() >= leaving[i]
            t += rng.exponential(1 / rate[i])
    return x, t_x, T


def test_planted_parameters_are_found_within_three_standard_errors():
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.6, "b": 2.0}
    found = bgnbd.fit(*drawn(6000, truth))
    assert found.converged and {k: abs(found.values[k] - truth[k]) < 3 * found.errors[k] for k in truth} == dict.fromkeys(
        truth, True
    )
    assert all(found.errors[k] < 0.3 * truth[k] for k in truth)


def test_where_nobody_leaves_the_model_without_leaving_is_fitted():
    truth = {"r": 0.8, "alpha": 6.0}
    x, t_x, T = drawn(4000, truth, seed=3)
    found = bgnbd.fit(x, t_x, T)
    assert not bgnbd.leaves(found.values) and value.called(value.BUYING, found) == "NBD" and found.converged
    assert all(abs(found.values[k] - truth[k]) < 3 * found.errors[k] for k in truth)
    assert (bgnbd.p_alive(found.values, x, t_x, T) == 1).all()
    per_week = (found.values["r"] + x) / (found.values["alpha"] + T)
    assert bgnbd.expected(found.values, [10.0], x, t_x, T) == pytest.approx(10 * per_week)


def test_customers_who_are_all_alike_give_no_answer():
    """Everybody buys every fourth week and nobody leaves: how customers differ cannot be told."""
    n = np.arange(200)
    x = np.full(200, 20.0)
    found = bgnbd.fit(x, x * 4, x * 4 + n % 4)
    assert found.reason == "at_edge" and not found.converged and all(np.isnan(v) for v in found.errors.values())


@pytest.mark.parametrize(
    ("n", "repeaters", "reason", "counted", "needed"),
    [
        (0, 0, "few_buyers", 0, 100),
        (99, 99, "few_buyers", 99, 100),
        (100, 29, "few_repeaters", 29, 30),
        (400, 0, "few_repeaters", 0, 30),
    ],
)
def test_too_few_are_said_to_be_too_few(n, repeaters, reason, counted, needed):
    x = (np.arange(n) < repeaters).astype(float)
    found = bgnbd.fit(x, x * 5, np.full(n, 20.0))
    assert (found.reason, found.n, found.needed, found.few) == (reason, counted, needed, True)


# ------------------------------------------------------------------------------------------------ spending


def test_planted_spending_is_found_whatever_the_currency():
    rng = np.random.default_rng(2)
    p, q, v, n = 6.0, 4.0, 15.0, 5000
    x = rng.integers(1, 8, n).astype(float)
    z = rng.gamma(p * x, 1 / (rng.gamma(q, 1 / v, n) * x))
    found, dearer = gamma_gamma.fit(x, z), gamma_gamma.fit(x, z * 1000)
    truth = {"p": p, "q": q, "v": v}
    assert found.converged and all(abs(found.values[k] - truth[k]) < 3 * found.errors[k] for k in truth)
    assert dearer.values == pytest.approx(found.values | {"v": found.values["v"] * 1000}, rel=1e-6)
    assert dearer.log_likelihood == pytest.approx(found.log_likelihood - n * np.log(1000), rel=1e-9)


@pytest.mark.parametrize(
    ("x", "z", "spend"),
    [
        (0, float("nan"), 6.25 * 15.44 / 2.74),                        # never again: everybody's mean
        (1, 35.22, 6.25 * (15.44 + 35.22) / (6.25 + 2.74)),            # the mean weighed with everybody's
        (1e6, 80.0, 80.0),                                             # who bought very often: the own mean
    ],
)  # fmt: skip
def test_expected_spend(x, z, spend):
    found = gamma_gamma.spend({"p": 6.25, "q": 3.74, "v": 15.44}, np.array([x]), np.array([z]))
    assert found[0] == pytest.approx(spend, rel=1e-4)


def test_amounts_without_a_mean_are_no_basis():
    """Scales so unlike that their mean has no end (q of 1 or less)."""
    rng = np.random.default_rng(5)
    x = np.ones(3000)
    assert gamma_gamma.fit(x, rng.gamma(5, 1 / rng.gamma(0.6, 1, 3000))).reason == "no_mean"
    assert gamma_gamma.fit(x[:29], x[:29]).reason == "few_repeaters"


@pytest.mark.parametrize(
    ("q", "error", "reason"), [(1.2, 0.0999, None), (1.2, 0.1, "no_mean"), (1.0, 0.0, "no_mean"), (3.7, 1.3, None)]
)
def test_a_mean_needs_a_q_clearly_above_one(q, error, reason):
    assert gamma_gamma.unbounded({"q": q}, {"q": error}) == reason


# ------------------------------------------------------------------------------------------------ the search


def bowl(values: np.ndarray) -> tuple[float, np.ndarray]:
    """A likelihood whose top is at 2 and 5, with the curvature 1 by each logarithm."""
    logs = np.log(values) - np.log([2.0, 5.0])
    return -0.5 * float(logs @ logs) * 50, -logs * 50 / values


def test_a_peak_is_found_with_its_curvature():
    found = maximum(bowl, ["one", "two"], [[1.0, 1.0]], 50)
    assert found.values == pytest.approx({"one": 2, "two": 5}) and found.converged
    assert found.errors == pytest.approx(
        {"one": 2 / 50**0.5, "two": 5 / 50**0.5}, rel=1e-4
    )  # 1 / √(n · curvature), times the value


def test_a_plateau_and_a_slope_without_end_are_no_answer():
    flat = maximum(lambda v: (0.0, np.zeros(1)), ["one"], [[1.0]], 10)
    endless = maximum(lambda v: (float(np.log(v[0])) * 10, 10 / v), ["one"], [[1.0]], 10)
    assert flat.reason == "no_peak" and endless.reason == "at_edge"
    assert endless.values["one"] == pytest.approx(likelihood.HIGHEST)


def test_the_order_of_the_rows_does_not_matter():
    x, t_x, T = drawn(1500, {"r": 0.8, "alpha": 6.0, "a": 0.6, "b": 2.0}, seed=7)
    order = np.random.default_rng(1).permutation(len(x))
    one, other = bgnbd.fit(x, t_x, T), bgnbd.fit(x[order], t_x[order], T[order])
    assert one.values == pytest.approx(other.values, rel=1e-7)
