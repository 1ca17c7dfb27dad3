"""Gaps that remain between people otherwise alike, and places with little data shrunk towards the others.

``adjusted_effects`` answers "by how much does the outcome differ with this attribute, all else in the model
equal", in points of rate or of mean, whatever the model. ``shrunk`` answers "what is this place's own rate",
observed and shrunk side by side, for maps that are not a map of small numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals, regression
from bobanalysis.fairness._cube import as_list
from bobanalysis.fairness.regression import CONFIDENCE, Array, NotEstimableError, Rows
from bobanalysis.fairness.survey import Design

Model = Literal["logit", "linear"]

ESTIMATED, REFERENCE = "estimated", "reference"
ONE_CLUSTER = "no standard error: all people of this value are in one cluster"
ONE_CLUSTER_REFERENCE = "no standard error: all people of the reference are in one cluster"
_SCHEMA = dict.fromkeys(("attribute", "level", "reference"), pl.String) | {
    "n": pl.Int64,
    **dict.fromkeys(("observed", "adjusted", "effect"), pl.Float64),
    "status": pl.String,
}
STEP = 1e-4
"""Part of its standard deviation that a number is moved by for its slope."""


def adjusted_effects(
    frame: Any,
    value: str,
    of: Sequence[str],
    adjust: Sequence[str] = (),
    *,
    model: Model = "logit",
    weight: str | None = None,
    cluster: str | None = None,
    count: str | None = None,
    reference: Mapping[str, Any] | None = None,
    design: Design | None = None,
) -> Any:
    """Return average marginal effects: how much the outcome differs with an attribute, all else equal.

    For a category: the mean over everybody of the prediction had they this value, less that had they the
    reference, with all columns of the category moved together. For a number: the mean slope, by unit.

    An effect is what is left between people alike *in these columns*; a column that is itself a consequence
    of the attribute (a diploma, seniority) takes part of the gap away with it.

    Args:
        frame: one row a person.
        value: true/false or 0/1 (up to shares, for a logit), or any numbers for a linear model.
        of: the attributes whose effects are wanted; text, categories and booleans are categories, and in
            these nothing said is the value "unknown"; cast numbers that are codes to text.
        adjust: what else is held equal.
        model: "logit", or "linear" (whose effects are coefficients).
        weight: zero or more, without gaps.
        cluster: standard errors then allow people of one cluster to be alike (CR1, t with clusters − 1;
            without, they are HC1).
        count: for how many people a row stands, in a table that is already counted; the same as as many rows.
        reference: by attribute, the value the others are compared with; by default the most frequent one.
        design: of a survey, instead of ``cluster``: its strata and clusters (linearised, t with units less
            strata), or its replicate weights (the model fitted with each, t with replicates less one).

    Returns:
        A frame of the library that came in, one row an attribute and value (the reference included):
        ``attribute``, ``level`` (null for a number), ``reference``, ``n`` (people with that value),
        ``observed`` (their mean outcome), ``adjusted`` (mean prediction had everybody this value; null for a
        number), ``effect``, ``se``, ``ci_low``, ``ci_high``, ``p_value`` (of this effect alone), ``clusters``
        (null without), ``left_out`` (rows), ``status``: "estimated", "reference", or why the uncertainty is
        not estimable: a value all of whose people are in one cluster has an effect, but no standard error
        that means anything.

    Raises:
        ValueError: a column is missing or of the wrong type, a weight is negative, a reference is not there.
        NotEstimableError: (a ValueError) columns that separate the outcomes perfectly, that follow from each
            other, or have one value only; fewer rows than coefficients; one cluster.

    Source: Williams, Stata Journal 12 (2012), 308-331; MacKinnon, Nielsen and Webb, Journal of Econometrics
    232 (2023). statsmodels' ``get_margeff`` gives the same for numbers and for categories of two values; for
    more it moves one 0/1 column and leaves the others, so that a person can be in two places at once.

    >>> told = [1] * 6 + [0] * 14 + [1] * 12 + [0] * 8
    >>> people = pl.DataFrame({"told": told, "age": ["under 50"] * 20 + ["50 or more"] * 20})
    >>> found = adjusted_effects(people, "told", ["age"], reference={"age": "under 50"})
    >>> found.select("level", pl.col("effect").round(6), "status").rows()
    [('50 or more', 0.3, 'estimated'), ('under 50', 0.0, 'reference')]
    """
    from scipy.special import expit

    if model not in ("logit", "linear"):
        raise ValueError(f'model {model!r} is neither "logit" nor "linear"')
    of, adjust = as_list(of), as_list(adjust)
    if not of:
        raise ValueError("name the attributes whose effects are wanted: of=[…]")
    if value in (*of, *adjust):
        raise ValueError(f"the outcome {value!r} cannot be among the columns that explain it")
    table = regression.rows(frame, value, [*of, *adjust], weight, cluster, count=count, design=design)
    logit, people = model == "logit", table.f.sum()
    if logit:
        _check_shares(table, value, [*of, *adjust])
    columns = regression.design(table.table, [*of, *adjust], reference)

    def estimated(table: Rows) -> tuple[list[tuple[Any, ...]], Array, regression.Fit]:
        """A row a value; its effect, then the derivatives of that by the coefficients; and the model."""
        fitted = regression.fit(table, columns.x, logit)
        share = table.w * table.f / (table.w * table.f).sum()

        def predicted(at: Sequence[int], to: Any) -> Array:
            """Mean prediction had some columns other values, then its derivatives by the coefficients."""
            x = columns.x.copy()
            x[:, list(at)] = to
            mean = expit(x @ fitted.params) if logit else x @ fitted.params
            slope = mean * (1 - mean) if logit else np.ones_like(mean)
            return np.array([share @ mean, *((share * slope) @ x)])

        found: list[tuple[Any, ...]] = []
        moved = []
        for name in of:
            term = columns.terms[name]
            if term.reference is None:
                x = columns.x[:, term.at[0]]
                step = STEP * np.sqrt(np.cov(x, ddof=0, aweights=table.f))
                up, down = (predicted(term.at, (x + side)[:, None]) for side in (step, -step))
                moved.append((up - down) / (2 * step))
                found.append((name, None, None, int(people), share @ table.y, None, moved[-1][0], ESTIMATED))
                continue
            levels = (*term.levels, term.reference)
            at = {one: predicted(term.at, [one == other for other in term.levels]) for one in levels}
            for level, n, observed, status in _levels(table, name, term.reference):
                moved.append(at[level] - at[term.reference])
                found.append((name, level, term.reference, n, observed, at[level][0], moved[-1][0], status))
        return found, np.array(moved), fitted

    found, moved, fitted = estimated(table)
    result, gradient = pl.DataFrame(found, schema=_SCHEMA, orient="row"), moved[:, 1:]
    freedom = np.inf if logit else float(people - columns.x.shape[1])
    if table.scale is not None:
        variance = (table.again(lambda one: estimated(one)[1][:, 0]) ** 2).sum(axis=0)
        freedom = len(table.scale) - 1.0
    else:
        freedom = freedom if table.clusters is None else float(table.degrees)
        robust = regression.covariance(fitted.moved, len(fitted.params), table.clusters, table.f)
        if table.drawn:
            robust = table.drawn.covariances(*[table.by_cluster(fitted.moved)] * 2)
        variance = np.diag(gradient @ robust @ gradient.T)
    told = (result["status"] == ESTIMATED).to_numpy()
    se = np.where(told, np.sqrt(np.clip(variance, 0, None)), np.nan)
    result = result.with_columns(
        **regression.limits(result["effect"].to_numpy(), se, freedom),
        clusters=pl.lit(None if table.clusters is None else table.met.size, pl.Int64),
        left_out=pl.lit(table.left_out),
    )
    last = ("clusters", "left_out", "status")
    return table.back(result.select(pl.exclude(last), *last))


def _levels(table: Rows, name: str, reference: str) -> list[tuple[str, int, float, str]]:
    """Each value of a category: rows, mean outcome, and whether an effect of it has a standard error."""
    f, w = pl.col("_f"), pl.col("_w") * pl.col("_f")
    clusters = pl.lit(2) if table.clusters is None else pl.col("_cluster").n_unique()
    observed = (w * pl.col("_y")).sum() / w.sum()
    seen = table.table.group_by(name).agg(n=f.sum().cast(int), observed=observed, clusters=clusters)
    few, mine = pl.col("clusters") < 2, pl.col(name) == reference
    status = (
        pl.when(mine).then(pl.lit(REFERENCE)).when((few & mine).any()).then(pl.lit(ONE_CLUSTER_REFERENCE))
        .when(few).then(pl.lit(ONE_CLUSTER)).otherwise(pl.lit(ESTIMATED))
    )  # fmt: skip
    return seen.sort(name).select(name, "n", "observed", status.alias("status")).rows()


def _check_shares(table: Rows, outcome: str, columns: Sequence[str]) -> None:
    """Say which value of which category separates, as that is what people meet."""
    y = table.table["_y"]
    if not y.is_between(0, 1).all():
        runs = f"column {outcome!r} runs from {y.min()!r} to {y.max()!r}"
        raise ValueError(f'{runs}; a logit needs 0 to 1: use model="linear"')
    if y.n_unique() == 1:
        raise NotEstimableError(f"the outcome {outcome!r} is {y[0]:g} in every row: no effect is estimable")
    for name in columns:
        if table.table.schema[name] == pl.String:
            ends = {"low": pl.col("_y").min(), "high": pl.col("_y").max(), "n": pl.col("_f").sum().cast(int)}
            by = table.table.group_by(name, maintain_order=True).agg(**ends)
            same = by.filter(pl.col("low") == pl.col("high"), pl.col("low").is_in([0.0, 1.0]))
            for level, value, _, n in same.head(1).iter_rows():
                raise NotEstimableError(
                    f"the outcome is {value:g} for all {n} rows with {name!r} = {level!r}: perfect "
                    "separation, no logit effect is finite; merge the value, leave it out or use "
                    'model="linear"'
                )


def shrunk(frame: Any, value: str, group: str, *, weight: str | None = None) -> Any:
    """Return the rate of each group, observed and shrunk towards the others as far as it rests on few people.

    Rates of groups follow a beta distribution, over whose two parameters the model averages; so its limits
    stay within 0 to 1 and know that the spread of the groups is itself uncertain.

    Args:
        frame: one row a person.
        value: true/false or 0/1; rows without one are left out.
        group: column of the groups, a département say; nothing said is the group "unknown".
        weight: zero or more; in each group they are scaled to sum to Kish's effective number of people
            (Pfeffermann et al., JRSS B 60 (1998)), which is exact where all are equal.

    Returns:
        A frame of the library that came in, one row a group, sorted: ``group`` column, ``n``, ``observed``,
        ``shrunk``, ``ci_low``, ``ci_high`` (of the shrunk rate; they cover each group's true rate on average
        over groups), ``reliability`` (0: shrunk all the way; 1: not at all), ``between_sd`` (standard
        deviation of true rates), ``left_out`` (rows).

    Raises:
        ValueError: a column is missing or of the wrong type, a weight is negative, fewer than 3 groups.

    Source: Christiansen and Morris, JASA 92 (1997), 618-632, for the prior.

    >>> people = pl.DataFrame({"dep": ["01"] * 40 + ["02"] * 40 + ["2A"] * 4,
    ...                        "told": [1, 0] * 20 + [1, 0, 0, 0] * 10 + [1] * 4})
    >>> found = shrunk(people, "told", "dep").filter(dep="2A")
    >>> found.select("observed", pl.col("shrunk") < 0.8).row(0)
    (1.0, True)
    """
    from scipy.special import betaincinv, betaln

    if group in (value, *_SHRUNK):
        raise ValueError(f"column {group!r} cannot be used twice, or has the name of a result: rename it")
    table = regression.rows(frame, value, [], weight, labels=[group])
    if not table.table["_y"].is_in([0.0, 1.0]).all():
        raise ValueError(f"column {value!r} is not 0 or 1 throughout; give true/false")
    w, y = pl.col("_w"), pl.col("_y")
    sums = {"observed": (w * y).sum() / w.sum(), "_w": w.sum(), "_w2": (w**2).sum()}
    seen = table.table.group_by(group).agg(n=pl.len().cast(pl.Int64), **sums).sort(group)
    if seen.height < 3:
        raise NotEstimableError(f"column {group!r} has {seen.height} groups; how they vary needs 3 or more")
    n = intervals.kish(seen["_w"], seen["_w2"])
    x = n * seen["observed"].to_numpy()
    # M/(M + typical size) uniform on (0, 1): neither no shrinkage nor full shrinkage is favoured
    share = np.linspace(0, 1, 32)[1:-1]
    concentration = float(np.median(n)) * (1 - share) / share
    logits = np.linspace(-12, 12, 120)
    for _ in range(3):
        mean = 1 / (1 + np.exp(-logits))
        a, b = (np.outer(m, concentration).ravel() for m in (mean, 1 - mean))
        log = (betaln(a[:, None] + x, b[:, None] + n - x) - betaln(a, b)[:, None]).sum(axis=1)
        log += np.repeat(np.log(mean * (1 - mean)), len(share))  # uniform on the mean itself
        mass = np.exp(log - log.max())
        mass /= mass.sum()
        likely = logits[mass.reshape(len(logits), -1).sum(axis=1) > 1e-7]
        pad = logits[1] - logits[0]
        logits = np.linspace(likely[0] - pad, likely[-1] + pad, 30)
    keep = mass > 1e-3 * mass.max()
    a, b, mass = a[keep], b[keep], mass[keep] / mass[keep].sum()
    after = (a[:, None] + x) / ((a + b)[:, None] + n)
    centre = mass @ after
    # limits are those of the one beta law that has the mean and the variance of the mixture
    variance = mass @ (after * (1 - after) / ((a + b)[:, None] + n + 1) + (after - centre) ** 2)
    like = np.maximum(centre * (1 - centre) / variance - 1, 1e-3)
    tail = (1 - CONFIDENCE) / 2
    low, high = (betaincinv(centre * like, (1 - centre) * like, q) for q in (tail, 1 - tail))
    spread = a / (a + b) * (b / (a + b)) / (a + b + 1)
    found = {"shrunk": centre, "ci_low": low, "ci_high": high}
    found["reliability"] = mass @ (n / ((a + b)[:, None] + n))
    result = seen.with_columns(
        *(pl.Series(name, column) for name, column in found.items()),
        between_sd=pl.lit(float(np.sqrt(mass @ spread))),
        left_out=pl.lit(table.left_out),
    )
    return table.back(result.select(group, *_SHRUNK))


_SHRUNK = ("n", "observed", "shrunk", "ci_low", "ci_high", "reliability", "between_sd", "left_out")
