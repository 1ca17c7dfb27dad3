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

from bobanalysis.fairness._cube import to_lazy
from bobanalysis.fairness.regression import (
    Array,
    Design,
    Fit,
    NotEstimableError,
    Rows,
    Term,
    check_confidence,
    critical,
    design,
    fit,
    need_clusters,
    root,
    rows,
    sandwich,
    sup_t,
    two_sided,
)

Model = Literal["logit", "linear"]

_EFFECT = ("effect", "se", "ci_low", "ci_high", "band_low", "band_high", "p_value")


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
    columns = design(table.cells, [*of, *adjust], reference)
    fitted = fit(columns.x, table.y, table.w, model == "logit", columns.names)
    factor = root(sandwich(table, columns.x, fitted))
    clusters = table.clusters()
    freedom = _freedom(table, columns, model)
    parts = [_effects(table, columns, fitted, columns.terms[name]) for name in dict.fromkeys(of)]
    found = pl.concat([part for part, _ in parts])
    spread = np.vstack([gradient for _, gradient in parts]) @ factor
    told = (found["status"] == ESTIMATED).to_numpy()
    se = np.where(told, np.sqrt((spread**2).sum(axis=1)), np.nan)
    once = critical(confidence, freedom)
    always = sup_t(spread[told], confidence, freedom, seed) if told.any() else once
    effect = found["effect"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        limits = [effect + sign * width * se for width in (once, always) for sign in (-1, 1)]
        values = (effect, se, *limits, two_sided(effect / se, freedom))
    found = found.with_columns(
        *(pl.Series(name, v).fill_nan(None) for name, v in zip(_EFFECT, values, strict=True)),
        clusters=pl.lit(None if clusters is None else int(clusters.max()) + 1, pl.Int64),
        left_out=pl.lit(table.left_out),
    )
    head = ("attribute", "level", "reference", "n", "observed", "adjusted")
    return table.back(found.select(*head, *_EFFECT, "clusters", "left_out", "status"))


ESTIMATED, REFERENCE = "estimated", "reference"
ONE_CLUSTER = "no standard error: all people of this value are in one cluster"
ONE_CLUSTER_REFERENCE = "no standard error: all people of the reference are in one cluster"


def _freedom(table: Rows, columns: Design, model: Model) -> float:
    codes = table.clusters()
    if codes is not None:
        return need_clusters(codes) - 1.0
    return float(table.n - columns.x.shape[1]) if model == "linear" else np.inf


def _check_shares(table: Rows, outcome: str, columns: Sequence[str]) -> None:
    """Say which value of which category separates, as that is what people meet."""
    y = table.cells["_y"]
    if not y.is_between(0, 1).all():
        raise ValueError(
            f"column {outcome!r} runs from {y.min()!r} to {y.max()!r}; "
            'a logit needs 0 to 1: use model="linear"'
        )
    if y.n_unique() == 1:
        raise NotEstimableError(f"the outcome {outcome!r} is {y[0]:g} in every row: no effect is estimable")
    for name in columns:
        if table.cells.schema[name] == pl.String:
            same = (
                table.cells.group_by(name, maintain_order=True)
                .agg(pl.col("_y").min().alias("low"), pl.col("_y").max().alias("high"), pl.col("_n").sum())
                .filter(pl.col("low") == pl.col("high"), pl.col("low").is_in([0.0, 1.0]))
            )
            if not same.is_empty():
                level, value, _, n = same.row(0)
                raise NotEstimableError(
                    f"the outcome is {value:g} for all {n} rows with {name!r} = {level!r}: perfect "
                    "separation, no logit effect is finite; merge the value, leave it out or use "
                    'model="linear"'
                )


def _effects(table: Rows, columns: Design, fitted: Fit, term: Term) -> tuple[pl.DataFrame, Array]:
    """Effects of one attribute and their derivatives by the coefficients."""
    share = table.w / table.w.sum()
    logit = bool((fitted.slope != 1).any())
    if term.reference is None:
        j = term.at[0]
        gradient = np.zeros(len(fitted.params))
        gradient[j] = share @ fitted.slope
        if logit:
            curvature = fitted.slope * (1 - 2 * fitted.mean) * fitted.params[j]
            gradient += columns.x.T @ (share * curvature)
        row = {
            "attribute": term.name, "level": None, "reference": None, "n": table.n,
            "observed": float(share @ table.y), "adjusted": None,
            "effect": float(share @ fitted.slope * fitted.params[j]), "status": ESTIMATED,
        }  # fmt: skip
        return pl.DataFrame([row], schema=_SCHEMA), gradient[None, :]
    base, base_gradient = _prediction(columns.put(term, None), fitted.params, share, logit)
    seen = _seen(table, term.name)
    found, gradients = [], []
    for level in sorted([*term.levels, term.reference]):
        mean, gradient = _prediction(columns.put(term, level), fitted.params, share, logit)
        n, observed, clusters = seen[level]
        status = REFERENCE if level == term.reference else ESTIMATED
        if status == ESTIMATED and "_cluster" in table.cells.columns:
            if seen[term.reference][2] < 2:
                status = ONE_CLUSTER_REFERENCE
            elif clusters < 2:
                status = ONE_CLUSTER
        found.append((term.name, level, term.reference, n, observed, mean, mean - base, status))
        gradients.append(gradient - base_gradient)
    return pl.DataFrame(found, schema=_SCHEMA, orient="row"), np.vstack(gradients)


_SCHEMA = {
    "attribute": pl.String, "level": pl.String, "reference": pl.String, "n": pl.Int64,
    "observed": pl.Float64, "adjusted": pl.Float64, "effect": pl.Float64, "status": pl.String,
}  # fmt: skip


def _prediction(x: Array, params: Array, share: Array, logit: bool) -> tuple[float, Array]:
    """Mean prediction and its derivative by the coefficients."""
    from scipy.special import expit

    eta = x @ params
    if not logit:
        return float(share @ eta), share @ x
    p = expit(eta)
    return float(share @ p), (share * p * (1 - p)) @ x


def _seen(table: Rows, name: str) -> dict[str, tuple[int, float, int]]:
    w = pl.col("_w")
    clusters = pl.col("_cluster").n_unique() if "_cluster" in table.cells.columns else pl.lit(0)
    by = table.cells.group_by(name).agg(
        pl.col("_n").sum(), (w * pl.col("_y")).sum() / w.sum(), clusters.alias("_c")
    )
    return {level: (n, mean, c) for level, n, mean, c in by.iter_rows()}


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
    if (groups := table.cells[group].n_unique()) < 3:
        raise NotEstimableError(f"column {group!r} has {groups} groups; how groups vary needs 3 or more")
    if model == "mixed":
        found = _mixed(table, group, adjust, confidence)
    else:
        if adjust:
            raise ValueError('model="beta-binomial" takes no adjust=; use model="mixed"')
        if not table.cells["_y"].is_in([0.0, 1.0]).all():
            raise ValueError(f'column {value!r} is not 0 or 1 throughout; use model="mixed"')
        found = _beta_binomial(table, group, confidence)
    return table.back(found.with_columns(left_out=pl.lit(table.left_out)))


_SHRUNK = (
    "n", "observed", "raw", "raw_low", "raw_high", "shrunk", "ci_low", "ci_high",
    "reliability", "between_sd", "p_no_difference", "left_out",
)  # fmt: skip


def _result(table: Rows, group: str, columns: dict[str, Any]) -> pl.DataFrame:
    w = pl.col("_w")
    seen = table.cells.group_by(group).agg(
        pl.col("_n").sum().alias("n"), ((w * pl.col("_y")).sum() / w.sum()).alias("observed")
    )
    return seen.sort(group).with_columns(**columns).select(group, *_SHRUNK[:-1])


def _mixed(table: Rows, group: str, adjust: Sequence[str], confidence: float) -> pl.DataFrame:
    from scipy.special import chdtrc

    x = design(table.cells, adjust).x if adjust else np.ones((table.cells.height, 1))
    codes = np.unique(table.cells[group].to_numpy(), return_inverse=True)[1]
    sums = _GroupSums.of(table, x, codes)
    if sums.size.sum() <= x.shape[1] + 1:
        raise NotEstimableError(
            f"{table.n} rows cannot determine {x.shape[1]} coefficients and two variances"
        )
    ratio = sums.best_ratio()
    solution = sums.solve(ratio)
    if solution.sigma2 <= 1e-12 * max(1.0, float(np.average(table.y**2, weights=table.w))):
        raise NotEstimableError(
            "the outcome does not vary within groups: nothing tells chance from differences"
        )
    whole = table.w @ x / table.w.sum()
    left = sums.mean_y - sums.mean_x @ solution.beta
    kept = ratio * sums.size / (1 + ratio * sums.size)
    noise, tau2 = solution.sigma2 / sums.size, ratio * solution.sigma2
    away = whole - kept[:, None] * sums.mean_x
    of_beta = np.einsum("gi,ij,gj->g", away, solution.covariance, away)
    of_ratio = noise**2 / (tau2 + noise) ** 3 * 2 / (1 / (tau2 + noise) ** 2).sum()
    half = critical(confidence) * np.sqrt(tau2 * (1 - kept) + of_beta + 2 * of_ratio)
    raw_away = whole - sums.mean_x
    raw_half = critical(confidence, sums.size.sum() - len(whole)) * np.sqrt(
        noise + np.einsum("gi,ij,gj->g", raw_away, solution.covariance, raw_away)
    )
    level = whole @ solution.beta
    raw, moved = level + left, level + kept * left
    gain = max(0.0, 2 * (sums.log_likelihood(ratio) - sums.log_likelihood(0.0)))
    columns = {
        "raw": raw, "raw_low": raw - raw_half, "raw_high": raw + raw_half,
        "shrunk": moved, "ci_low": moved - half, "ci_high": moved + half, "reliability": kept,
        "between_sd": pl.lit(float(np.sqrt(tau2))),
        # half of the chance is on "no variance at all" (Self and Liang, JASA 82 (1987))
        "p_no_difference": pl.lit(0.5 * float(chdtrc(1, gain)) if gain > 0 else 1.0),
    }  # fmt: skip
    return _result(
        table, group, {k: pl.Series(k, v) if isinstance(v, np.ndarray) else v for k, v in columns.items()}
    )


class _Solution:
    """Coefficients of the mixed model at one ratio of variances."""

    def __init__(self, beta: Array, sigma2: float, inverse: Array, log_det: float):
        self.beta, self.sigma2, self.covariance, self.log_det = beta, sigma2, sigma2 * inverse, log_det


class _GroupSums:
    """What the likelihood of a random-intercept model needs of each group."""

    def __init__(self, size: Array, mean_x: Array, mean_y: Array, xx: Array, xy: Array, yy: float):
        self.size, self.mean_x, self.mean_y = size, mean_x, mean_y
        self.xx, self.xy, self.yy = xx, xy, yy  # within groups

    @classmethod
    def of(cls, table: Rows, x: Array, codes: Any) -> _GroupSums:
        w, w2 = np.bincount(codes, table.w), np.bincount(codes, table["_w2"])
        size = w**2 / w2
        a = table.w * (size / w)[codes]
        mean_y = np.bincount(codes, a * table.y) / size
        mean_x = np.column_stack([np.bincount(codes, a * column) / size for column in x.T])
        dx, dy = x - mean_x[codes], table.y - mean_y[codes]
        return cls(size, mean_x, mean_y, (dx * a[:, None]).T @ dx, (dx * a[:, None]).T @ dy, float(a @ dy**2))

    def solve(self, ratio: float) -> _Solution:
        """Generalised least squares where groups vary ``ratio`` times as much as people (variances)."""
        c = self.size / (1 + ratio * self.size)
        a = self.xx + (self.mean_x * c[:, None]).T @ self.mean_x
        inverse = np.linalg.inv(a)
        beta = inverse @ (self.xy + self.mean_x.T @ (c * self.mean_y))
        rest = self.mean_y - self.mean_x @ beta
        squares = self.yy - 2 * beta @ self.xy + beta @ self.xx @ beta + c @ rest**2
        freedom = self.size.sum() - len(beta)
        return _Solution(beta, max(float(squares / freedom), 0.0), inverse, float(np.linalg.slogdet(a)[1]))

    def log_likelihood(self, ratio: float) -> float:
        """Restricted log-likelihood, maximised over everything else."""
        found, freedom = self.solve(ratio), self.size.sum() - self.mean_x.shape[1]
        if found.sigma2 <= 0:
            return np.inf
        return float(
            -0.5 * (freedom * np.log(found.sigma2) + np.log1p(ratio * self.size).sum() + found.log_det)
        )

    def best_ratio(self) -> float:
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda log: -self.log_likelihood(float(np.exp(log))), bounds=(-16, 9), method="bounded",
            options={"xatol": 1e-9},
        )  # fmt: skip
        ratio = float(np.exp(found.x))
        return ratio if self.log_likelihood(ratio) > self.log_likelihood(0.0) + 1e-9 else 0.0


