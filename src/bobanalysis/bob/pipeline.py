"""Bob's pipeline on frames of people: diagnosis, then advice, then strategies (spec 03).

Every step sees what the step before it found: advice reads the main challenge, strategies read the advice.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import polars as pl

from bobanalysis.rules import (
    STATUS,
    Evaluation,
    Expr,
    Named,
    Text,
    Variable,
    dropped,
    evaluate,
    first_match,
    inputs,
    neutral,
    thresholds,
    transform,
    when,
    with_threshold,
)

from .catalogue import DICTIONARY
from .configuration import actions, advice_modules, job_advice, strategies
from .diagnosis import diagnosis, overall_rows
from .door import InputError, admit
from .market import Market, MarketLike, join, looked_up_by
from .outcomes import in_words
from .ranking import Ranking, rank
from .rulebook import catalogue
from .strategies import advice_lists, propose

LACKS_DATA = 0.1  # score of advice whose rule names the fields that it lacks (spec 01 §4.6)
KEYS = ("person_id", "user", "project")
Rules = Mapping[str, Expr]


def advice_rules() -> dict[str, Expr]:
    """Return the rule that scores each piece of advice, by its id, in the published order."""
    return {m.id: catalogue()[m.trigger].score for m in advice_modules()}


def strategy_rules() -> dict[str, Expr]:
    """Return the rule that scores each strategy, by its id, in the published order."""
    return {s.id: catalogue()[s.trigger].score for s in strategies()}


def action_rules() -> dict[str, Expr]:
    """Return the rule that scores each action, by its id, in the published order."""
    return {a.id: catalogue()[a.trigger].score for a in actions()}


def job_tips_rule() -> Expr:
    """Return the place of the tips for the person's occupation in ``job_advice()``; -1 if there are none."""
    rows = [when(catalogue().check(tips.filters), place) for place, tips in enumerate(job_advice())]
    return first_match(*rows, otherwise=-1)


@dataclass(frozen=True)
class Run:
    """What the pipeline found, in numbers: for those who compare or count (see ``Bob.run`` for lists).

    All parts have one row a project, in the order of the people. ``diagnosed`` is the frame of
    ``Bob.diagnose``; ``triggers`` the scores of advice, strategies and actions; ``advice`` and ``actions``
    the rankings; ``proposed`` the list columns of strategies.
    """

    diagnosed: pl.DataFrame
    triggers: Evaluation
    advice: Ranking
    actions: Ranking | None
    proposed: pl.DataFrame


