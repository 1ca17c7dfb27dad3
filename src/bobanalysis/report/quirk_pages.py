"""The page of quirks: what the published rules do otherwise than their names or texts say.

Records stand in `data/quirks/`; what their cases answer and whom they touch was recorded by notebook 13. Here
they are put in words and in order for the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from bobanalysis.algorithm import PublishedRule
from bobanalysis.algorithms import bob_quirks as records
from bobanalysis.algorithms.bob_affected import AFFECTED
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

SIGNS = {"shown": "●", "read": "○"}
"""Signs of the evidence, beside its name."""
TABLES = ("quirks.verified", "quirks.answers", "quirks.touched", "quirks.uncounted", "quirks.by_concern")
"""What notebook 13 records for this page, to be downloaded from it."""


def quirks(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of quirks shows: the records by concern, and their counts."""
    where = page.where
    tables = {id: page.content.table(id, where) for id in TABLES}
    seen = _Recorded(
        page=page,
        got={(r["quirk"], int(r["case"])): r for r in tables["quirks.answers"].iter_rows(named=True)},
        touched=page.content.grouped("quirks.touched", "quirk", where),
        uncounted=page.content.grouped("quirks.uncounted", "quirk", where),
    )
    every = sorted(records.quirks().values(), key=_order)
    counts = {r["concern"]: r for r in tables["quirks.by_concern"].iter_rows(named=True)}
    return {
        "concerns": [
            {
                "id": concern,
                "name": name,
                "entries": [_entry(seen, q) for q in every if q.concern == concern],
                "counts": {k: page.words.number(counts[concern][k]) for k in ("shown", "read", "cases")},
            }
            for concern, name in page.words.names("concerns").items()
        ],
        "evidence": page.words.names("evidence"),
        "promised": page.words.names("promised"),
        "criteria": page.words.names("criteria"),
        "signs": SIGNS,
        "tables": TABLES,
    }


def with_intervals(whom: pl.DataFrame, design_effect: float) -> pl.DataFrame:
    """Add intervals to what `bob_quirks.touched` counts, and leave small groups out.

    Parameters: `whom`, as `touched` returns; `design_effect` of the population, by which people of equal
    weight are divided.
    Returns quirk, touches, by, group, share, low and high (Wilson, 95 %; null where nothing is sampled),
    people, effective. A group of fewer people than `fairness.metrics.MIN_GROUP` has no share.

    >>> row = {"quirk": ["Q17"], "touches": ["told_to_move"], "by": ["all"], "group": ["all"]}
    >>> row |= {"share": [0.5], "people": [200], "effective": [200.0], "certain": [False]}
    >>> with_intervals(pl.DataFrame(row), 2.0).select(pl.col("low", "high").round(3)).row(0)
    (0.404, 0.596)
    """
    effective = whom["effective"] / design_effect
    low, high = wilson(whom["share"].fill_null(float("nan")), effective)
    shown = pl.col("people") >= MIN_GROUP
    sampled = shown & ~pl.col("certain") & pl.col("share").is_not_null()
    return whom.select(
        *("quirk", "touches", "by", "group"),
        pl.when(shown).then("share").alias("share"),
        pl.when(sampled).then(pl.Series(low)).alias("low"),
        pl.when(sampled).then(pl.Series(high)).alias("high"),
        "people",
        effective.alias("effective"),
    )


def for_rule(page: PageRenderer, rule: str) -> list[dict[str, str]]:
    """List the quirks of a rule, for its card.

    Parameters: `page`, of the page that will show them; `rule`, a published name or a step of the pipeline
    (diagnosis, advice, strategies, actions).
    Returns, in the order of the page of quirks: `id`, `title`, `href` seen from the page, `evidence` (in
    words). A rule without quirks has an empty list.
    """
    known = _rule_called(page, rule)
    own = known.quirks if known else ()
    found = [q for q in records.quirks().values() if rule in q.rules or q.id in own]
    return [
        {
            "id": q.id,
            "title": page.words.say(q.title),
            "href": f"{page.home}quirks.html#{q.id}",
            "evidence": page.words.name("evidence", q.evidence),
        }
        for q in sorted(
            found, key=lambda q: (list(page.words.names("concerns")).index(q.concern), *_order(q))
        )
    ]


def _order(quirk: Quirk) -> tuple[int, int]:
    """Order quirks by series, the main rules first, then by number."""
    return "QMCDO".index(quirk.id[0]), int(quirk.id[1:])


@dataclass(frozen=True)
class _Recorded:
    """What notebook 13 recorded, by quirk, and the page that shows it."""

    page: PageRenderer
    got: Mapping[tuple[str, int], Mapping[str, Any]]
    touched: Mapping[str, Sequence[Mapping[str, Any]]]
    uncounted: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def words(self) -> Words:
        return self.page.words


