"""An equal-area tile map of the 101 départements, laid by hand: one square each, neighbours where they can
be."""

from __future__ import annotations

import polars as pl

DRAWING = """
 .   .   .   .   .   .   62  59  .   .   .   .
 .   .   .   .   76  80  60  02  08  .   .   .
 .   .   50  14  27  95  93  77  51  55  57  67
 29  22  35  61  78  92  75  94  10  54  88  68
 .   56  53  72  28  91  45  89  52  70  90  .
 .   44  49  37  41  18  58  21  39  25  .   .
 .   85  79  86  36  23  03  71  01  74  .   .
 .   17  16  87  19  63  42  69  38  73  .   .
 .   33  24  46  15  43  07  26  05  .   .   .
 .   40  47  82  12  48  30  84  04  06  .   .
 .   64  32  31  81  34  .   13  83  .   .   .
 .   .   65  09  11  .   .   .   .   .   2B  .
 .   .   .   .   66  .   .   .   .   .   2A  .
 .   .   .   .   .   .   .   .   .   .   .   .
 .   971 972 973 974 976 .   .   .   .   .   .
"""
"""North is up; the five départements overseas stand apart in the last row."""


def tile_grid(drawing: str = DRAWING) -> pl.DataFrame:
    """Read a drawing of tiles into `dep, row, col`, counted from 0 at the top left.

    >>> tile_grid("59 . \\n .  06").rows()
    [('59', 0, 0), ('06', 1, 1)]
    """
    cells = [
        (dep, row, col)
        for row, line in enumerate(drawing.strip("\n").splitlines())
        for col, dep in enumerate(line.split())
        if dep != "."
    ]
    return pl.DataFrame(cells, schema={"dep": pl.String, "row": pl.Int64, "col": pl.Int64}, orient="row")
