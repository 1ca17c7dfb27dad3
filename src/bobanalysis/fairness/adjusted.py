"""Gaps that remain between people otherwise alike, and places with little data shrunk towards the others.

``adjusted_effects`` answers "by how much does the outcome differ with this attribute, all else in the model
equal", in points of rate or of mean, whatever the model. ``shrunk`` answers "what is this place's own level",
raw and shrunk side by side, for maps that are not a map of small numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import to_lazy
from bobanalysis.fairness.regression import (
    Array,
    Design,
    NotEstimableError,
    Rows,
    Term,
    check_confidence,
    critical,
    design,
    fit,
    rows,
    sup_t,
    two_sided,
)

Model = Literal["logit", "linear"]

ESTIMATED, REFERENCE = "estimated", "reference"
ONE_CLUSTER = "no standard error: all people of this value are in one cluster"
ONE_CLUSTER_REFERENCE = "no standard error: all people of the reference are in one cluster"
_EFFECT = ("effect", "se", "ci_low", "ci_high", "band_low", "band_high", "p_value")
_SCHEMA = dict.fromkeys(("attribute", "level", "reference"), pl.String) | {
    "n": pl.Int64,
    **dict.fromkeys(("observed", "adjusted", "effect"), pl.Float64),
    "status": pl.String,
}


def adjusted_effects(
    frame: Any,
    value: str,
    of: Sequence[str],
    adjust: Sequence[str] = (),
    *,
    model: Model = "logit",
    weight: str | None = None,
    cluster: str | None = None,
    reference: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
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
        cluster: standard errors then allow people of one cluster to be alike (CR1, t with clusters − 1).
        reference: by attribute, the value the others are compared with; by default the most frequent one.
        confidence: of each interval, and of the band over all effects together.
        seed: of the draws behind the band's critical value.

    Returns:
        A frame of the library that came in, one row an attribute and value (the reference included):
        ``attribute``, ``level`` (null for a number), ``reference``, ``n`` (rows with that value),
        ``observed`` (their mean outcome), ``adjusted`` (mean prediction had everybody this value; null for a
        number),
        ``effect``, ``se``, ``ci_low``, ``ci_high``, ``band_low``, ``band_high`` (which hold for all rows at
        once), ``p_value`` (of this effect alone), ``clusters`` (null without), ``left_out`` (rows),
        ``status``: "estimated", "reference", or why the uncertainty is not estimable: a value all of whose
        people are in one cluster has an effect, but no standard error that means anything.

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
    check_confidence(confidence)
    if model not in ("logit", "linear"):
        raise ValueError(f'model {model!r} is neither "logit" nor "linear"')
    of, adjust = ([c] if isinstance(c, str) else list(c) for c in (of, adjust))
    if not of:
        raise ValueError("name the attributes whose effects are wanted: of=[…]")
    if value in (*of, *adjust):
        raise ValueError(f"the outcome {value!r} cannot be among the columns that explain it")
    table = rows(frame, value, [*of, *adjust], weight, cluster)
    if model == "logit":
        _check_shares(table, value, [*of, *adjust])
    columns = design(table.table, [*of, *adjust], reference)
    fitted = fit(table, columns.x, model == "logit")
    freedom = table.freedom(np.inf if model == "logit" else float(fitted.df_resid))
    parts = [_effects(table, columns, fitted, columns.terms[name]) for name in dict.fromkeys(of)]
    found = pl.concat([part for part, _ in parts])
    gradient = np.vstack([gradient for _, gradient in parts])
    covariance = gradient @ fitted.cov_params() @ gradient.T
    told = (found["status"] == ESTIMATED).to_numpy()
    se = np.where(told, np.sqrt(np.clip(np.diag(covariance), 0, None)), np.nan)
    once = critical(confidence, freedom)
    always = sup_t(covariance[np.ix_(told, told)], confidence, freedom, seed) if told.any() else once
    effect = found["effect"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        limits = [effect + sign * width * se for width in (once, always) for sign in (-1, 1)]
        values = (effect, se, *limits, two_sided(effect / se, freedom))
    clusters = None if cluster is None else int(freedom) + 1
    found = found.with_columns(
        *(pl.Series(name, v).fill_nan(None) for name, v in zip(_EFFECT, values, strict=True)),
        clusters=pl.lit(clusters, pl.Int64),
        left_out=pl.lit(table.left_out),
    )
    head = ("attribute", "level", "reference", "n", "observed", "adjusted")
    return table.back(found.select(*head, *_EFFECT, "clusters", "left_out", "status"))


def _check_shares(table: Rows, outcome: str, columns: Sequence[str]) -> None:
    """Say which value of which category separates, as that is what people meet."""
    y = table.table["_y"]
    if not y.is_between(0, 1).all():
        raise ValueError(
            f"column {outcome!r} runs from {y.min()!r} to {y.max()!r}; "
            'a logit needs 0 to 1: use model="linear"'
        )
    if y.n_unique() == 1:
        raise NotEstimableError(f"the outcome {outcome!r} is {y[0]:g} in every row: no effect is estimable")
    for name in columns:
        if table.table.schema[name] == pl.String:
            by = table.table.group_by(name, maintain_order=True).agg(
                low=pl.col("_y").min(), high=pl.col("_y").max(), n=pl.len()
            )
            same = by.filter(pl.col("low") == pl.col("high"), pl.col("low").is_in([0.0, 1.0]))
            for level, value, _, n in same.head(1).iter_rows():
                raise NotEstimableError(
                    f"the outcome is {value:g} for all {n} rows with {name!r} = {level!r}: perfect "
                    "separation, no logit effect is finite; merge the value, leave it out or use "
                    'model="linear"'
                )


def _effects(table: Rows, columns: Design, fitted: Any, term: Term) -> tuple[pl.DataFrame, Array]:
    """Effects of one attribute and their derivatives by the coefficients."""
    share, params = table.w / table.w.sum(), fitted.params
    logit = fitted.model.__class__.__name__ == "GLM"
    if term.reference is None:
        gradient = np.eye(len(params))[term.at[0]]
        mean = fitted.fittedvalues
        slope = mean * (1 - mean) if logit else np.ones_like(mean)
        effect = params[term.at[0]] * (share @ slope)
        if logit:
            moved = slope * (1 - 2 * mean) * params[term.at[0]]
            gradient = gradient * (share @ slope) + columns.x.T @ (share * moved)
        row = (term.name, None, None, table.table.height, share @ table.y, None, effect, ESTIMATED)
        return pl.DataFrame([row], schema=_SCHEMA, orient="row"), gradient[None, :]

    def predicted(level: str) -> tuple[float, Array]:
        """Mean prediction had everybody this value, and its derivative."""
        x = columns.x.copy()
        x[:, list(term.at)] = np.array([level == other for other in term.levels], float)
        mean = fitted.model.predict(params, x)
        return float(share @ mean), (share * (mean * (1 - mean) if logit else 1.0)) @ x

    w, has = pl.col("_w"), "_cluster" in table.table.columns
    clusters = pl.col("_cluster").n_unique() if has else pl.lit(2)
    by = table.table.group_by(term.name).agg(pl.len(), (w * pl.col("_y")).sum() / w.sum(), _c=clusters)
    seen = {level: rest for level, *rest in by.iter_rows()}
    base, base_gradient = predicted(term.reference)
    found, gradients = [], []
    for level in sorted([*term.levels, term.reference]):
        mean, gradient = predicted(level)
        n, observed, few = seen[level]
        status = ONE_CLUSTER if few < 2 else ESTIMATED
        if seen[term.reference][2] < 2:
            status = ONE_CLUSTER_REFERENCE
        status = REFERENCE if level == term.reference else status
        found.append((term.name, level, term.reference, n, observed, mean, mean - base, status))
        gradients.append(gradient - base_gradient)
    return pl.DataFrame(found, schema=_SCHEMA, orient="row"), np.vstack(gradients)


def shrunk(
    frame: Any,
    value: str,
    group: str,
    adjust: Sequence[str] = (),
    *,
    model: Literal["mixed", "beta-binomial"] = "mixed",
    weight: str | None = None,
    confidence: float = 0.95,
) -> Any:
    """Return the level of each group, raw and shrunk towards the others as far as it rests on few people.

    "mixed" is the linear mixed model with a random effect of the group, as statsmodels' ``MixedLM`` fits it
    by REML, but from sums by group, so a million rows cost no more than their distinct ones, and without
    failing
    where groups differ by nothing but chance. "beta-binomial" is for rates without further columns: rates of
    groups follow a beta distribution, over whose two parameters it averages (so its limits stay within 0 to 1
    and know that the spread of the groups is itself uncertain); take it where groups are small or rates near
    0 or 1.

    Args:
        frame: one row a person.
        value: true/false or numbers; 0 or 1 for "beta-binomial".
        group: column of the groups, a département say; nothing said is the group "unknown".
        adjust: columns held equal ("mixed" only): levels are then those for the mix of people of the whole.
        model: see above.
        weight: zero or more; in each group they are scaled to sum to Kish's effective number of people
            (Pfeffermann et al., JRSS B 60 (1998)), which is exact where all are equal.
        confidence: of each interval.

    Returns:
        A frame of the library that came in, one row a group, sorted: ``group`` column, ``n``, ``observed``
        (its plain mean), ``raw`` (the same for the mix of the whole, where ``adjust`` is given), ``raw_low``,
        ``raw_high`` (Wilson or t limits for "beta-binomial" and "mixed"), ``shrunk``, ``ci_low``, ``ci_high``
        (of the shrunk level; they cover each group's true level on average over groups), ``reliability``
        (0: shrunk all the way; 1: not at all), ``between_sd`` (standard deviation of true levels),
        ``p_no_difference`` (that groups differ by chance only; null for "beta-binomial"), ``left_out``
        (rows).

    Raises:
        ValueError: as :func:`adjusted_effects`; fewer than 3 groups; ``adjust`` with "beta-binomial".

    Source: Robinson, Statistical Science 6 (1991), 15-32; Prasad and Rao, JASA 85 (1990), 163-171, and Datta
    and Lahiri, Statistica Sinica 10 (2000), 613-627, for the uncertainty; Christiansen and Morris, JASA 92
    (1997), 618-632, for the prior of the beta-binomial.

    >>> people = pl.DataFrame({"dep": ["01"] * 40 + ["02"] * 40 + ["2A"] * 4,
    ...                        "told": [1, 0] * 20 + [1, 0, 0, 0] * 10 + [1] * 4})
    >>> found = shrunk(people, "told", "dep", model="beta-binomial").filter(dep="2A")
    >>> found.select("raw", pl.col("shrunk") < 0.8).row(0)
    (1.0, True)
    """
    check_confidence(confidence)
    if model not in ("mixed", "beta-binomial"):
        raise ValueError(f'model {model!r} is neither "mixed" nor "beta-binomial"')
    adjust = [adjust] if isinstance(adjust, str) else list(adjust)
    if clash := {group, value} & {*adjust} or {group} & {value, *_SHRUNK}:
        raise ValueError(
            f"column {min(clash)!r} cannot be used twice, or has the name of a result: rename it"
        )
    to_lazy(frame, [group])
    table = rows(frame, value, adjust, weight, labels=[group])
    if (groups := table.table[group].n_unique()) < 3:
        raise NotEstimableError(f"column {group!r} has {groups} groups; how groups vary needs 3 or more")
    if model == "mixed":
        found = _mixed(table, group, adjust, confidence)
    else:
        if adjust:
            raise ValueError('model="beta-binomial" takes no adjust=; use model="mixed"')
        if not table.table["_y"].is_in([0.0, 1.0]).all():
            raise ValueError(f'column {value!r} is not 0 or 1 throughout; use model="mixed"')
        found = _beta_binomial(table, group, confidence)
    return table.back(found.with_columns(left_out=pl.lit(table.left_out)))


_SHRUNK = (
    *("n", "observed", "raw", "raw_low", "raw_high", "shrunk", "ci_low", "ci_high"),
    *("reliability", "between_sd", "p_no_difference", "left_out"),
)


def _result(table: Rows, group: str, columns: dict[str, Any]) -> pl.DataFrame:
    w = pl.col("_w")
    seen = table.table.group_by(group).agg(n=pl.len(), observed=(w * pl.col("_y")).sum() / w.sum())
    given = {k: pl.Series(k, v) if isinstance(v, np.ndarray) else v for k, v in columns.items()}
    return seen.sort(group).with_columns(pl.col("n").cast(pl.Int64), **given).select(group, *_SHRUNK[:-1])


def _sizes(table: Rows, group: str) -> tuple[Any, Array, Array]:
    """Group of each row, effective number of people of each group, and weights that sum to these."""
    codes = table.codes(group)
    assert codes is not None
    w = np.bincount(codes, table.w)
    size = intervals.kish(w, np.bincount(codes, table.w**2))
    return codes, size, table.w * (size / w)[codes]


def _mixed(table: Rows, group: str, adjust: Sequence[str], confidence: float) -> pl.DataFrame:
    """Random intercepts by REML; statsmodels' MixedLM takes no weights and fails where groups are alike."""
    from scipy.optimize import minimize_scalar
    from scipy.stats import chi2

    x = design(table.table, adjust).x if adjust else np.ones((table.table.height, 1))
    codes, size, a = _sizes(table, group)
    freedom, y = size.sum() - x.shape[1], table.y
    if freedom <= 1:
        raise NotEstimableError(f"{len(x)} rows cannot determine {x.shape[1]} coefficients and two variances")
    both = np.column_stack([x, y])
    means = np.column_stack([np.bincount(codes, a * column) / size for column in both.T])
    mean_x, mean_y = means[:, :-1], means[:, -1]
    within = both - means[codes]
    inside = (within * a[:, None]).T @ within

    def solve(ratio: float) -> tuple[Array, float, Array, float]:
        """Coefficients, variance of people, covariance, log-likelihood; groups vary ``ratio`` times that."""
        c = size / (1 + ratio * size)
        cross = inside + (means * c[:, None]).T @ means
        inverse = np.linalg.inv(cross[:-1, :-1])
        beta = inverse @ cross[:-1, -1]
        sigma2 = max(float(cross[-1, -1] - cross[-1, :-1] @ beta) / freedom, 1e-300)
        determinant = np.log1p(ratio * size).sum() - np.linalg.slogdet(inverse)[1]
        return beta, sigma2, sigma2 * inverse, -0.5 * (freedom * np.log(sigma2) + determinant)

    best = minimize_scalar(
        lambda log: -solve(float(np.exp(log)))[3], bounds=(-16, 9), method="bounded", options={"xatol": 1e-9}
    )
    gain = -best.fun - solve(0.0)[3]
    ratio = float(np.exp(best.x)) if gain > 1e-9 else 0.0
    beta, sigma2, covariance, _ = solve(ratio)
    if sigma2 <= 1e-12 * max(1.0, float(np.average(y**2, weights=table.w))):
        raise NotEstimableError(
            "the outcome does not vary within groups: nothing tells chance from differences"
        )
    whole = table.w @ x / table.w.sum()
    left, kept = mean_y - mean_x @ beta, ratio * size / (1 + ratio * size)
    noise, tau2 = sigma2 / size, ratio * sigma2
    away, raw_away = whole - kept[:, None] * mean_x, whole - mean_x
    of_ratio = noise**2 / (tau2 + noise) ** 3 * 2 / (1 / (tau2 + noise) ** 2).sum()
    error = tau2 * (1 - kept) + np.einsum("gi,ij,gj->g", away, covariance, away) + 2 * of_ratio
    half = critical(confidence) * np.sqrt(error)
    raw_error = noise + np.einsum("gi,ij,gj->g", raw_away, covariance, raw_away)
    raw_half = critical(confidence, freedom) * np.sqrt(raw_error)
    raw, moved = whole @ beta + left, whole @ beta + kept * left
    columns = {
        **{"raw": raw, "raw_low": raw - raw_half, "raw_high": raw + raw_half},
        **{"shrunk": moved, "ci_low": moved - half, "ci_high": moved + half},
        "reliability": kept,
        "between_sd": pl.lit(float(np.sqrt(tau2))),
        # half of the chance is on "no variance at all" (Self and Liang, JASA 82 (1987))
        "p_no_difference": pl.lit(0.5 * float(chi2.sf(2 * gain, 1)) if ratio > 0 else 1.0),
    }
    return _result(table, group, columns)


def _beta_binomial(table: Rows, group: str, confidence: float) -> pl.DataFrame:
    from scipy.special import betaincinv, betaln

    codes, n, a = _sizes(table, group)
    x = np.bincount(codes, a * table.y)
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
    tail = (1 - confidence) / 2
    low, high = (betaincinv(centre * like, (1 - centre) * like, q) for q in (tail, 1 - tail))
    raw_low, raw_high = intervals.wilson(x / n, n, confidence)
    spread = a / (a + b) * (b / (a + b)) / (a + b + 1)
    columns = {
        **{"raw": x / n, "raw_low": raw_low, "raw_high": raw_high},
        **{"shrunk": centre, "ci_low": low, "ci_high": high},
        "reliability": mass @ (n / ((a + b)[:, None] + n)),
        "between_sd": pl.lit(float(np.sqrt(mass @ spread))),
        "p_no_difference": pl.lit(None, pl.Float64),
    }
    return _result(table, group, columns)
