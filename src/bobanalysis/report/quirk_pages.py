"""The page of quirks: what the published rules do otherwise than their names or texts say.

What their cases answer and whom they touch was recorded by notebook 13. Here the records of the algorithm are
put in words and in order for the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import polars as pl

from bobanalysis.algorithm import PublishedRule
from bobanalysis.audit import quirks as records
from bobanalysis.audit.quirks import Case, Quirk
from bobanalysis.audit.values import format_answer
from bobanalysis.fairness.intervals import wilson
from bobanalysis.fairness.metrics import MIN_GROUP
from bobanalysis.report import sheets
from bobanalysis.report.charts import region_names
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.report.sheet_pages import address
from bobanalysis.report.words import N_, Words, departement_names
from bobanalysis.rules import inputs, is_condition, sentence
from bobanalysis.rules.expr import Var

KNOWN_FROM_TABLES = ("without_local_non_profit", "exactly_at_the_bound", "rank_among_equals")
"""Affected people who are found by age, place and occupation alone: none of these is assumed."""
MARKS = {"age": ("age",), "place": ("place of residence",)}
"""Criteria that the page can be filtered by; the others are one class."""


def quirks(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of quirks shows: the records by concern, and what says their parts."""
    words, counted = page.words, page.rows_of("quirks.by_concern", "concern")
    every = sorted(records.quirks(page.algorithm).values(), key=partial(_rank, page))
    concerns = []
    for concern, name in words.names("concerns").items():
        entries = [quirk for quirk in every if quirk.concern == concern]
        counts = {k: words.number(n) for k, n in counted[concern][0].items() if k != "concern"}
        concerns.append({"id": concern, "name": name, "entries": entries, "counts": counts})
    return {
        "first": [quirk for quirk in every if quirk.first],
        "concerns": concerns,
        "classes": _classes,
        "whom": partial(_whom, page),
        "case_of": partial(_case, page),
        "rule_of": partial(_rule, page),
        "address": partial(address, published=sheets.citizen_questions()),
    }


def with_intervals(whom: pl.DataFrame, design_effect: float) -> pl.DataFrame:
    """Add intervals to what is counted of those whom quirks affect, and leave small groups out.

    Args:
        whom: as `audit.quirks.affected_shares` returns it.
        design_effect: of the population, by which people of equal weight are divided.

    Returns:
        quirk, touches, by, group, share, low and high (Wilson, 95 %; null where nothing is sampled), people,
        effective. A group of fewer people than `fairness.metrics.MIN_GROUP` has no share.

    >>> row = {"quirk": ["Q17"], "touches": ["told_to_move"], "by": ["all"], "group": ["all"]}
    >>> row |= {"share": [0.5], "people": [200], "effective": [200.0], "certain": [False]}
    >>> with_intervals(pl.DataFrame(row), 2.0).select(pl.col("low", "high").round(3)).row(0)
    (0.404, 0.596)
    """
    effective = whom["effective"] / design_effect
    low, high = wilson(whom["share"].fill_null(float("nan")), effective)
    shown = pl.col("people") >= MIN_GROUP
    sampled = shown & ~pl.col("certain") & pl.col("share").is_not_null()
    ends = {name: pl.when(sampled).then(pl.Series(end)) for name, end in (("low", low), ("high", high))}
    shares = {"share": pl.when(shown).then("share"), **ends}
    return whom.select("quirk", "touches", "by", "group", **shares, people="people", effective=effective)


def for_rule(page: PageRenderer, name: str) -> list[Quirk]:
    """Return the quirks of a published rule, or of a step of the pipeline, in the order of their page."""
    rule = _rule_called(page, name)
    own = rule.quirks if rule else ()
    found = [q for q in records.quirks(page.algorithm).values() if name in q.rules or q.id in own]
    concerns = [*page.words.names("concerns")]
    return sorted(found, key=lambda q: (concerns.index(q.concern), *_order(q)))


def _rank(page: PageRenderer, quirk: Quirk) -> tuple[Any, ...]:
    """Order quirks by the share of people whom they touch, the largest first; those without one come last."""
    share = next((row["share"] for row in _counted(page, quirk) if row["by"] == "all"), None)
    return (share is None, -(share or 0), *_order(quirk))


def _counted(page: PageRenderer, quirk: Quirk) -> list[dict[str, Any]]:
    """Return what was counted of those whom a quirk touches; nothing where nothing uses its rules."""
    return [] if _idle(page, quirk) else page.rows_of("quirks.touched", "quirk").get(quirk.id, [])