def _beta_binomial(table: Rows, group: str, confidence: float) -> pl.DataFrame:
    from scipy.special import betaln

    from bobanalysis.fairness.intervals import wilson

    codes = np.unique(table.cells[group].to_numpy(), return_inverse=True)[1]
    w, w2 = np.bincount(codes, table.w), np.bincount(codes, table["_w2"])
    n = w**2 / w2
    x = np.bincount(codes, table.w * table.y) / w * n
    typical = float(np.median(n))
    # M/(M + typical size) uniform on (0, 1): neither no shrinkage nor full shrinkage is favoured
    share = np.linspace(0, 1, 32)[1:-1]
    concentration = typical * (1 - share) / share
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
    centre = mass @ ((a[:, None] + x) / ((a + b)[:, None] + n))
    tail = (1 - confidence) / 2
    shape = (a[:, None] + x, b[:, None] + n - x)
    low, high = (_mixture_quantile(*shape, mass, q) for q in (tail, 1 - tail))
    raw_low, raw_high = wilson(x / n, n, confidence)
    spread = a / (a + b) * (b / (a + b)) / (a + b + 1)
    columns = {
        "raw": x / n, "raw_low": raw_low, "raw_high": raw_high, "shrunk": centre,
        "ci_low": low, "ci_high": high, "reliability": mass @ (n / ((a + b)[:, None] + n)),
    }  # fmt: skip
    return _result(
        table,
        group,
        {k: pl.Series(k, v) for k, v in columns.items()}
        | {
            "between_sd": pl.lit(float(np.sqrt(mass @ spread))),
            "p_no_difference": pl.lit(None, pl.Float64),
        },
    )


def _mixture_quantile(a: Array, b: Array, mass: Array, q: float) -> Array:
    """Quantiles of mixtures of betas (one a column): Newton from one beta of the same moments."""
    from scipy.special import betainc, betaincinv, betaln

    mean = a / (a + b)
    centre = mass @ mean
    spread = mass @ (mean * (1 - mean) / (a + b + 1) + (mean - centre) ** 2)
    like = np.maximum(centre * (1 - centre) / spread - 1, 1e-3)
    at = np.clip(betaincinv(centre * like, (1 - centre) * like, q), 1e-12, 1 - 1e-12)
    constant = betaln(a, b)
    for _ in range(6):
        height = mass @ np.exp((a - 1) * np.log(at) + (b - 1) * np.log1p(-at) - constant)
        step = (mass @ betainc(a, b, at) - q) / np.maximum(height, 1e-12)
        at = np.clip(at - step, at / 2, (1 + at) / 2)
    return at
