"""Group rates and their uncertainty, beside fairlearn, and aequitas where it is installed.

Selection rate, false positive rate and false negative rate of 52 groups (4 age bands × 13 regions, as text),
from the table to the rates. aequitas pins other libraries: it is compared in an environment of its own. Every
peer's rates are checked against ours; imports are not counted.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.harness import Line, compare, function
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


def ours(people: Any) -> Any:
    """Rates by group of this project, a row a rate, from the table: in the library that it came in."""
    return group_metrics(people, GROUPS, prediction="told", outcome="true", exact=True)


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


def agree(theirs: pd.DataFrame, mine: pd.DataFrame) -> None:
    mine = mine.pivot(columns="metric", index=GROUPS, values="value")[METRICS]
    pd.testing.assert_frame_equal(
        theirs[METRICS].sort_index().astype(float), mine.sort_index(), check_names=False, atol=1e-9
    )


def lines(old: Path | None, scale: float) -> Iterator[Line]:
    """Measure 52 groups, and what is uncertain about them."""
    import fairlearn.metrics  # noqa: F401  (its import is not counted)

    rows = round(1_000_000 * scale)
    people = table(rows)
    in_polars, what = pl.from_pandas(people), f"three rates of 52 groups, {rows:,} rows"
    agree(fairlearns(people), ours(people))
    peers = {f"fairlearn {version('fairlearn')} MetricFrame": fairlearns}
    if importlib.util.find_spec("aequitas"):
        agree(aequitas_rates(people), ours(people))
        peers[f"aequitas {version('aequitas')}"] = aequitas_rates
    for peer, theirs in peers.items():
        mine, other = partial(function, partial(ours, people)), partial(function, partial(theirs, people))
        yield compare(f"{what}, pandas", mine, peer, other)
    yield compare(f"{what}, Polars", partial(function, partial(ours, in_polars)))
    cells = cube(in_polars, GROUPS, prediction="told", outcome="true")
    weighted = in_polars.with_columns(w=pl.lit(1.0) + pl.col("told") * 0.5)
    for more, call in (
        ("10,000 bootstrap replicates of the 156 rates", partial(bootstrap, cells, GROUPS, metrics=METRICS)),
        (f"gap test, {rows:,} rows", partial(gap_test, in_polars, GROUPS, "told")),
        (f"gap test with weights, {rows:,} rows", partial(gap_test, weighted, GROUPS, "told", weight="w")),
    ):
        yield compare(more, partial(function, call))