def _idle(page: PageRenderer, quirk: Quirk) -> bool:
    rules = [_rule_called(page, name) for name in quirk.rules]
    return bool(rules) and all(rule and page.algorithm.rule_status(rule.name) == "dead" for rule in rules)


def _order(quirk: Quirk) -> tuple[int, int]:
    """Order quirks by series, the main rules first, then by number."""
    return "QMCDO".index(quirk.id[0]), int(quirk.id[1:])


def _classes(quirk: Quirk) -> str:
    marks = [f"q-{mark}" for mark, criteria in MARKS.items() if {*criteria} & {*quirk.criteria}]
    others = {*quirk.criteria}.difference(*MARKS.values())
    return " ".join([*marks, *(["q-other"] if others else [])])


def _rule_called(page: PageRenderer, name: str) -> PublishedRule | None:
    step = name in page.algorithm.presentation.steps or not page.cards.knows(name)
    return None if step else page.algorithm.rule(name)


def _rule(page: PageRenderer, name: str) -> dict[str, str]:
    """Return what to call a rule or a step, and where its card is."""
    if rule := _rule_called(page, name):
        title = page.words.say(rule.title) or name
        return {"code": name, "title": title, "href": page.home + page.cards.path(name)}
    href = page.home + page.cards.path("main_challenge") if name == "diagnosis" else ""
    return {"code": "", "title": page.words.name("steps", name), "href": href}


# ---- whom it touches -------------------------------------------------------------------------------------


def _whom(page: PageRenderer, quirk: Quirk) -> dict[str, Any]:
    """Return the share of people whom a quirk touches, with its groups, or why nobody is counted."""
    words = page.words
    rows = [r for r in _counted(page, quirk) if r["share"] is not None]
    if _idle(page, quirk):
        return {"why": words._("Nobody: it stands in the published code, and nothing uses it.")}
    if not rows:
        return {"why": _why(page, quirk)}

    def shares(row: Mapping[str, Any]) -> tuple[str, str]:
        interval = "" if row["low"] is None else words.interval(row["low"], row["high"], "share")
        return words.quantity(row["share"], "share"), interval

    everybody = next(r for r in rows if r["by"] == "all")
    interval = shares(everybody)[1]
    groups = [
        {"name": name, "lines": [(_group(words, by, r["group"]), *shares(r)) for r in rows if r["by"] == by]}
        for by, name in (("age", words._("Age group")), ("region", words._("Region")))
    ]
    return {
        "share": page.cell("quirks.touched", "share", quirk=quirk.id, by="all", group="all"),
        "interval": interval,
        "row": everybody,
        "assumed": _assumed(page, quirk) if interval else [],
        "counts": words.name("affected", quirk.touches),
        "groups": groups if interval else [],  # what the code alone decides is the same in every group
    }


def _assumed(page: PageRenderer, quirk: Quirk) -> list[str]:
    """Name what its rules read and the modelled population holds by assumption only; all of it for a step."""
    if quirk.touches in KNOWN_FROM_TABLES:
        return []
    if not all(page.cards.knows(name) for name in quirk.rules):
        return [page.words._("all those that the whole computation reads")]
    read = [v for name in quirk.rules for v in page.cards.subject(name).read]
    return [page.words.say(label) for label in page.cards.assumed(read)]


def _why(page: PageRenderer, quirk: Quirk) -> str:
    reasons = page.rows_of("quirks.uncounted", "quirk")[quirk.id]
    if reasons[0]["reason"] == "said":
        return page.words.say(quirk.uncounted)
    why = page.words.name("uncounted", reasons[0]["reason"])
    lacking = [page.words.say(page.algorithm.dictionary[r["input"]].label) for r in reasons if r["input"]]
    return f"{why} {page.words.join(lacking)}." if lacking else why


def _group(words: Words, by: str, key: str) -> str:
    if by == "region":
        return words.polish(region_names()[key])
    low, _, high = key.rstrip("+").partition("-")
    band = N_("{low} to {high}") if high else N_("{low} and over")
    return words._(band).format(low=low, high=high)


# ---- cases in words --------------------------------------------------------------------------------------


def _case(page: PageRenderer, case: Case) -> dict[str, Any]:
    asked, answer = _asked(page, case.asks), _answer(page, case.asks)
    about = page.words.say(case.asks.get("about"))
    return {"about": about, "person": _person(page, case), "asked": asked, "answer": answer}


