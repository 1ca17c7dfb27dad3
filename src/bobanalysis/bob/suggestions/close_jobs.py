"""Jobs that one can move to: ROME's links between job groups, and those of them with more offers.

Spec 05, §3 (``lessStressfulJobGroups``), §6 (``similar_jobs``) and §12. A *mobility table* has ``rome``,
``rome_target`` and ``kind`` ("close", "evolution"), as ``bobanalysis.data.table("rome_mobility")``; where it
also has ``title`` and ``title_target`` (codes of single job titles, null for a link of the whole group), the
links of titles are treated as the published code does.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from .frames import LOCAL, need, ranked

BETTER = 1.5
"""How many times the offers per candidate a job group must have to be called less stressful."""
MOST = 5
"""The most job groups that are listed."""
TITLES_SHOWN = 3
"""Job titles shown of a similar job group."""


def group_links(mobility: pl.DataFrame) -> pl.DataFrame:
    """Return the links between whole job groups: rome_id, item (ROME code), kind.

    Links from or to a single title are left out (``data_analysis/lib/cleaned_data.py#L247-L295``); the
    shipped table holds none.
    """
    titles = [c for c in ("title", "title_target") if c in mobility.columns]
    links = need(mobility, "mobility", ["rome", "rome_target", "kind", *titles])
    if titles:
        links = links.filter(pl.all_horizontal(pl.col(c).is_null() for c in titles))
    return links.select(rome_id="rome", item="rome_target", kind=pl.col("kind").cast(pl.String)).unique(
        maintain_order=True
    )


def less_stressful_job_groups(
    tension: pl.DataFrame,
    mobility: pl.DataFrame,
    *,
    ratio: float = BETTER,
    limit: int | None = MOST,
    strictly: bool = False,
) -> pl.DataFrame:
    """Return for each job group and département the linked job groups where there are more offers.

    Parameters: ``tension``, a tension table (see ``tension``); ``mobility``, a mobility table; ``ratio``, how
    many times the source's tension the target's must reach; ``limit``, the most targets kept; ``strictly``,
    whether it must exceed it: France includes equality, other countries do not (D19).

    Returns departement_id, rome_id, rank (from 1), item (ROME code of the target), kind ("close" or
    "evolution"), own_tension, tension (of the target, where 0 stays 0 and does not become -1). Sorted by
    tension of the target descending; equals by ROME code (open in the published code).

    Kept as published: where the source and a target both have no offer, 0 is at least 1.5 × 0 and the target
    is listed (D1). Targets without a figure in the département are not listed, and a source without a figure
    has no list.
    Source: spec 05 §3, ``local_diagnosis.py#L403-L447``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [4, 6]})
    >>> links = pl.DataFrame({"rome": ["A1101"], "rome_target": ["A1416"], "kind": ["close"]})
    >>> less_stressful_job_groups(t, links).select("item", "tension").rows()
    [('A1416', 6)]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    own = known.rename({"tension": "own_tension"})
    target = known.rename({"rome_id": "item"})
    found = own.join(group_links(mobility), on="rome_id").join(target, on=["departement_id", "item"])
    needed = ratio * pl.col("own_tension")
    enough = pl.col("tension") > needed if strictly else pl.col("tension") >= needed
    return ranked(found.filter(enough), LOCAL, "tension", ["item", "kind"], limit).select(
        *LOCAL, "rank", "item", "kind", "own_tension", "tension"
    )


def less_stressful_job_groups_elsewhere(
    tension: pl.DataFrame, mobility: pl.DataFrame, *, ratio: float = BETTER, limit: int = MOST
) -> pl.DataFrame:
    """Return the same as ``less_stressful_job_groups`` by the rule for other countries than France.

    The target must have strictly more than ``ratio`` times the offers (D19), and every target counts as close
    whatever its link says.
    Source: spec 05 §12, ``data_analysis/lib/market_score_derivatives.py#L25-L97``.
    """
    found = less_stressful_job_groups(tension, mobility, ratio=ratio, limit=limit, strictly=True)
    return found.with_columns(kind=pl.lit("close"))


def similar_jobs(
    mobility: pl.DataFrame, titles: pl.DataFrame | None = None, *, shown: int = TITLES_SHOWN, seed: int = 0
) -> pl.DataFrame:
    """Return what each job group or title is linked to, whatever the market (``similar_jobs``).

    Parameters: ``mobility``, a mobility table; ``titles``, optional, rome_id and title: then ``titles`` lists
    up to ``shown`` of the target's, drawn at random. The published draw has no seed, so two imports differ
    (D20); here ``seed`` fixes it.

    Returns source (a title where the link starts from a title, else a job group), item (ROME code of the
    target), kind; sorted. Links towards titles stand once a target group, and their kind is null: their type
    is lost (D20). The published server reads none of this.
    Source: spec 05 §6, ``rome_mobility.py#L37-L165``.

    >>> similar_jobs(pl.DataFrame({"rome": ["A1101"], "rome_target": ["A1416"], "kind": ["close"]})).rows()
    [('A1101', 'A1416', 'close')]
    """
    links = need(mobility, "mobility", ["rome", "rome_target", "kind"], whole=True)
    none = pl.lit(None, dtype=pl.String)
    title = pl.col("title").cast(pl.String) if "title" in links.columns else none
    to_title = pl.col("title_target").is_not_null() if "title_target" in links.columns else pl.lit(False)
    found = (
        links.select(
            source=pl.coalesce(title, "rome"),
            item=pl.col("rome_target"),
            kind=pl.when(~to_title).then(pl.col("kind").cast(pl.String)),
        )
        .unique()
        .sort("source", "item", "kind", nulls_last=True)
    )
    if titles is None:
        return found
    drawn = need(titles, "titles", ["rome_id", "title"]).sort("rome_id", "title")
    lists = (
        drawn.with_columns(draw=np.random.default_rng(seed).random(drawn.height))
        .sort("rome_id", "draw")
        .group_by(pl.col("rome_id").alias("item"), maintain_order=True)
        .agg(pl.col("title").head(shown).alias("titles"))
    )
    return found.join(lists, on="item", how="left", maintain_order="left")
