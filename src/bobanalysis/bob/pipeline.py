"""Bob's pipeline on frames of people: diagnosis, then advice, then strategies (spec 03).

Every step sees what the step before it found: advice reads the main challenge, strategies read the advice.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.algorithm import (
    Algorithm,
    How,
    Inputs,
    Outcome,
    PublishedRule,
    Questions,
    Reference,
    Result,
    Rules,
    Source,
    lazyproperty,
)
from bobanalysis.presentation import Presentation
from bobanalysis.rules import (
    STATUS,
    Change,
    Evaluation,
    Expr,
    Named,
    Text,
    Variable,
    candidates,
    constants,
    evaluate,
    first_match,
    inputs,
    when,
)
from bobanalysis.rules.expr import Operand
from bobanalysis.tables import load, load_yaml

from .catalogue import DICTIONARY, UPSTREAM_COMMIT
from .configuration import ABOUT, advice_modules, strategies
from .diagnosis import Relevance, challenges, overall_rows
from .market import JOINED, Market, MarketLike, join, looked_up_by
from .outcomes import in_words
from .ranking import FEW, Ranking, rank
from .records import RECORDS
from .rulebook import catalogue, titles
from .uses import content_rules, idle_families, published_roots, published_rules, rules_in_use

LACKS_DATA = 0.1  # score of advice whose rule names the fields that it lacks (spec 01 §4.6)
KEYS = ("person_id", "user", "project")
PLACE, JOB = "departement_id", "rome_id"


@cache
def regions() -> Mapping[str, str]:
    """Return the region of each département."""
    held = load_yaml(dict[str, list[str]], Path(__file__).with_name("regions.yaml"))
    return {departement: region for region, departements in held.items() for departement in departements}


@cache
def _figures(name: str) -> list[str]:
    """Return the inputs that are looked up anew where the place, or else the job, is another."""
    groups = ("market", "list") if name == PLACE else JOINED
    return [v.name for v in DICTIONARY.values() if v.group in groups]


@cache
def _triggers() -> Mapping[str, str]:
    """Return the published rule that each root is."""
    found = {f"advice {m.id}": m.trigger for m in advice_modules()}
    return found | {f"strategy {s.id}": s.trigger for s in strategies()}


def _outcome(raw: dict[str, Any]) -> Outcome:
    items: dict[str, dict[str, Text]] = {
        "main_challenge": {c.id: c.label for c in challenges()},
        "advice": {m.id: m.label for m in advice_modules()},
        "strategies": {s.id: Text(s.id, s.id) for s in strategies()},
    }
    return replace(load(Outcome, raw, "algorithm.yaml"), items=items.get(raw["id"], {}))


@dataclass(frozen=True, eq=False)
class Run(Result):
    """What each step of the pipeline found; all parts have one row a project, in the order of the people.

    Steps are run when something of them is asked for.
    """

    answer: Callable[[], pl.DataFrame] = field(init=False, repr=False)
    bob: Bob
    diagnosed: pl.DataFrame
    """The frame of ``Bob.diagnose``."""

    @lazyproperty
    def triggers(self) -> Evaluation:
        """The scores of advice and strategies."""
        scoring = {k: rule for k, rule in self.bob.roots.items() if k not in self.bob.diagnosis}
        return evaluate(scoring, self.known, keep=[JOB])

    @lazyproperty
    def advice(self) -> Ranking:
        """The ranking of advice."""
        failed = self.diagnosed["diagnosis_error"].is_not_null()
        stars = item_scores(self.triggers, [f"advice {k}" for k in self.bob.advice], failed)
        excludes = [(m.id, other) for m in advice_modules() for other in m.excludes]
        levels = []
        for k, rule in self.bob.advice.items():
            lacks = {LACKS_DATA} if f"advice {k}{STATUS}" in self.triggers.frame.columns else {}
            levels.append({0, *few, *lacks} if (few := constants(rule)) and len(few) < FEW else None)
        return rank(stars, list(self.bob.advice), excludes, levels=levels)

    @lazyproperty
    def proposed(self) -> pl.DataFrame:
        """The list columns of strategies."""
        from .strategies import propose

        names, scored = list(self.bob.strategies), self.triggers.frame
        points = scored.select(pl.col(f"strategy {k}").cast(pl.Float64) for k in names)
        main, overall = self.diagnosed["main_challenge"], self.diagnosed["overall_score"]
        return propose(main, overall, dict(zip(names, points, strict=True)), scored["job tips"], self.advice)

    @lazyproperty
    def answers(self) -> pl.DataFrame:
        """What all steps answer."""
        from .strategies import advice_lists

        ranked = advice_lists(self.advice, list(self.bob.advice))
        return pl.concat([self.diagnosed, ranked, self.proposed], how="horizontal")

    def column(self, name: str) -> pl.Series:
        """Return one column of the answers, without making those that are not asked for."""
        part = next((p for p in (self.diagnosed, self.proposed) if name in p.columns), None)
        return (self.answers if part is None else part)[name]

    def ranked(self, outcome: Outcome) -> tuple[np.typing.NDArray[np.int16], np.typing.NDArray[np.float64]]:
        """Return a list outcome as two tables; those of advice are decoded from the keys that were sorted."""
        if outcome.id != "advice":
            return super().ranked(outcome)
        keys = self.advice.sorted
        there = keys != 0
        return np.where(there, self.advice.item(keys), -1), np.where(there, self.advice.score(keys), 0.0)


@dataclass(frozen=True, eq=False)
class Bob(Algorithm):
    """Bob's published algorithm on one job market.

    Args:
        market: Any object with the two frames of ``bobanalysis.bob.Market``.
        roots: Every expression that is run.
        changes: What was changed, in words.
        only_diagnosis: Leave out advice and strategies.

    >>> bob = Bob(Market.empty())
    >>> bob.with_threshold("for-old(50)", 55).changes[0].en
    'In the rule for-old(50), the threshold 50 of age becomes 55.'
    """

    market: MarketLike = field(default_factory=lambda: _no_market())
    roots: Rules = field(default_factory=published_roots)
    changes: tuple[Text, ...] = ()
    only_diagnosis: bool = False

    id = "bob"
    title = Text(**ABOUT["title"])
    source = Source(
        Text(**ABOUT["source"]["name"]),
        f"{ABOUT['source']['repository']}/blob/{UPSTREAM_COMMIT}/{{source}}",
        UPSTREAM_COMMIT,
    )
    dictionary = DICTIONARY
    outcomes = tuple(_outcome(raw) for raw in ABOUT["outcomes"])
    input_roles = load(Inputs, ABOUT["inputs"], "algorithm.yaml")
    known_column = "market_known"
    questions = load(tuple[Questions, ...], ABOUT["questions"], "algorithm.yaml")
    start = MappingProxyType(ABOUT["start"])
    error_column = "diagnosis_error"
    records = RECORDS
    quirk_folder = Path(__file__).parents[3] / "data" / "quirks"

    # --- rules

    @property
    def rules(self) -> Mapping[str, PublishedRule]:  # type: ignore[override]
        """Every rule that has a fixed name, then the members of families in use."""
        return published_rules()

    def rule(self, name: str) -> PublishedRule:
        """Return a rule of the catalogue (families too) or a step of the diagnosis, by name."""
        if name in self.roots and name not in catalogue():
            return PublishedRule(name, self.roots[name], title=titles().get(name))
        return catalogue()[name]

    def root_rule(self, key: str) -> str:
        """Return the name of the published rule that a root is, or ""."""
        return _triggers().get(key, "")

    @cached_property
    def presentation(self) -> Presentation:
        """What the pages of Bob say."""
        from .presentation import BobPresentation

        return BobPresentation(self)

    def is_rule(self, node: Expr) -> bool:
        """Tell whether a node of an expression is a published rule, used by name."""
        return isinstance(node, Named) and node.name in catalogue()

    def used_rules(self) -> frozenset[str]:
        """Return the rules that the diagnosis, advice, strategies or the action plan reach."""
        return rules_in_use()

    def rule_status(self, name: str) -> str:
        """Tell by what a rule is reached: the pipeline, lists of contents picked outside it, or nothing."""
        return "contents" if name in content_rules() else super().rule_status(name)

    def listed_rules(self) -> list[str]:
        """Return ``rules``, those that lists of contents name, and an example of each idle family."""
        return [*dict.fromkeys([*self.rules, *sorted(content_rules()), *idle_families().values()])]

    def figures(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the market figures of the people's place and job."""
        names = [v.name for v in self.variables if v.group == "market"]
        return join(people.drop(n for n in names if n in people.columns), self.market, names).select(names)

    def titles(self) -> Mapping[str, Text]:
        """Return what to call in a text what rules name."""
        return titles()

    def is_active(self, root: str, rule: Expr) -> Expr:
        """Return the condition that a rule acts on a person; a challenge does where it needs attention."""
        if root.startswith("relevance_"):
            return rule == Relevance.NEEDS_ATTENTION
        return super().is_active(root, rule)

    def _part(self, start: str) -> Rules:
        return {k.removeprefix(start): rule for k, rule in self.roots.items() if k.startswith(start)}

    @cached_property
    def diagnosis(self) -> Rules:
        """The rules of the diagnosis, by the column that each one fills."""
        return {k: rule for k, rule in self.roots.items() if " " not in k}

    @cached_property
    def advice(self) -> Rules:
        """The rule that scores each piece of advice, by its id."""
        return self._part("advice ")

    @cached_property
    def strategies(self) -> Rules:
        """The rule that scores each strategy, by its id."""
        return self._part("strategy ")

    def blind_to(
        self, criterion: str, how: How = "neutral", reference: Operand | None = None, *, age: int = 40
    ) -> Bob:
        """Return Bob blind to age (read as at ``age``) or to place (the national market is read).

        Declared discrimination by age is an answer, not age, and stays; so does how far a person would go.
        See ``Algorithm.blind_to``.
        """
        read = age if criterion == "age" and reference is None else reference
        return super().blind_to(criterion, how, read)

    def reference(self, criterion: str, value: Operand | None = None) -> Reference:
        """Return how Bob is made blind to age or to place; see ``Algorithm.reference``."""
        if criterion not in ABOUT["blind"]:
            return super().reference(criterion, value)
        values: dict[str, Operand] = {"age": 40 if value is None else value}
        if criterion == "place":
            country = {"market_offers_per_10_candidates": _national_offers()}
            values = {**super().reference("place").values, **country}
        said = {
            k: {lang: t.format(value=value) for lang, t in texts.items()}
            for k, texts in ABOUT["blind"][criterion].items()
        }
        return Reference(values, Text(**said["neutral"]), Text(**said["dropped"]))

    # --- inputs

    @cached_property
    def variables(self) -> list[Variable]:
        """Every input that is read, and those by which market figures are looked up."""
        return self.reads(self._run_rules)

    @property
    def _run_rules(self) -> list[Expr]:
        return [*(self.diagnosis if self.only_diagnosis else self.roots).values()]

    def reads(self, rules: Iterable[Expr]) -> list[Variable]:
        """Add the inputs by which figures are looked up; whether the market is known is always told."""
        read, offers = inputs(*rules), DICTIONARY["market_offers_per_10_candidates"]
        read = read if offers in read else [*read, offers]
        keys = looked_up_by([v.name for v in read], self.market)
        return read + [k for k in keys if k not in read]

    def grid(self, variable: Variable) -> pl.DataFrame:
        """Return the values that a grid tries; the region follows from the département."""
        if variable.name == JOB:
            return self.market.jobs.select(JOB).sort(JOB)
        if variable.name != PLACE:
            return super().grid(variable)
        return pl.DataFrame(sorted(regions().items()), schema=[PLACE, "region_id"], orient="row")

    def followers(
        self, name: str, after: Any, row: Mapping[str, Any], columns: Collection[str]
    ) -> dict[str, Any]:
        """Return a change as columns, with what follows: another place or job has other figures."""
        found = {name: after}
        if name in (PLACE, JOB):
            found |= dict.fromkeys(_figures(name))
            if name == PLACE:
                found["region_id"] = regions().get(after, "")
            else:
                language, colon, _ = str(row.get("job_key", "")).rpartition(":")
                found |= {"code_ogr": "", "job_key": f"{language}{colon}{after}"}
        elif name == "search_length":
            gap = row["search_length_now"] - row["search_length"] if row["search_length"] >= 0 else 0
            found["search_length_now"] = after + gap if after >= 0 else -1.0
            found |= {"search_not_started": False} if after >= 0 else {}
        elif name == "search_not_started" and after:
            found |= {"search_length": -1.0, "search_length_now": -1.0}
        elif name in _CONTRACTS:
            found["num_employment_types"] = row["num_employment_types"] + (1 if after else -1)
        return {k: v for k, v in found.items() if k in columns or k == name}

    def can_change(self, variable: Variable) -> bool:
        """Tell whether a change of an input can be tried: of figures, those of the job and of its market."""
        tables = (self.market.local, self.market.jobs)
        return not variable.joined or any(variable.name in t.columns for t in tables)

    def adjust_changes(self, found: list[Change], row: Mapping[str, Any]) -> list[Change]:
        """Add the lengths of search, when signing up, that bring today's length to another threshold."""
        length = DICTIONARY["search_length"]
        if length.name not in row:
            return found
        own, today = row[length.name], row["search_length_now"]
        found = [c for c in found if c.variable is not length or c.after >= 0 or c.after == length.default]
        tried = {c.after for c in found if c.variable is length} | {own}
        since = today - (own if own >= 0 else 0)
        later = candidates(*self.roots.values(), person=row, among=["search_length_now"])
        whole = {True: math.floor, False: math.ceil}
        moved = [float(whole[c.after < today](c.after - since)) for c in later if c.after >= 0]
        new = [after for after in dict.fromkeys(moved) if after >= 0 and after not in tried]
        return found + [Change(length, own, after, abs(after - own)) for after in new]

    # --- run

    @property
    def diagnosis_only(self) -> Bob:
        """Bob without advice and strategies."""
        return replace(self, only_diagnosis=True)

    def diagnose(self, people: Any, *, strict: bool = True) -> Any:
        """Return the diagnosis of people: ``run`` without advice and strategies.

        Columns: ``person_id`` (if there is one), ``relevance_<challenge>`` (see ``Relevance``),
        ``main_challenge``, ``overall_row``, ``overall_score`` (0 to 100), ``market_known``, and
        ``diagnosis_error``: null, or what the published server would stop on (then the diagnosis is null).
        """
        return self.diagnosis_only.run(people, strict=strict)

    def compute(self, people: pl.DataFrame, rules: Iterable[Expr] = ()) -> Result:
        """Run the pipeline on validated people; see ``Algorithm.compute``."""
        if not self.only_diagnosis:
            return self.steps(people, rules)
        known, diagnosed = self._diagnosed(people, rules)
        return Result(known, lambda: diagnosed)

    def steps(self, people: pl.DataFrame, rules: Iterable[Expr] = ()) -> Run:
        """Run all steps on validated people; ``rules`` are further ones that will be read."""
        known, diagnosed = self._diagnosed(people, rules)
        return Run(known, self, diagnosed)

    def _diagnosed(self, people: pl.DataFrame, rules: Iterable[Expr]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Join the market, once, and diagnose; return what later rules read, and the diagnosis.

        Later rules read the main challenge of those too whose overall score could not be found: the published
        server has stored it by the time it stops (vectors, README).
        """
        rules = list(rules)
        read = self.reads([*self._run_rules, *rules]) if rules else self.variables
        known = join(people, self.market, [v.name for v in read])
        keep = [c for c in KEYS if c in known.columns]
        done = evaluate(self.diagnosis, known, keep=[*keep, "market_offers_per_10_candidates"])
        failed = pl.col("overall_score" + STATUS) != 0
        out = {c: pl.col(c) for c in self.diagnosis}
        ids = [row.id for row in overall_rows()]
        named = pl.lit(pl.Series(ids, dtype=pl.Enum(ids)))
        out["overall_row"] = named.gather(pl.col("overall_row").fill_null(0))
        diagnosed = done.frame.select(
            *keep,
            *(pl.when(~failed).then(value).alias(c) for c, value in out.items()),
            market_known=pl.col("market_offers_per_10_candidates") != 0,
            diagnosis_error=in_words(pl.col("overall_score" + STATUS), done.refusals),
        )
        before = pl.col("diagnostic_overall_score") if "diagnostic_overall_score" in known.columns else 0
        return known.with_columns(
            diagnostic_category=done.frame["main_challenge"],
            diagnostic_overall_score=pl.coalesce(diagnosed["overall_score"].cast(pl.Int32), before),
        ), diagnosed


_CONTRACTS = {v.name for v in DICTIONARY.sets["employment_types"].values()}


def _no_market() -> Market:
    warnings.warn(
        "Bob() has no market figures: every local market is unknown and nobody is told that it is stuck. "
        "Use Bob(recommenders.french_market()) for open figures, or Bob(Market.empty()) to say so.",
        stacklevel=3,
    )
    return Market.empty()


def _national_offers() -> Expr:
    """Return the offers for 10 candidates in the country, in whole numbers as documents hold them."""
    score = DICTIONARY.jg_national_market_score
    offers = (score * 10).round()
    return first_match(when(score == 0, 0), when(offers < 1, 1), otherwise=offers)


def item_scores(done: Evaluation, columns: Iterable[str], failed: pl.Series | None = None) -> list[pl.Series]:
    """Return the scores of items: 0.1 where its rule names what it lacks, null where it has none."""
    lacking = [k for k, r in enumerate(done.refusals, 1) if r.kind == "missing" and r.details]
    scores, lacks = [], pl.lit(LACKS_DATA, dtype=pl.Float64)  # beside scores of 32 bits, too
    for column in columns:
        score = pl.col(column)
        if column + STATUS in done.frame.columns:
            score = pl.when(pl.col(column + STATUS).is_in(lacking)).then(lacks).otherwise(score)
        if failed is not None and failed.any():
            score = pl.when(~failed).then(score)
        scores.append(score.alias(column))
    return done.frame.select(scores).get_columns()