def _person(page: PageRenderer, case: Case) -> list[str]:
    """Put the person of a case in words, one phrase an input; empty where only its `about` tells."""
    if {"user", "suggestion"} & {*case.asks} or len(case.projects) > 1:
        return []
    (given,) = case.columns(page.algorithm.dictionary)
    phrases = [_input(page, name, value) for name, value in given.items()]
    if "age" in given or not _age_counts(page, case):
        return phrases or [page.words._("no answer to any question")]
    if phrases:
        return [page.words._("no year of birth"), *phrases]
    return [page.words._("no answer to any question, not even the year of birth")]


def _age_counts(page: PageRenderer, case: Case) -> bool:
    """Tell whether a lacking year of birth counts: the rule reads it, or a case of a step beside has it."""
    if rule := case.asks.get("rule"):
        known = _rule_called(page, rule)
        return known is not None and any(v.name == "age" for v in inputs(known.expr))
    others = records.quirks(page.algorithm)[case.quirk].asked
    return any("age" in given for other in others for given in other.columns(page.algorithm.dictionary))


def _input(page: PageRenderer, name: str, value: Any) -> str:
    """Say one answer of a person: the label of the input, its value in words."""
    variable, words = page.algorithm.dictionary[name], page.words
    if name == "diagnostic_category":
        said = words.quote(_challenge(page, value))
    elif name == "departement_id" and value in departement_names():
        said = f"{departement_names()[value]} ({value})"
    elif variable.kind == "enum" and not variable.choice(value):
        said = words.number(value)
    else:
        read = Var(variable)
        condition = (read if value else ~read) if variable.kind == "bool" else read == value
        return words.polish(sentence(condition, words.language))
    return words.polish(f"{variable.label.get(words.language)}{words._(':')} {said}")


def _challenge(page: PageRenderer, id: str) -> str:
    return page.words.say(page.algorithm.outcome("main_challenge").items[id])


def _asked(page: PageRenderer, asks: Mapping[str, Any]) -> dict[str, str]:
    """Say what a case asks for: a rule (with its published name), a step, a suggestion."""
    if rule := asks.get("rule"):
        return {"text": _rule(page, rule)["title"] if _rule_called(page, rule) else "", "code": rule}
    key = asks.get("step") or f"{asks['suggestion']} {asks.get('column', '')}".strip()
    return {"text": page.words.name("asked", key), "code": asks.get("strategy", "")}


def _answer(page: PageRenderer, asks: Mapping[str, Any]) -> str:
    """Say the answer of a case."""
    answer, step, words = asks["answer"], asks.get("step"), page.words
    if isinstance(answer, str | Mapping) and (told := _refused(page, format_answer(answer))):
        return told
    if step == "main_challenge":
        return words.quote(_challenge(page, answer))
    if step in ("advice", "strategy_advice"):
        labels = page.algorithm.outcome("advice").items
        return _joined(words, answer, lambda id: words.quote(words.say(labels[id])))
    if isinstance(answer, bool):
        return words._(N_("yes") if answer else N_("no"))
    if isinstance(answer, list):
        return _joined(words, answer, lambda item: _figure(words, item))
    score, rule = _figure(words, answer), asks.get("rule")
    if not rule:
        return score
    published = _rule_called(page, rule)
    if published and is_condition(published.expr) and answer in (0, 3):
        return words._(N_("yes: the filter lets pass") if answer else N_("no: the filter stops"))
    outcome, _ = page.algorithm.presentation.answered.get(rule, (None, ""))
    said = N_("score {n}")
    if outcome and outcome.id == "advice":
        said = N_("score {n}: the advice is given") if answer else N_("score {n}: the advice is not given")
    return words._(said).format(n=score)


def _refused(page: PageRenderer, said: str) -> str:
    words = page.words
    kind, _, details = said.partition(": ")
    if said == records.NO_RULE:
        return words._("no rule has this name")
    if kind == "error":
        return words._("the computation stops with an error ({name})").format(name=details)
    if kind != "missing":
        return ""
    if not details:
        return words._("no answer, for lack of data")
    known = page.algorithm.presentation.titles
    named = dict.fromkeys(words.quote(words.say(known[f])) if f in known else f for f in details.split(", "))
    return words._("no answer: {what} is missing").format(what=", ".join(named))


def _joined(words: Words, items: Iterable[Any], say: Callable[[Any], str]) -> str:
    return ", ".join(map(say, items)) or words._("nothing")


def _figure(words: Words, value: Any) -> str:
    """Write a number with the decimals that it has, two at most; a code as it is."""
    if value is None:
        return words._("empty")
    if not isinstance(value, int | float):
        return {"close": words._("close job")}.get(str(value), str(value))
    return words.number(value, len(f"{value:.2f}".rstrip("0").partition(".")[2]))
