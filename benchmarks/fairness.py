"""How fast are group rates and their uncertainty, next to other libraries in the same run?

    python benchmarks/fairness.py [--rows 1000000] [--skip-fairlearn]

Selection rate, false positive rate and false negative rate of 52 groups (4 age bands × 13 regions, as text),
from the table to the rates; then 10,000 bootstrap replicates of all of them, and the gap test. fairlearn is a
dependency; aequitas is compared where it is installed (``uv pip install aequitas`` in an environment of its
own: it pins other libraries). Imports are not counted. Every peer's rates are checked against ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from bobanalysis.fairness import bootstrap, cube, gap_test, group_metrics

METRICS = ["selection_rate", "false_positive_rate", "false_negative_rate"]
GROUPS = ["age_band", "region"]


def table(rows: int) -> pd.DataFrame:
    """Return people of 52 groups, with a decision and what was true."""
    rng = np.random.default_rng(1)
    ages = np.array(["16-24", "25-34", "35-49", "50-64"], dtype=object)
    regions = np.array([f"region {k:02}" for k in range(13)], dtype=object)
    return pd.DataFrame(
        {
            "age_band": ages[rng.integers(0, 4, rows)],
            "region": regions[rng.integers(0, 13, rows)],
            "told": (rng.random(rows) < 0.3).astype(int),
            "true": (rng.random(rows) < 0.4).astype(int),
        }
    )


def ours(people: Any) -> pd.DataFrame:
    """Rates by group of this project, from the table."""
    cells = cube(people, GROUPS, prediction="told", outcome="true")
    rates = pl.from_dataframe(group_metrics(cells, exact=True)).filter(pl.col("metric").is_in(METRICS))
    return rates.pivot("metric", index=GROUPS, values="value").to_pandas().set_index(GROUPS)[METRICS]


def fairlearns(people: pd.DataFrame) -> pd.DataFrame:
    """Rates by group of fairlearn's MetricFrame."""
    from fairlearn import metrics

    wanted = {name: getattr(metrics, name) for name in METRICS}
    frame = metrics.MetricFrame(
        metrics=wanted, y_true=people["true"], y_pred=people["told"], sensitive_features=people[GROUPS]
    )
    return frame.by_group


def aequitas_rates(people: pd.DataFrame) -> pd.DataFrame:
    """Rates by group of aequitas, which needs the crossed groups as one column."""
    from aequitas.group import Group

    crossed = pd.DataFrame(
        {
            "score": people["told"],
            "label_value": people["true"],
            "group": people["age_band"] + "|" + people["region"],
        }
    )
    found, _ = Group().get_crosstabs(crossed, attr_cols=["group"])
    found[GROUPS] = found["attribute_value"].str.split("|", expand=True)
    found["selection_rate"] = found["pp"] / found["group_size"]
    renamed = found.rename(columns={"fpr": "false_positive_rate", "fnr": "false_negative_rate"})
    return renamed.set_index(GROUPS)[METRICS]


def best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Return the least seconds of a few runs, and the last result."""
    seconds, result = [], None
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def line(what: str, seconds: float, against: float | None = None) -> None:
    ratio = "" if against is None else f"  {seconds / against:>8.1f} × our time"
    print(f"{what:<62}  {seconds:>8.3f} s{ratio}", flush=True)


def agree(theirs: pd.DataFrame, mine: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        theirs[METRICS].sort_index().astype(float), mine.sort_index(), check_names=False, atol=1e-9
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--skip-fairlearn", action="store_true", help="it takes half a minute")
    options = parser.parse_args()
    people = table(options.rows)
    print(f"{options.rows:,} rows, 52 groups, three rates")
    in_polars = pl.from_pandas(people)
    mine, rates = best(lambda: ours(people), 3)
    line("bobanalysis, pandas, text columns", mine)
    columnar = best(lambda: ours(in_polars), 3)[0]
    line("bobanalysis, Polars, text columns", columnar)
    if not options.skip_fairlearn:
        import fairlearn.metrics  # noqa: F401  (its import is not counted)

        seconds, theirs = best(lambda: fairlearns(people), 1)
        agree(theirs, rates)
        line("fairlearn MetricFrame, the same table, same rates", seconds, mine)
        line("  next to ours from Polars, which fairlearn does not take", seconds, columnar)
    if importlib.util.find_spec("aequitas"):
        import aequitas.group  # noqa: F401  (its import is not counted)

        seconds, theirs = best(lambda: aequitas_rates(people), 3)
        agree(theirs, rates)
        line("aequitas get_crosstabs, the same table, same rates", seconds, mine)
        line("  next to ours from Polars", seconds, columnar)
    else:
        print("aequitas is not installed here: `uv pip install aequitas` to compare with it")
    cells = cube(in_polars, GROUPS, prediction="told", outcome="true")
    line(
        "10,000 bootstrap replicates of the 156 rates, with intervals",
        best(lambda: bootstrap(cells, GROUPS, metrics=METRICS), 3)[0],
    )
    line("gap test of 52 groups, from the table", best(lambda: gap_test(in_polars, GROUPS, "told"), 3)[0])
    weighted = in_polars.with_columns(w=pl.lit(1.0) + pl.col("told") * 0.5)
    line(
        "gap test with weights, from the table",
        best(lambda: gap_test(weighted, GROUPS, "told", weight="w"), 3)[0],
    )


if __name__ == "__main__":
    main()
