"""What a measure is: a name, a formula, a source, its parameters and a function of the lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DEEP = 2**31
"""Depth of a measure without ``@k``: the whole list."""

RELEVANT = 1.0
"""Relevance from which an item counts as relevant, unless ``rel=`` says otherwise."""


@dataclass(frozen=True)
class Measure:
    """A measure of ranked lists.

    Attributes:
        name: as written before ``@``.
        fr, en: label for readers.
        formula: in plain text; r_i is 1 where the item at place i is relevant, R the number of relevant.
        source: who proposed it.
        compute: function of the lists, ``k`` and the arguments, one value a query, NaN where undefined; for
            ``per="everybody"``, function that also takes the queries asked about and returns one value.
        arguments: names in order, with defaults; a text default may only become one of ``choices``.
        choices: allowed texts of an argument.
        cut: whether ``@k`` may, must or must not be given.
        bounded: whether values lie from 0 to 1.
        binary: whether values are 0 or 1, so that a mean is a rate.
        higher: whether more is better; None where that is not for a formula to say.
        per: "query" or "everybody".
        needs: "qrels" or "items".
    """

    name: str
    fr: str
    en: str
    formula: str
    source: str
    compute: Callable[..., Any]
    arguments: Mapping[str, float | str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cut: Literal["may", "must", "no"] = "may"
    bounded: bool = True
    binary: bool = False
    higher: bool | None = True
    per: Literal["query", "everybody"] = "query"
    needs: Literal["qrels", "items"] = "qrels"


@dataclass(frozen=True)
class Asked:
    """A measure with its parameters, as parsed from a name.

    Attributes:
        label: the name as it was asked for: a column name.
        measure: which measure.
        k: depth of the list that is read.
        arguments: every argument with its value.
    """

    label: str
    measure: Measure
    k: int
    arguments: Mapping[str, float | str]

    def __call__(self, *inputs: Any) -> Any:
        """Compute the measure."""
        return self.measure.compute(*inputs, k=self.k, **self.arguments)