def _entry(seen: _Recorded, quirk: Quirk) -> dict[str, Any]:
    sheet = sheets.citizen_questions()
    other = set(quirk.criteria) - {"age", "place of residence"}
    marks = ["age"] * ("age" in quirk.criteria) + ["place"] * ("place of residence" in quirk.criteria)
    return {
        "id": quirk.id,
        "evidence": quirk.evidence,
        "classes": " ".join(f"q-{m}" for m in [*marks, *(["other"] if other else [])]),
        "criteria": list(quirk.criteria),
        "promised_by": quirk.promised_by,
        **{k: seen.words.say(getattr(quirk, k)) for k in ("title", "promise", "published")},
        **{k: seen.words.say(getattr(quirk, k)) for k in ("repair", "unshown")},
        "cases": [_case(seen, c) for c in records.cases([quirk])],
        "whom": _whom(seen, quirk),
        "rules": [_rule(seen, name) for name in quirk.rules],
        "places": [
            {"name": locator, "href": address(locator, sheet.repository, sheet.commit)}
            for locator in quirk.source
        ],
    }


def _rule_called(page: PageRenderer, name: str) -> PublishedRule | None:
    if name in page.algorithm.presentation.steps or not page.cards.knows(name):
        return None
    rule: PublishedRule = page.algorithm.rule(name)
    return rule


def _rule(seen: _Recorded, name: str) -> dict[str, str]:
    page = seen.page
    if _rule_called(page, name):
        return {"code": name, "title": _title(seen, name), "href": page.home + page.cards.path(name)}
    href = page.home + page.cards.path("main_challenge") if name == "diagnosis" else ""
    return {"code": "", "title": seen.words.name("steps", name), "href": href}


def _title(seen: _Recorded, rule: str) -> str:
    return seen.words.say(seen.page.algorithm.rule(rule).title) or rule


# ---- whom it touches -------------------------------------------------------------------------------------


def _whom(seen: _Recorded, quirk: Quirk) -> dict[str, Any]:
    """Return the share of people whom a quirk touches, with its groups, or why nobody is counted."""
    rows = [r for r in seen.touched.get(quirk.id, ()) if r["share"] is not None]
    if not rows:
        reasons = seen.uncounted[quirk.id]
        reason = reasons[0]["reason"]
        lacking = [seen.page.algorithm.dictionary[r["input"]].label for r in reasons if r["input"]]
        why = seen.words.say(quirk.uncounted if reason == "said" else records.REASONS[reason])
        if lacking:
            why += " " + seen.words.join(seen.words.say(label) for label in lacking) + "."
        return {"why": why}
    share = seen.page.cell("quirks.touched", "share", quirk=quirk.id, by="all", group="all")
    groups = []
    for by, name in (
        ("age", seen.words._("Age group")),
        ("region", seen.words._("Region")),
    ):
        lines = [(_group(seen, by, r["group"]), *_shares(seen, r)) for r in rows if r["by"] == by]
        groups.append({"name": name, "lines": lines})
    whole = next(r for r in rows if r["by"] == "all")
    certain = AFFECTED[quirk.touches].certain
    return {
        "share": share,
        "interval": _shares(seen, whole)[1],
        "counts": seen.words.say(AFFECTED[quirk.touches].counts),
        "groups": [] if certain else groups,
    }


def _shares(seen: _Recorded, row: Mapping[str, Any]) -> tuple[str, str]:
    interval = "" if row["low"] is None else seen.words.interval(row["low"], row["high"], "share")
    return seen.words.quantity(row["share"], "share"), interval


def _group(seen: _Recorded, by: str, key: str) -> str:
    if by == "region":
        return seen.words.polish(region_names()[key])
    low, _, high = key.rstrip("+").partition("-")
    band = N_("{low} to {high}") if high else N_("{low} and over")
    return seen.words._(band).format(low=low, high=high)


# ---- cases in words --------------------------------------------------------------------------------------


def _case(seen: _Recorded, case: Case) -> dict[str, Any]:
    asks = case.asks
    got = seen.got[(case.quirk, case.number)]
    about = asks.get("about")
    return {
        "about": seen.words.polish(about[seen.words.language]) if about else "",
        "person": _person(seen, case),
        "asked": _asked(seen, asks),
        "answer": _answer(seen, asks),
        "got": got["got"] or "",
    }


def _person(seen: _Recorded, case: Case) -> list[str]:
    """Put the person of a case in words, one phrase an input; empty where only its `about` tells."""
    if "user" in case.asks or "suggestion" in case.asks:
        return []
    projects = records.projects(case)
    given = [records.columns(project, case) for project in projects]
    if len(given) > 1:
        return []
    phrases = [_input(seen, name, value) for name, value in given[0].items()]
    if phrases and _without_age(seen.page, case, given[0]):
        return [seen.words._("no year of birth"), *phrases]
    if _without_age(seen.page, case, given[0]):
        return [seen.words._("no answer to any question, not even the year of birth")]
    return phrases or [seen.words._("no answer to any question")]


