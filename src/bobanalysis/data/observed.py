"""Age by département from official files that are in the cache: observed, never modelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data.cache import cached
from bobanalysis.data.official import LOADERS
from bobanalysis.data.registry import DataError, source
from bobanalysis.data.tables import table
from bobanalysis.tables import digest, write_table, write_text

FILES = ("dares_communes", "insee_unemployment_by_age")
TEXT = Path(__file__).with_name("observed.md.jinja")


def observed(output: Path) -> list[str]:
    """Write age by département as the official files in the cache have it, and a page of text about it.

    Returns what was written and what is missing or wrong, a sentence each. Raises `DataError` when none of
    the files is in the cache, or one cannot be read; then nothing is written.
    """
    from jinja2 import Template

    made, said = list[dict[str, Any]](), list[str]()
    for name in FILES:
        if (path := cached(name)) is None:
            said.append(f"{name} is not in the cache; `bobanalysis data show {name}`")
            continue
        loaded = LOADERS[name](path)
        frame = _departements(loaded.frame) if name == FILES[0] else loaded.frame
        vintage = pl.col(frame.columns[0]).cast(pl.String)
        frame = frame.with_columns(kind=pl.lit("observed"), vintage=vintage, source=pl.lit(name))
        age, value = ("50+", "share") if name == FILES[0] else ("15-24", "rate_pct")
        rows = frame.filter(age_band=age).drop_nulls(value).join(table("departements"), on="dep")
        about = {"entry": source(name), "frame": frame, "sha256": digest(path), "value": value}
        made.append({**about, "rows": rows.sort(value, "dep").to_dicts()})
        said += [f"{name}: {text}" for text in (*loaded.problems, *loaded.notes)]
    if not made:
        raise DataError("; ".join(said))
    page = Template(TEXT.read_text(encoding="utf-8"), trim_blocks=True, lstrip_blocks=True)
    for one in made:
        write_table(one["frame"], output / f"{one['entry'].id}.csv")
    write_text(page.render(made=made, said=said), output / "observed.md")
    return [f"written: {output}, tables and observed.md; every figure in them is observed", *said]


def _departements(communes: pl.DataFrame) -> pl.DataFrame:
    """Sum communes in the newest quarter; `share` is of all ages (0 to 1), `hidden` the communes without."""
    frame = communes.filter(pl.col("quarter") == pl.col("quarter").max(), sex="total")
    people = pl.col("jobseekers")
    frame = frame.group_by("quarter", "dep", "age_band").agg(people.sum(), hidden=people.null_count())
    total = people.filter(age_band="total").sum().over("dep")
    return frame.with_columns(share=people / total).sort("dep", "age_band")
