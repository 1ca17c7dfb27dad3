"""What the pages of Bob say: its steps, families of rules, uses in the configuration, stars and points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from bobanalysis.algorithm import PublishedRule
from bobanalysis.presentation import Presentation, RuleFamily, Use, Vocabulary
from bobanalysis.rules import Expr, Named, Text, Trace, Variable, inputs, is_condition
from bobanalysis.rules.expr import Cases
from bobanalysis.tables import load_yaml

from . import configuration
from .configuration import ABOUT
from .diagnosis import Relevance, challenges, diagnosis, overall_rows
from .market import _elsewhere as elsewhere
from .market import association_table, looked_up_by
from .rulebook import catalogue, titles
from .uses import content_rules, rules_in_use

TOP, HUNDRED = 3, 100  # rules score from 0 to 3 (spec 01 §4.1), strategies have up to 100 points
SAID: dict[str, Any] = ABOUT["pages"]


@cache
def _own_words() -> Vocabulary:
    words = load_yaml(dict[str, dict[str, Text]], Path(__file__).with_name("words.yaml"))
    affected = load_yaml(dict[str, dict[str, Any]], Path(__file__).with_name("affected.yaml"))
    words["affected"] = {name: Text(said["fr"], said["en"]) for name, said in affected.items()}
    return words | {"challenge": {c.id: c.label for c in challenges()}}


def strategy_title(id: str) -> Text:
    """Return the title of a strategy: by the longest start of its id that has one.

    >>> strategy_title("other-leads").en
    'Follow other leads'
    """
    known = _own_words()["strategies"]
    return known[max((start for start in known if id.startswith(start)), key=len)]


class BobPresentation(Presentation):
    """What the pages of Bob say."""

    roles = tuple(SAID["roles"])
    code_tables = MappingProxyType(SAID["code_tables"])
    assumed = MappingProxyType(SAID["assumed"])
    main_outcomes = tuple(SAID["main_outcomes"])
    always_told = tuple(SAID["always_told"])

    def __init__(self, algorithm: Any) -> None:
        """Present Bob."""
        super().__init__(algorithm)
        self.words = _own_words()
        self.reasons = configuration.reasons()
        self.families = tuple(
            RuleFamily(f.name, f.pattern.pattern, f.title, f.source, f.example) for f in catalogue().families
        )

    @cached_property
    def steps(self) -> Mapping[str, PublishedRule]:
        """The steps of the diagnosis that a reader sees."""
        at = SAID["step_sources"]
        return {
            name: PublishedRule(name, step, at.get(name, at["relevance"]), title=titles()[name])
            for name, step in diagnosis().items()
            if name != "overall_row"
        }

    def _uses(self) -> Iterator[tuple[str, Use]]:
        return ((name, use) for use, names in self._users() for name in names)

    def _users(self) -> Iterator[tuple[Use, Iterable[str]]]:
        """Iterate over what uses rules, with the rules that it names."""
        labels = {c.id: c.label for c in challenges()}
        for module in configuration.advice_modules():
            yield Use("advice", module.id, module.label), [module.trigger]
        for s in configuration.strategies():
            alive = not labels.keys().isdisjoint(s.challenges)
            yield Use("strategy", s.id, strategy_title(s.id), alive), [s.trigger]
        for challenge in challenges():
            if challenge.relevance:
                yield Use("relevance", challenge.id, challenge.label), [challenge.relevance]
            yield Use("challenge", challenge.id, challenge.label), challenge.filters
        for row in overall_rows():
            there = row.challenge in labels
            yield Use("overall", row.challenge, labels.get(row.challenge), there), row.filters
        for action in configuration.actions():
            yield Use("action", action.id), [action.trigger]
        for tips in configuration.job_advice():
            yield Use("tips", tips.id), tips.filters
        for public in configuration.association_publics():
            yield Use("public", public.id), public.filters
        for user, rule in self.algorithm.rules.items():
            yield Use("rule", user, alive=user in rules_in_use()), self.named_in(rule.expr)
        for step, rule in self.steps.items():
            yield Use("step", step), self.named_in(rule.expr)
        for listed in configuration.contents():
            yield (
                Use("contents", listed.id, listed.label),
                [f for own in listed.contents.values() for f in own],
            )
        for name in sorted(content_rules()):
            yield Use("rule", name, alive=False), self.named_in(catalogue()[name].expr)

    def _kinds(self, name: str) -> set[str]:
        return {use.kind for use in self.uses.get(name, ())}

    def role(self, name: str, rule: Expr) -> str:
        """Return the group of the index that a rule stands in."""
        if name in self.steps:
            return "diagnosis"
        if catalogue()[name].family:
            return "family"
        if name.startswith(("category-", "relevance-")) and name in rules_in_use():
            return "diagnosis"
        kinds = self._kinds(name)
        known = next((kind for kind in ("advice", "strategy") if kind in kinds), None)
        return known or ("condition" if is_condition(rule) else "score")

    def decides(self, name: str, rule: Expr, title: Text) -> tuple[str, Text]:
        """Return what a rule decides, and the title to put into it."""
        if name in ("main_challenge", "overall_score"):
            return name, title
        if name in self.steps:
            return "step", next(c.label for c in challenges() if c.column == name)
        if is_condition(rule):
            return "condition", title
        kinds = self._kinds(name)
        if "strategy" in kinds and catalogue()[name].family:
            kinds.discard("strategy")
        return next((k for k in ("advice", "strategy", "relevance") if k in kinds), "score"), title

    def answer(self, name: str, value: bool | float | str, plain: str, words: Any) -> str:
        """Say what a value of a rule means: stars, points, how a challenge stands."""
        if isinstance(value, str):
            return super().answer(name, value, plain, words)
        if name.startswith("relevance_") and name in self.steps:
            return str(words.name("relevance", str(int(value))))
        rule = self.steps.get(name) or catalogue()[name]
        kinds = set() if is_condition(rule.expr) else self._kinds(name)
        if "advice" in kinds:
            key = "none" if value == 0 else words.plural(value, "star", "stars")
        elif "strategy" in kinds:
            key = "points"
        else:
            return plain
        points = words.number(value * HUNDRED / TOP, 0 if value * HUNDRED % TOP == 0 else 1)
        return str(words.name("scores", key).format(n=plain, points=points, hundred=HUNDRED))

    # --- the letter to one person

    letter_template = "letter.html"
    whole_computations = False
    unpaired = frozenset({"strategies"})

    def label_of(self, outcome: str, item: str = "") -> Text:
        """Return what to call an outcome, or an item of a list."""
        return strategy_title(item) if outcome == "strategies" and item else super().label_of(outcome, item)

    def reads(self, outcome: str, item: str = "") -> list[str]:
        """Return the inputs that can alter an answer: those of its rule, and of what bears on it.

        On advice bears other advice that excludes it; on a strategy its pieces of advice; on rules that read
        a result of the diagnosis, the diagnosis. Inputs by which figures are looked up count.
        """
        bob = self.algorithm
        rules = [bob.roots[bob.outcome(outcome).root_of(item)]]
        if outcome == "advice":
            rules += [bob.advice[id] for id in _excluders(item)]
        if outcome == "strategies":
            plan = next(s for s in configuration.strategies() if s.id == item)
            pieces = [m.id for m in configuration.advice_modules() if m.id.startswith(plan.advice)]
            rules += [bob.advice[id] for piece in pieces for id in [piece, *_excluders(piece)]]
            rules += [bob.roots["job tips"], bob.advice["specific-to-job"]]
        found = inputs(*rules)
        if outcome in ("main_challenge", "strategies") or _DIAGNOSED & {v.name for v in found}:
            found += inputs(bob.roots["overall_score"])
        names = [v.name for v in found]
        names += [v.name for v in looked_up_by(names, bob.market)]
        if {"search_length", "search_length_now"} & {*names}:  # one question of the form: since when
            names += ["search_length", "search_not_started"]
        return [*dict.fromkeys(names)]

    def category(self, variable: Variable) -> str:
        """Return whose an input is; where to live and an outside service are told apart from other inputs."""
        if variable.name == "area_type":  # stands for a criterion, and the person chooses it all the same
            return "yours"
        return "figures" if variable.group == "service" else super().category(variable)

    def is_given(self, variable: Variable, row: Mapping[str, Any]) -> bool:
        """Tell whether an input was answered, or is known of everybody or of their job and place."""
        name, value = variable.name, row.get(variable.name)
        if value is None or self.unknown(variable, value) == "age":
            return False
        if name in SAID["counted"] or name in association_table().columns[1:]:
            return True
        if name == "search_not_started" and row.get("search_length", -1) >= 0:
            return True
        return value not in (variable.default, "")

    def unknown(self, variable: Variable, value: Any) -> str:
        """Return what a value says that the published code reads where there is no answer."""
        if variable.name == "age" and variable.maximum is not None and value > variable.maximum:
            return "age"
        if variable.name in ("search_length", "search_length_now") and value < 0:
            return "not started" if value == variable.default else "date"
        return "no figure" if variable.name == "market_median_salary" and not value else ""

    def stopped(self, person: Any) -> str:
        """Return what stopped: the choice of the challenge, or the score that goes with it."""
        chosen = person.trace(self.algorithm.roots["main_challenge"]).answered
        return "overall_score" if chosen else "main_challenge"

    def follows(self, outcome: str, item: str, values: Mapping[str, Any]) -> bool:
        """Tell whether an item is a strategy that only the person's main challenge leads to."""
        known = (s for s in configuration.strategies() if s.id == item and outcome == "strategies")
        return any(s.challenges == (values["main_challenge"],) for s in known)

    def letter(self, say: Any) -> dict[str, Any]:
        """Return what only the letter of Bob tells: each step, and the advice that is not given."""
        person, answers, bob = say.person, say.made.answers, self.algorithm
        advice, main = answers.values["advice"], answers.values["main_challenge"]
        scores = {id: _score(person.trace(rule)) for id, rule in bob.advice.items()}
        lost = [id for id, n in scores.items() if n > 0 and id not in advice and not answers.error]
        given = [m for m in configuration.advice_modules() if m.id in advice]
        refusal = person.trace(bob.roots["overall_score"]).refusal
        order = [c.id for c in challenges()]
        own = order.index(main) if main else 0
        return {
            "told": say.words.say(challenges()[own].told) if main else "",
            "stopped_by": "" if refusal is None else say.said(refusal),
            "steps": [
                {
                    "title": say.words.say(c.label),
                    "at": place - own,
                    "needs": person.trace(bob.roots[c.column]).value == Relevance.NEEDS_ATTENTION,
                    "reasons": say.conditions_of(c.column) if place < own else [],
                }
                for place, c in enumerate(challenges())
                if main
            ],
            "scored": sum(n != 0 for n in scores.values()),
            "advice_total": len(scores),
            "excluded": {id: [m.id for m in given if id in m.excludes] for id in lost},
            "not_given": [id for id in scores if id not in advice and id not in lost and not answers.error],
            "strategy_total": sum(main in s.challenges for s in configuration.strategies()),
            "who": [
                (v, say.value(v, person.row[v.name]) if self.is_given(v, person.row) else "")
                for v in (self.algorithm.dictionary[name] for name in self.always_told)
                if v.name in person.row
            ],
        }

    # --- the page where a reader tries the rules

    try_template, try_texts = "try.html", "try"
    try_scripts = ("profile.js", "jobs.js", "pipeline.js", "changes.js", "page.js")

    def try_data(self) -> dict[str, Any]:
        """Return the published tables that the pipeline reads, the defaults of all inputs, and the market."""
        read = inputs(*self.algorithm.roots.values())
        ids = {m.id for m in configuration.advice_modules()}
        pairs = [(o, m.id) for m in configuration.advice_modules() for o in m.excludes if o in ids - {m.id}]
        helped = association_table()
        served = [c for c in helped.columns if c in {v.name for v in read}]
        by_place = helped.select("departement_id", *served).rows()
        return {
            "challenges": [{"id": c.id, "column": c.column} for c in challenges()],
            "overall": [row.id for row in overall_rows()],
            "advice": [{"id": m.id} for m in configuration.advice_modules()],
            "excluded": [[id, [by for o, by in pairs if o == id]] for id in dict(pairs)],
            "strategies": [
                # pieces that no advice bears the name of can never be given
                {
                    "id": s.id,
                    "challenges": list(s.challenges),
                    "advice": [p for p in s.advice if any(id.startswith(p) for id in ids)],
                }
                for s in configuration.strategies()
            ],
            "tips": [list(tips.strategies) for tips in configuration.job_advice()],
            "defaults": {v.name: v.default for v in read} | {"departement_id": ""},
            "associations": {
                "columns": served,
                "rows": {place: counts for place, *counts in by_place},
                "elsewhere": [elsewhere()[c] for c in served],
            },
            "market": _market(self.algorithm.market, {v.name for v in read}),
            "start": dict(self.algorithm.start),
            **{name: ABOUT[name] for name in ("ages", "possible")},
        }

    def try_words(self, words: Any, codes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """Return what the page calls places, jobs, challenges, advice and strategies."""
        return {
            "places": codes["departement_id"],
            "jobs": codes["rome_id"],
            "challenges": {
                c.id: {k: words.say(getattr(c, k)) for k in ("label", "told")} for c in challenges()
            },
            "advice": {m.id: words.say(m.label) for m in configuration.advice_modules()},
            "strategies": {s.id: words.say(strategy_title(s.id)) for s in configuration.strategies()},
        }

    def row_names(self, name: str) -> Mapping[int, Text]:
        """Return what to call the rows of the overall score: they are chosen by the main challenge."""
        if name != "overall_score":
            return {}
        rule = self.steps[name].expr
        chosen = rule.item if isinstance(rule, Named) else rule
        assert isinstance(chosen, Cases)
        results = [*(row.result for row in chosen.rows), chosen.otherwise]
        said = _own_words()["rows"]["score"]
        return {
            id(result): Text(said.fr.format(c.label.fr), said.en.format(c.label.en))
            for result, c in zip(results, challenges(), strict=True)
        }

    @cached_property
    def titles(self) -> Mapping[str, Text]:
        """What to call rules, steps, missing fields, and a job that no rule names."""
        return {**titles(), "X9999": _own_words()["rows"]["any job"]}  # what a search tries for "another"


_DIAGNOSED = {"diagnostic_category", "diagnostic_overall_score"}


@cache
def _excluders(id: str) -> tuple[str, ...]:
    """Return the advice that, directly or not, decides whether an advice is excluded."""
    found: list[str] = []
    waiting = [id]
    while waiting:
        one = waiting.pop()
        modules = configuration.advice_modules()
        new = [m.id for m in modules if one in m.excludes and m.id not in (one, id, *found)]
        found += new
        waiting += new
    return tuple(found)


def _score(read: Trace) -> float:
    """Return the score of an advice rule, for its sign; a rule that names what it lacks has one above 0."""
    if read.refusal is None:
        return float(read.value)
    return 1.0 if read.refusal.kind == "missing" and read.refusal.details else 0.0


def _market(market: Any, read: set[str]) -> dict[str, Any]:
    """Reduce the market to what the rules read: a text of figures a job, in the order of the départements."""
    places = sorted(market.local["departement_id"].unique())
    columns = [c for c in market.local.columns if c in read - {"departement_id", "rome_id"}]
    at = {place: k for k, place in enumerate(places)}
    local: dict[str, dict[str, str]] = {c: {} for c in columns}
    for (job,), cells in sorted(market.local.partition_by("rome_id", as_dict=True).items()):
        for column in columns:
            texts = [""] * len(places)
            for place, value in cells.select("departement_id", column).iter_rows():
                texts[at[place]] = "" if value is None else str(value)
            local[column][str(job)] = ",".join(texts)
    known = [c for c in market.jobs.columns if c in read and c != "rome_id"]
    wide = market.jobs.sort("rome_id").with_columns(pl.col(pl.Float32).cast(pl.Float64))
    rows = {job: list(figures) for job, *figures in wide.select("rome_id", *known).rows()}
    return {"places": places, "local": local, "jobs": {"columns": known, "rows": rows}}