def _without_age(page: PageRenderer, case: Case, given: Mapping[str, Any]) -> bool:
    """Tell whether a year of birth is lacking where it counts: the rule reads it, or a case beside has it."""
    rule = case.asks.get("rule", "")
    known = _rule_called(page, rule)
    reads = known is not None and any(v.name == "age" for v in inputs(known.expr))
    others = records.cases([records.quirks()[case.quirk]])
    said = any("age" in columns for other in others for columns in records.projects(other))
    return "age" not in given and (reads or (not rule and said))


def _input(seen: _Recorded, name: str, value: Any) -> str:
    """Say one answer of a person: the label of the input, its value in words."""
    variable, language = seen.page.algorithm.dictionary[name], seen.words.language
    text = f"{variable.label.get(language)}{seen.words._(':')} "
    if name == "diagnostic_category":
        return seen.words.polish(f"{text}{seen.words.quote(_challenge(seen, value))}")
    if name == "departement_id" and value in departement_names():
        return seen.words.polish(f"{text}{departement_names()[value]} ({value})")
    if variable.kind == "enum" and not variable.choice(value):
        return seen.words.polish(f"{text}{seen.words.number(value)}")
    read = Var(variable)
    condition = (read if value else ~read) if variable.kind == "bool" else read == value
    return seen.words.polish(sentence(condition, language))


def _challenge(seen: _Recorded, id: str) -> str:
    return seen.words.say(seen.page.algorithm.outcome("main_challenge").items[id])


def _asked(seen: _Recorded, asks: Mapping[str, Any]) -> dict[str, str]:
    """Say what a case asks for: a rule (with its published name), a step, a suggestion."""
    if rule := asks.get("rule"):
        return {"text": _title(seen, rule) if _rule_called(seen.page, rule) else "", "code": rule}
    if function := asks.get("suggestion"):
        return {"text": seen.words.name("asked", f"{function} {asks.get('column', '')}".strip()), "code": ""}
    return {"text": seen.words.name("asked", asks["step"]), "code": asks.get("strategy", "")}


def _answer(seen: _Recorded, asks: Mapping[str, Any]) -> str:
    """Say the answer of a case."""
    answer = asks["answer"]
    if isinstance(answer, str | Mapping) and (told := _refused(seen, format_answer(answer))):
        return told
    if asks.get("step") == "main_challenge":
        return seen.words.quote(_challenge(seen, answer))
    if asks.get("step") in ("advice", "strategy_advice"):
        labels = seen.page.algorithm.outcome("advice").items
        return _joined(seen, answer, lambda id: seen.words.quote(seen.words.say(labels[id])))
    if isinstance(answer, bool):
        return seen.words._(N_("yes") if answer else N_("no"))
    if isinstance(answer, list):
        return _joined(seen, answer, lambda item: _figure(seen, item))
    rule = asks.get("rule", "")
    published = _rule_called(seen.page, rule) if rule else None
    if published and is_condition(published.expr) and answer in (0, 3):
        return seen.words._(N_("yes: the filter lets pass") if answer else N_("no: the filter stops"))
    score = _figure(seen, answer)
    answered = seen.page.algorithm.presentation.answered(rule)
    if answered and answered[0].id == "advice":
        known = N_("score {n}: the advice is given") if answer else N_("score {n}: the advice is not given")
        return seen.words._(known).format(n=score)
    return seen.words._("score {n}").format(n=score) if rule else score


def _refused(seen: _Recorded, said: str) -> str:
    kind, _, details = said.partition(": ")
    if said == records.NO_RULE:
        return seen.words._("no rule has this name")
    if kind == "error":
        return seen.words._("the computation stops with an error ({name})").format(name=details)
    if kind != "missing" and said != "missing: ":
        return ""
    if not details:
        return seen.words._("no answer, for lack of data")
    known = seen.page.algorithm.presentation.titles
    named = [seen.words.quote(seen.words.say(known[f])) if f in known else f for f in details.split(", ")]
    lacking = ", ".join(dict.fromkeys(named))
    return seen.words._("no answer: {what} is missing").format(what=lacking)


def _joined(seen: _Recorded, items: Iterable[Any], say: Callable[[Any], str]) -> str:
    return ", ".join(map(say, items)) or seen.words._("nothing")


def _figure(seen: _Recorded, value: Any) -> str:
    """Write a number with the decimals that it has, two at most; a code as it is."""
    if value is None:
        return seen.words._("empty")
    if not isinstance(value, int | float):
        return {"close": seen.words._("close job")}.get(str(value), str(value))
    decimals = len(f"{value:.2f}".rstrip("0").partition(".")[2])
    return seen.words.number(value, decimals)
