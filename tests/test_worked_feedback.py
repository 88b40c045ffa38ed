"""The worked feedback examples of the design, through the product: a small source folder → the facts file, to the digit."""

import pandas as pd
import product
import pytest


def facts(folder, **tables: pd.DataFrame) -> dict:
    data = folder / "data"
    data.mkdir()
    for name, frame in tables.items():
        frame.to_csv(data / f"{name}.csv", index=False)
    return product.facts("feedback", folder, str(data), "2026-10", languages=("zh",))


def table(found: dict, name: str) -> list[dict]:
    (one,) = [t for t in found["tables"] if t["name"] == name]
    return [dict(zip(one["columns"], row, strict=True)) for row in one["rows"]]


def answers(**columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.assign(feedback_id=[f"F{i}" for i in frame.index], given_at="2026-10-15")


@pytest.mark.parametrize("size", [2, 40])
def test_quality_scores_and_service_scores_by_their_source(tmp_path, size):
    """产品质量 4.5 from 在线调查, 客服服务 4.0 from 电话回访."""
    half = size // 2
    given = answers(category=["产品质量"] * size + ["客服服务"] * size, source=["在线调查"] * size + ["电话回访"] * size,
                    score=[4] * half + [5] * half + [4] * size)  # fmt: skip
    found = facts(tmp_path, feedback=given)
    assert {r["category"]: r["csat_mean"] for r in table(found, "by_category")} == {"产品质量": 4.5, "客服服务": 4.0}
    assert {r["source"]: r["csat_mean"] for r in table(found, "by_source")} == {"在线调查": 4.5, "电话回访": 4.0}
    (mean,) = [k for k in found["kpis"] if k["name"] == "csat_mean"]
    assert (mean["value"], mean["base"], mean["unit"]) == (4.25, 2 * size, "score")


def test_nine_in_ten_are_satisfied_with_xiao_wang(tmp_path):
    reps = pd.DataFrame({"rep_id": ["r1", "r2"], "name": ["小王", "小李"], "team": "一组"})
    given = answers(rep_id=["r1"] * 50 + ["r2"] * 10, score=[5] * 30 + [4] * 15 + [3] * 5 + [2] * 10)
    found = facts(tmp_path, feedback=given, reps=reps)
    (row,) = [r for r in table(found, "by_rep") if r["rep"] == "小王"]
    assert row["csat_top_box"] == 0.9 and row["scores"] == 50


def test_thirty_percent_promoters_and_twenty_percent_detractors_are_plus_ten(tmp_path):
    found = facts(tmp_path, feedback=answers(nps=[9, 10, 9, 7, 8, 7, 8, 7, 6, 0]))
    (nps,) = [k for k in found["kpis"] if k["name"] == "nps"]
    assert (nps["value"], nps["base"], nps["unit"]) == (10, 10, "points")