@dataclass(frozen=True)
class Bob:
    """Bob's published algorithm on one job market.

    ``market`` is any object with the two frames of ``bobanalysis.bob.Market``. The rules of each step are
    expressions by name; variants (``blind_to``, ``with_threshold``) change them and say what they changed in
    ``changes``.

    >>> bob = Bob(Market.empty())
    >>> bob.with_threshold("for-old(50)", 55).changes[0].en
    'In the rule for-old(50), the threshold 50 of age becomes 55.'
    """

    market: MarketLike = field(default_factory=lambda: _no_market())
    rules: Rules = field(default_factory=lambda: dict(diagnosis()))
    advice: Rules = field(default_factory=advice_rules)
    strategies: Rules = field(default_factory=strategy_rules)
    job_tips: Expr = field(default_factory=job_tips_rule)
    changes: tuple[Text, ...] = ()

    @cached_property
    def diagnosis_variables(self) -> list[Variable]:
        """Return the inputs of the diagnosis, and those by which market figures are looked up."""
        return self.with_keys(inputs(*self.rules.values()))

    @cached_property
    def variables(self) -> list[Variable]:
        """Return the inputs of the whole pipeline, and those by which market figures are looked up."""
        every = [*self.rules.values(), *self.advice.values(), *self.strategies.values(), self.job_tips]
        return self.with_keys(inputs(*every))

    def with_keys(self, read: list[Variable]) -> list[Variable]:
        """Add the inputs by which figures are looked up; whether the market is known is always told."""
        offers = DICTIONARY["market_offers_per_10_candidates"]
        read = read if offers in read else [*read, offers]
        keys = looked_up_by([v.name for v in read], self.market)
        return read + [k for k in keys if k not in read]

    def diagnose(self, people: Any, *, strict: bool = True) -> Any:
        """Return the diagnosis of people.

        Parameters: ``people``, a Polars or pandas frame with one row a person and the columns of the data
        dictionary (market figures are joined by département and job); ``strict``, see ``admit``.

        Returns a frame of the same kind, in the same order: ``person_id`` (if there is one),
        ``relevance_<challenge>`` (see ``Relevance``), ``main_challenge``, ``overall_row``, ``overall_score``
        (0 to 100), ``market_known``, and ``diagnosis_error``: null, or what the published server would
        stop on (then the diagnosis is null).

        Raises InputError if a column is missing or a value is outside the dictionary; files with bad rows go
        through ``read_people``, which keeps the good ones.
        """
        frame = _admitted(people, self.diagnosis_variables, strict)
        return _like(people, self.diagnose_admitted(frame))

    def advise(self, people: Any, *, strict: bool = True) -> Any:
        """Return the advice given to people, one row a person and piece of advice.

        Parameters, errors: as for ``diagnose``, the inputs of the whole pipeline being read.
        Returns a frame of the same kind: the person's keys, ``item`` (id of the advice), ``rank`` (1 is
        first) and ``score`` (stars, 32-bit). People whose diagnosis fails have no row.
        """
        return _like(people, _long(self.run(_polars(people), strict=strict), "advice", {"score": "stars"}))

    def strategise(self, people: Any, *, strict: bool = True) -> Any:
        """Return the strategies proposed to people, one row a person and strategy.

        Parameters, errors: as for ``diagnose``, the inputs of the whole pipeline being read.
        Returns a frame of the same kind: the person's keys, ``item`` (id of the strategy), ``rank`` (1 is the
        principal one), ``score`` (points from 0 to 100), ``is_secondary``, ``advice`` (ids of its advice).
        """
        columns = {
            "score": "strategy_points",
            "is_secondary": "strategy_is_secondary",
            "advice": "strategy_advice",
        }
        return _like(people, _long(self.run(_polars(people), strict=strict), "strategies", columns))

    def run(self, people: Any, *, strict: bool = True) -> Any:
        """Return everything that people are told: the diagnosis, ranked advice and strategies.

        Parameters, errors: as for ``diagnose``, the inputs of the whole pipeline being read.
        Returns the frame of ``diagnose`` with list columns: ``advice`` and ``stars``, ``strategies``,
        ``strategy_points``, ``strategy_is_secondary`` and ``strategy_advice``.
        """
        return _like(people, self.run_admitted(_admitted(people, self.variables, strict)))

    def run_admitted(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return everything that people who came through the door are told; see ``run``."""
        found = self.steps(people)
        return pl.concat(
            [found.diagnosed, advice_lists(found.advice, list(self.advice)), found.proposed], how="horizontal"
        )

    def diagnose_admitted(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the diagnosis of people who came through the door (``admit``); see ``diagnose``."""
        known = join(people, self.market, [v.name for v in self.diagnosis_variables])
        return self._diagnose(known)[0]

    def _diagnose(self, known: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """Return the diagnosis, and the main challenge of those too whose overall score could not be found.

        The published server has stored that challenge by the time it stops (vectors, README).
        """
        keep = [c for c in KEYS if c in known.columns]
        done = evaluate(self.rules, known, keep=[*keep, "market_offers_per_10_candidates"])
        failed = pl.col("overall_score" + STATUS) != 0
        out = {c: pl.col(c) for c in self.rules}
        ids = pl.Series([row.id for row in overall_rows()], dtype=pl.Enum([row.id for row in overall_rows()]))
        out["overall_row"] = pl.lit(ids).gather(pl.col("overall_row").fill_null(0))
        diagnosed = done.frame.select(
            *keep,
            *(pl.when(~failed).then(value).alias(c) for c, value in out.items()),
            market_known=pl.col("market_offers_per_10_candidates") != 0,
            diagnosis_error=in_words(pl.col("overall_score" + STATUS), done.refusals),
        )
        return diagnosed, done.frame["main_challenge"]

    def steps(self, people: pl.DataFrame, actions: Rules | None = None) -> Run:
        """Run the pipeline on people who came through the door.

        Parameters: ``people``; ``actions``, rules of the action plan, to rank actions too.
        """
        plan = dict(actions or {})
        read = [v.name for v in self.with_keys([*self.variables, *inputs(*plan.values())])]
        known = join(people, self.market, read)
        diagnosed, category = self._diagnose(known)
        before = pl.col("diagnostic_overall_score") if "diagnostic_overall_score" in known.columns else 0
        known = known.with_columns(
            diagnostic_category=category,
            diagnostic_overall_score=pl.coalesce(diagnosed["overall_score"].cast(pl.Int32), before),
        )
        rules = {f"advice {k}": r for k, r in self.advice.items()}
        rules |= {f"strategy {k}": r for k, r in self.strategies.items()}
        rules |= {f"action {k}": r for k, r in plan.items()}
        scored = evaluate(rules | {"job tips": self.job_tips}, known, keep=["rome_id"])
        failed = diagnosed["diagnosis_error"].is_not_null()
        advice = rank(
            [_score(scored, f"advice {k}", failed) for k in self.advice],
            list(self.advice),
            [(m.id, other) for m in advice_modules() for other in m.excludes],
        )
        points = {k: scored.frame[f"strategy {k}"].cast(pl.Float64) for k in self.strategies}
        proposed = propose(
            diagnosed["main_challenge"], diagnosed["overall_score"], points, scored.frame["job tips"], advice
        )
        scores = [_score(scored, f"action {k}", pl.Series([False] * known.height)) for k in plan]
        ranked = rank(scores, list(plan), negative=False) if plan else None
        return Run(diagnosed, scored, advice, ranked, proposed)

    # --- variants

    def _changed(self, change: Callable[[Expr], Expr], said: Text) -> Bob:
        def each(rules: Rules) -> Rules:
            return {name: change(rule) for name, rule in rules.items()}

        return replace(
            self,
            rules=each(self.rules),
            advice=each(self.advice),
            strategies=each(self.strategies),
            job_tips=change(self.job_tips),
            changes=(*self.changes, said),
        )

    def with_threshold(self, rule: str, value: float) -> Bob:
        """Return Bob with the one threshold of a published rule moved, wherever the rule is used.

        Parameters: ``rule``, its name, such as "for-old(50)"; ``value``, the new threshold.
        Raises KeyError for an unknown rule, LookupError if it has no threshold or several.
        """
        found = thresholds(catalogue()[rule].expr)
        numbers = {(t.variable.name, t.value) for t in found if t.value is not None}
        if len(numbers) != 1:
            raise LookupError(f"{rule!r} has {len(numbers)} thresholds, not one: {sorted(numbers)}")
        ((variable, old),) = numbers
        assert old is not None
        moved = with_threshold(catalogue()[rule].expr, variable, old, value)

        def change(node: Expr) -> Expr | None:
            return (
                Named(f"{rule} (changed)", moved) if isinstance(node, Named) and node.name == rule else None
            )

        label = DICTIONARY[variable].label
        said = Text(
            f"Dans la règle {rule}, le seuil {old:g} ({label.fr}) devient {value:g}.",
            f"In the rule {rule}, the threshold {old:g} of {label.en} becomes {value:g}.",
        )
        return self._changed(lambda expr: transform(expr, change), said)

    def blind_to(
        self,
        what: Literal["age", "place"],
        how: Literal["neutral", "dropped"] = "neutral",
        age: int = 40,
    ) -> Bob:
        """Return Bob blind to a person's age or place.

        Parameters: ``what``; ``how``, "neutral" (every condition is decided as for one reference: ``age``, or
        no place and the national market) or "dropped" (the condition is removed from the conjunction or
        disjunction that it stands in). Declared discrimination by age is an answer, not age, and stays; so
        does how far a person would go.
        Raises ValueError where an input enters the arithmetic of a score and can only be neutralised.
        """
        if what == "age":
            names = ["age"]
            if how == "neutral":
                said = Text(
                    f"Chaque condition sur l’âge est lue comme à {age} ans.",
                    f"Every condition on age is read as at {age}.",
                )
                return self._changed(lambda rule: neutral(rule, {"age": age}), said)
            said = Text("Les conditions sur l’âge sont retirées.", "The conditions on age are removed.")
            return self._changed(lambda rule: dropped(rule, names), said)
        values = national_figures()
        if how == "neutral":
            said = Text(
                "Le lieu n’est pas lu ; le marché est celui du pays entier.",
                "The place is not read; the market is that of the whole country.",
            )
            return self._changed(lambda rule: neutral(rule, values), said)
        said = Text(
            "Les conditions sur le lieu et sur le marché local sont retirées.",
            "The conditions on the place and on the local market are removed.",
        )
        return self._changed(lambda rule: dropped(rule, values), said)


def _no_market() -> Market:
    warnings.warn(
        "Bob() has no market figures: every local market is unknown and nobody is told that it is stuck. "
        "Use Bob(recommenders.french_market()) for open figures, or Bob(Market.empty()) to say so.",
        stacklevel=3,
    )
    return Market.empty()


def national_figures() -> dict[str, Any]:
    """Return what each input that is the place, or is looked up by it, reads without a place."""
    d = DICTIONARY
    found: dict[str, Any] = {
        v.name: v.default
        for v in d.values()
        if v.protected
        and v.protected.criterion == "place of residence"
        and v.protected.how in ("direct", "place-keyed data")
    }
    offers = (d.jg_national_market_score * 10).round()
    found["market_offers_per_10_candidates"] = first_match(
        when(d.jg_national_market_score == 0, 0), when(offers < 1, 1), otherwise=offers
    )
    return found


def _score(done: Evaluation, column: str, failed: pl.Series) -> pl.Series:
    """Return the score of an item: 0.1 where its rule names what it lacks, null where it has none."""
    score = done.frame[column].cast(pl.Float64)
    if column + STATUS in done.frame.columns:
        lacking = [k for k, r in enumerate(done.refusals, 1) if r.kind == "missing" and r.details]
        status = done.frame[column + STATUS]
        score = pl.select(pl.when(status.is_in(lacking)).then(LACKS_DATA).otherwise(score)).to_series()
    if failed.any():
        score = pl.select(pl.when(~failed).then(score)).to_series()
    return score


def _long(wide: pl.DataFrame, item: str, columns: Mapping[str, str]) -> pl.DataFrame:
    """Return list columns as one row a person and item."""
    keys = [c for c in KEYS if c in wide.columns]
    lists = wide.select(*keys, item=item, **{new: pl.col(old) for new, old in columns.items()})
    lists = lists.filter(pl.col("item").list.len() > 0).with_columns(
        rank=pl.int_ranges(1, pl.col("item").list.len() + 1)
    )
    long = lists.explode("item", "rank", *columns)
    return long.select(*keys, "item", "rank", *columns)


def _admitted(people: Any, variables: Iterable[Variable], strict: bool) -> pl.DataFrame:
    intake = admit(_polars(people), variables, strict=strict)
    if not intake.rejects.is_empty():
        worst = intake.rejects.row(0, named=True)
        raise InputError(
            f"{intake.rejected} of {intake.read} rows cannot be read; the first: row {worst['row']}, "
            f"column {worst['column']!r}, value {worst['value']!r} {worst['problem']}"
        )
    return intake.kept


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if type(frame).__module__.startswith("pandas"):
        return pl.from_pandas(frame)
    raise InputError(f"people must be a Polars or pandas frame, not {type(frame).__name__}")


def _like(given: Any, result: pl.DataFrame) -> Any:
    return result.to_pandas() if type(given).__module__.startswith("pandas") else result
