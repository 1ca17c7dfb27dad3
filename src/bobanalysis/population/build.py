"""The modelled population: the public functions that make it, in memory or in a file of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import add
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.cluster.folder import part_name, parts_folder
from bobanalysis.cluster.workers import ALONE, Progress, Workers
from bobanalysis.data import registry
from bobanalysis.tables import Part, atomic_write, digest, parquet_height

from . import draw
from .inputs import NATIONAL_OF_BAND, SEXES
from .model import fit, joint
from .scenarios import load
from .vocabulary import READ

BLOCKS = 16
"""Blocks of people in a part of a population."""


@dataclass(frozen=True)
class Population:
    """A modelled population.

    ``frame``: one row a person, columns of the data dictionary; ``weight`` is the number of job seekers that
    the row stands for, equal for all, and sums to ``stock``. ``fit``: every margin, raked or not (see
    :func:`modelled`). ``design_effect``: of the factors that raking applied to the cells; the drawn people
    all weigh the same. ``lost``: what could not be placed. ``age_by_place`` is always False: no finding on
    age by place may be published from this frame.
    """

    frame: pl.DataFrame
    fit: pl.DataFrame
    lost: pl.DataFrame
    people: int
    stock: float
    cells: int
    rounds: int
    design_effect: float
    age_by_place: bool = False

    def summary(self) -> pl.DataFrame:
        """One line a margin: raked, lines, share of people in the wrong line (half the sum of gaps), largest
        gap in points.

        Returns: margin, raked, lines, misplaced (share), largest_gap, largest_gap_drawn (in the drawn
        people, null where not measured).
        """
        return summarise(self.fit)


def summarise(lines: pl.DataFrame) -> pl.DataFrame:
    """Sum up a fit, one line a margin (see :meth:`Population.summary`)."""
    gap = pl.col("gap").abs().sum() / pl.col("target").sum() / 2
    drawn = (pl.col("drawn") - pl.col("target")).abs() / pl.col("target").sum()
    largest = {"largest_gap": pl.col("gap_share").abs().max()}
    if "drawn" in lines.columns:
        largest["largest_gap_drawn"] = drawn.max()
    margins = lines.group_by("margin", maintain_order=True)
    return margins.agg(pl.col("raked").first(), lines=pl.len(), misplaced=gap, **largest)


def modelled(people: int = 100_000, seed: int = 2016, scenario: str = "central") -> Population:
    """Draw job seekers from published figures and, where none exists, from a named scenario.

    Parameters: ``people``, how many (1 or more); ``seed``, zero or more; ``scenario``, one of
    ``scenarios.names()``.
    Returns: :class:`Population`. ``fit`` has margin, raked, category, target, achieved (in the cells), gap,
    gap_relative, gap_share and drawn (in the drawn people, people; null for margins that the frame does not
    hold).
    Raises: ValueError.
    Source: France Travail and Dares 2021 (job x place), Dares 2019 and 2020 (stock, age and sex by job
    family), Pôle emploi 2019 (sex x age), INSEE 2018 (degree, duration) and 2021 (residents); ids in
    data/sources.yaml.

    >>> sample = modelled(200)
    >>> sample.frame.height, sample.frame["departement_id"].n_unique() > 50, sample.age_by_place
    (200, True, False)
    """
    plan = draw.plan(scenario, people, seed)
    frame, model = pl.concat(draw.blocks(plan)), plan.model
    return Population(
        frame=frame,
        fit=_with_drawn(fit(model), frame),
        lost=model.inputs.lost,
        people=people,
        stock=model.people,
        cells=model.cells.height,
        rounds=model.raked.rounds,
        design_effect=model.raked.design_effect,
    )


def write_parquet(
    path: str | Path,
    people: int,
    seed: int = 2016,
    scenario: str = "central",
    progress: Callable[[int], object] = lambda people: None,
    rows: range | None = None,
) -> Path:
    """Write a modelled population to a Parquet file, block by block, whatever its size.

    Parameters: ``path``, replaced only when all is written; ``people``, ``seed``, ``scenario`` as in
    :func:`modelled`, which gives the same people; ``progress``, called with the number of people of each
    block once it is written; ``rows``, which of the people, whole blocks of them, by default all.
    Returns: the path. The file's own metadata says the scenario, the seed, and that age by place is not
    publishable.
    Raises: ValueError, OSError.
    """
    import pyarrow.parquet as pq

    path, plan = Path(path), draw.plan(scenario, people, seed)
    about = {
        "bobanalysis.scenario": scenario,
        "bobanalysis.construction": plan.scenario.construction,
        "bobanalysis.seed": str(seed),
        "bobanalysis.kind": "modelled",
        "bobanalysis.age_by_place_publishable": "false",
    }
    tables = (frame.to_arrow() for frame in draw.blocks(plan, rows))
    first = next(tables)
    schema = first.schema.with_metadata(about)
    with atomic_write(path) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for table in chain([first], tables):
            writer.write_table(table.cast(schema))
            progress(table.num_rows)
    return path


def write_parts(
    folder: Path,
    people: int,
    seed: int = 2016,
    scenario: str = "central",
    workers: Workers = ALONE,
    progress: Progress = lambda done, parts: None,
) -> Path:
    """Write a modelled population to a folder of Parquet files: the same people, in parts.

    Parameters: ``folder``, which takes its name when all is written; ``workers``, who writes the parts;
    ``progress``, called with the number of parts done and of all; the others as in :func:`write_parquet`.
    Returns: the folder.
    Raises: ValueError, OSError.
    """
    cuts = enumerate(range(0, people, draw.BLOCK * BLOCKS))
    each = [Part(folder, n, at, min(draw.BLOCK * BLOCKS, people - at)) for n, at in cuts]
    asked: dict[str, Any] = {"people": people, "seed": seed, "scenario": scenario}
    draw.plan(**asked)  # what is wrong with it is said before anything is written
    with parts_folder(folder, each, asked | {"figures": digest(registry.folder() / "reference")}) as partly:
        work = partial(_write_part, folder=partly, **asked)
        workers.combine(work, each, add, progress)
    return folder


def _write_part(part: Part, folder: Path, people: int, seed: int, scenario: str) -> int:
    path, rows = folder / part_name(part), range(part.first, part.first + (part.rows or 0))
    if parquet_height(path) != len(rows):
        write_parquet(path, people, seed, scenario, rows=rows)
    return len(rows)


def _with_drawn(lines: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Add what the drawn people give for the margins that their columns hold."""
    sex = pl.col("gender").replace_strict(dict(enumerate(SEXES, 1)), return_dtype=pl.String)
    national = pl.col("age_band").replace_strict(NATIONAL_OF_BAND, return_dtype=pl.String)
    known = frame.with_columns(sex=sex, national_band=national)
    held = {margin: list(told.columns) for margin, told in READ.margins.items() if told.columns}
    # All weigh the same; a product is the same on every machine, a long sum is not.
    drawn_people = pl.len() * pl.col("weight").first()
    drawn = pl.concat(
        known.group_by(category=pl.concat_str(columns, separator=" "))
        .agg(drawn=drawn_people)
        .with_columns(margin=pl.lit(margin))
        for margin, columns in held.items()
    )
    joined = lines.join(drawn, on=["margin", "category"], how="left", maintain_order="left")
    return joined.with_columns(pl.when(pl.col("margin").is_in([*held])).then(pl.col("drawn").fill_null(0)))


def compare_constructions() -> pl.DataFrame:
    """Share of people aged 50 and over in each département under the two constructions of age by place.

    For showing that they disagree, and for nothing else: no département's figure may be quoted from it.
    Returns: departement_id, occupation, residence (shares), sorted; 100 rows.

    >>> compare_constructions().columns
    ['departement_id', 'occupation', 'residence']
    """
    older = (pl.col("people") * (pl.col("band") >= 3)).sum() / pl.col("people").sum()
    one, two = (
        joint(load(name)).cells.group_by("departement_id", maintain_order=True).agg(older.alias(name))
        for name in ("occupation", "residence")
    )
    return one.join(two, on="departement_id").sort("departement_id")


def margin_titles() -> dict[str, dict[str, str]]:
    """Titles of the margins of the fit, for readers: margin -> fr, en, source id.

    >>> sorted(margin_titles()["degree"])
    ['en', 'fr', 'source']
    """
    return {name: {"fr": m.fr, "en": m.en, "source": m.source} for name, m in READ.margins.items()}
