"""The cards of the rules, one page a rule (patterns: one page a family), and their index.

What a card says is generated from the expression that runs (`rules.sheet`, `rules.limits`), from the data
dictionary and from the published configuration; on whom a rule acts, and the people whom its thresholds part,
come from notebook 13 like every other figure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from markupsafe import Markup, escape

from bobanalysis.bob import DICTIONARY, UPSTREAM_COMMIT, Family, catalogue, configuration, titles
from bobanalysis.bob.diagnosis import challenges
from bobanalysis.population import scenarios
from bobanalysis.recommenders.conditions import content_rules
from bobanalysis.recommenders.reach import EVERYBODY, NO_JOB_GROUP
from bobanalysis.report import tryit
from bobanalysis.report.quirk_pages import for_rule
from bobanalysis.report.renderer import Page, PageRenderer
from bobanalysis.report.subjects import (
    Subject,
    Use,
    card_path,
    example,
    members,
    named_in,
    slug,
    spelt,
    status,
    step_source,
    steps,
    subjects,
    uses,
)
from bobanalysis.report.words import N_, Words
from bobanalysis.rules import (
    Clause,
    Expr,
    Named,
    Refuse,
    Text,
    Variable,
    input_text,
    is_condition,
    limits,
    sentence,
    sheet,
    value_text,
    walk,
)
from bobanalysis.rules.explain import quoted
from bobanalysis.rules.expr import Cases

REPOSITORY = "https://github.com/bayesimpact/bob-emploi"
TOP, HUNDRED = 3, 100
"""Rules score from 0 to 3 (specification 01, section 4.1); strategies have up to 100 points."""


ASSUMED = {
    "total_interview_count": "interviews_per_month",
    "jg_requires_diploma": "requires_diploma",
    "jg_hires_mainly_through_network": "hires_through_network",
}
"""Inputs whose assumption bears another name in the scenarios of the population."""
STARS = (N_("{n} star"), N_("{n} stars"))
SHOWN_PAIRS = 4
"""Pairs of people that a card shows at once; the others are folded."""

_NUMBER = Variable("value", "float", Text("", ""), 0)
_MENTION = re.compile("\ue000(\\d+)\ue001([^\ue002]*)\ue002")


# ---- pages -----------------------------------------------------------------------------------------------

SECTION = N_("The rules")


@cache
def pages() -> tuple[Page, ...]:
    """Return the page of each card: steps, rules with a fixed name, families."""

    alone = [s for s in subjects().values() if s.role != "family"]
    made = [Page(f"rules/{slug(s.name)}", "", SECTION, partial(one, s.name), "rule.html") for s in alone]
    made += [
        Page(f"rules/{slug(f.name)}", "", SECTION, partial(family, f), "rule_family.html")
        for f in catalogue().families
    ]
    return tuple(made)


def one(name: str, page: PageRenderer) -> dict[str, Any]:
    """Return what the card of a rule or of a step shows."""
    return {"rule": _Card(page, subjects()[name]).told(), **_common(page)}


def family(of: Family, page: PageRenderer) -> dict[str, Any]:
    """Return what the card of a family shows: what its rules have in common, and each one in use."""
    own = members(of)
    told = own or [example(of)]
    listed = sorted(n for n in content_rules() if catalogue()[n].family == of.pattern.pattern)
    return {
        "family": {
            "title": page.words.polish(of.title.get(page.words.language)),  # type: ignore[arg-type]
            "pattern": of.name,
            "status": "use" if own else "contents" if listed else "dead",
            "source": source_link(of.source),
            "in_use": page.words.number(len(own)),
            "listed": [_Card(page, _plain(n)).title() for n in listed if n not in own],
            "example": not own,
        },
        "members": [_Card(page, subjects()[n]).told() for n in told],
        **_common(page),
    }


def _plain(name: str) -> Subject:
    model = catalogue()[name]
    return Subject(name, model.expr, spelt(model.title or Text(name, name)), "family", status(name))


def _common(page: PageRenderer) -> dict[str, Any]:
    return {
        "statuses": page.words.names("status"),
        "reach_table": page.table_facts("rules.reach"),
        "pair_table": page.table_facts("rules.pairs"),
        "commit": UPSTREAM_COMMIT,
    }


def index(page: PageRenderer) -> dict[str, Any]:
    """Return what the index shows: every card by group, with what its rule reads and whether it is used."""
    lang: Any = page.words.language
    groups: dict[str, list[dict[str, Any]]] = {role: [] for role in page.words.names("roles")}
    for s in subjects().values():
        if s.role != "family":
            groups[s.role].append(_entry(page, s.name, s.title.get(lang), s.status, s.inputs))
    for f in catalogue().families:
        own = members(f)
        read = {v: None for n in (own or [example(f)]) for v in subjects()[n].inputs}
        listed = any(catalogue()[n].family == f.pattern.pattern for n in content_rules())
        status = "use" if own else "contents" if listed else "dead"
        entry = _entry(page, f.name, f.title.get(lang), status, read)
        groups["family"].append({**entry, "count": page.words.number(len(own)) if own else ""})
    return {
        "groups": [
            {"id": role, "title": page.words.name("roles", role), "entries": own}
            for role, own in groups.items()
        ],
        "criteria": {_key(c): name for c, name in page.words.names("criteria").items()},
        **_common(page),
    }


def _entry(
    page: PageRenderer, name: str, title: str, status: str, read: Iterable[Variable]
) -> dict[str, Any]:
    criteria = dict.fromkeys(v.protected.criterion for v in read if v.protected)
    return {
        "name": name,
        "href": card_path(name),
        "title": page.words.polish(title),
        "status": status,
        "count": "",
        "criteria": [
            {"key": _key(c), "name": name}
            for c, name in page.words.names("criteria").items()
            if c in criteria
        ],
    }


def _key(criterion: str) -> str:
    return criterion.split()[0]


def card_link(page: PageRenderer, name: str) -> Markup:
    """Return a link to the card of a rule, with its title; the title alone where it has no card."""
    lang: Any = page.words.language
    title = subjects()[name].title if name in subjects() else catalogue()[name].title or Text(name, name)
    text = page.words.polish(title.get(lang))
    if name not in subjects():
        return escape(text)
    return Markup('<a href="{}{}">{}</a>').format(page.home, card_path(name), text)


def over_scales(words: Words, row: Mapping[str, Any]) -> str:
    """Return the lowest and highest share over the scales of the market; empty where they read alike."""
    if row["lowest"] is None:
        return ""
    ends = [words.quantity(row[end], "share") for end in ("lowest", "highest")]
    return "" if ends[0] == ends[1] else words.interval(row["lowest"], row["highest"], "share")


def source_link(source: str) -> dict[str, str]:
    """Return a place in the published code: its name, and its address at the audited commit."""
    return {"name": source, "href": f"{REPOSITORY}/blob/{UPSTREAM_COMMIT}/{source}"}


# ---- one card --------------------------------------------------------------------------------------------


class _Card:
    """Tells one subject in the language of a page."""

    def __init__(self, page: PageRenderer, subject: Subject) -> None:
        self.page, self.words, self.subject = page, page.words, subject
        self.lang: Any = page.words.language
        self.id = slug(subject.name)
        self._mentions: list[str] = []

    def told(self) -> dict[str, Any]:
        """Return the parts of the card, ready to be shown."""
        s = self.subject
        model = catalogue()[s.name] if s.role != "diagnosis" or s.name in catalogue() else None
        source = model.source if model else step_source(s.name)
        return {
            **self.title(),
            "lead": self._decides(),
            "status": s.status,
            "uses": self._uses(),
            "tables": self._tables(),
            "inputs": self._inputs(),
            "criteria": self._criteria(),
            "own_limits": self._limits(s.rule, set(named_in(s.rule))),
            "other_limits": self._other_limits(),
            "source": source_link(source),
            "reach": self._reach(),
            "pairs": self._pairs(),
            "quirks": self._quirks(),
        }

    def title(self) -> dict[str, str]:
        """Return name, anchor, title and address."""
        title = self.words.polish(self.subject.title.get(self.lang))
        return {
            "name": self.subject.name,
            "id": self.id,
            "title": title[:1].upper() + title[1:],
            "href": card_path(self.subject.name),
        }

    # -- what it decides

    def _decides(self) -> str:
        s = self.subject
        used = {use.kind for use in uses().get(s.name, ())}
        title = s.title.get(self.lang)
        if s.name in ("main_challenge", "overall_score"):
            key = s.name
        elif s.name in steps():
            key = "step"
            title = next(c.label for c in challenges() if c.column == s.name).get(self.lang)
        elif is_condition(s.rule):
            key = "condition"
        elif "advice" in used:
            key = "advice"
        elif "strategy" in used and s.role != "family":
            key = "strategy"
        else:
            key = "relevance" if "relevance" in used else "score"
        text = self.words.name("decides", key)
        return text.format(title=self.words.polish(title), zero=0, top=TOP, hundred=HUNDRED)

    def _uses(self) -> list[Markup]:
        s, _ = self.subject, self.words._
        own = uses().get(s.name, ())
        advice = {m.id: m.label for m in configuration.advice_modules()}
        labels = {c.id: c.label for c in challenges()}
        contents = {c.id: c.label for c in configuration.contents()}

        def named(kind: str, texts: Mapping[str, Text], alive: bool = True) -> list[str]:
            found = [u.what for u in own if u.kind == kind and u.alive is alive and u.what in texts]
            return list(dict.fromkeys(self.words.polish(texts[w].get(self.lang)) for w in found))

        def lines(text: str, things: Sequence[str]) -> list[Markup]:
            return [escape(text.format(list=self._quoted(things)))] if things else []

        found = lines(_("It scores the advice {list}."), named("advice", advice))
        for alive, text in (
            (True, _("It gives points to these strategies: {list}.")),
            (False, _("It gives points to strategies of a challenge that does not exist: {list}.")),
        ):
            found += lines(text, self._strategies(own, alive))
        for kind, text in (
            ("challenge", _("It is a condition of these main challenges: {list}.")),
            ("relevance", _("It says whether these challenges are worth talking of: {list}.")),
            ("overall", _("It helps to choose the overall score where the main challenge is: {list}.")),
        ):
            found += lines(text, named(kind, labels))
        for kind, text in (
            ("action", _("It scores templates of the action plan: {n}.")),
            ("tips", _("It chooses lists of tips for an occupation: {n}.")),
            ("public", _("It helps to tell for whom a non-profit is, in descriptions of such publics: {n}.")),
        ):
            if count := sum(u.kind == kind for u in own):
                found.append(escape(text.format(n=self.words.number(count))))
        for alive, text in (
            (True, _("These rules read it: {list}.")),
            (False, _("These rules, which nothing uses, read it: {list}.")),
        ):
            readers = [u.what for u in own if u.kind == "rule" and u.alive is alive and u.what in subjects()]
            if readers:
                found.append(escape(text).format(list=Markup(", ").join(map(self._link, readers))))
        readers = [step for step in steps() if s.name in named_in(steps()[step])]
        if readers:
            text = escape(_("These steps of the diagnosis read it: {list}."))
            found.append(text.format(list=Markup(", ").join(map(self._link, readers))))
        return found + lines(
            _("It chooses contents outside the ranking: {list}."), named("contents", contents)
        )

    def _strategies(self, own: Iterable[Use], alive: bool) -> list[str]:
        ids = [u.what for u in own if u.kind == "strategy" and u.alive is alive]
        return list(dict.fromkeys(tryit.strategy_title(i, self.words) for i in ids))

    def _quoted(self, things: Iterable[str]) -> str:
        return ", ".join(quoted(thing, self.lang) for thing in things)

    def _link(self, name: str) -> Markup:
        return card_link(self.page, name)

    # -- decision tables

    def _tables(self) -> list[dict[str, Any]]:
        rule = self.subject.rule
        named = {n.name for n in walk(rule) if isinstance(n, Named)}
        local = {name for name in named if name not in catalogue() and name not in steps()}
        names = _rows_by_challenge(rule) if self.subject.name == "overall_score" else {}
        told = sheet(rule, self.lang, _all_titles(), refer=self._refer, local=local, names=names)
        tables = [
            {"id": f"{self.id}-table", "title": "", "adds": False, "rows": self._rows(told.cases, True)}
        ]
        for part in told.parts:
            rows = self._rows(part.cases, False)
            title = self._html(part.title)
            tables.append({"id": self._anchor(part.key), "title": title, "adds": part.adds, "rows": rows})
        return tables

    def _rows(self, cases: Iterable[Any], answers: bool) -> list[dict[str, Any]]:
        reasons = configuration.reasons()
        return [
            {
                "condition": None if case.condition is None else self._clause(case.condition),
                "result": self._result(case, answers),
                "because": [
                    self.words.polish(reasons[code].get(self.lang))
                    for code in case.because
                    if code in reasons
                ],
            }
            for case in cases
        ]

    def _refer(self, name: str, title: str) -> str:
        self._mentions.append(name)
        return f"\ue000{len(self._mentions) - 1}\ue001{title}\ue002"

    def _anchor(self, key: str) -> str:
        return f"{self.id}-{slug(key)}"

    def _html(self, text: str) -> Markup:
        """Escape a text and turn mentions of rules and of computations into links."""

        def link(match: re.Match[str]) -> str:
            name = self._mentions[int(match[1])]
            if name in catalogue() or name in steps():
                href = f"{self.page.home}{card_path(name)}"
                if name not in subjects() and not catalogue()[name].family:
                    return match[2]
            else:
                href = f"#{self._anchor(name)}"
            return f'<a href="{href}">{match[2]}</a>'

        return Markup(_MENTION.sub(link, str(escape(self.words.polish(text)))))

    def _clause(self, clause: Clause) -> Markup:
        if clause.text:
            return self._html(clause.text)
        head = self.words._("all of this:") if clause.how == "all" else self.words._("at least one of these:")
        parts = Markup("").join(Markup("<li>{}</li>").format(self._clause(p)) for p in clause.parts)
        return Markup('<span class="how">{}</span><ul class="{}">{}</ul>').format(head, clause.how, parts)

    def _result(self, case: Any, answers: bool) -> Markup:
        value = case.value
        if value is None or isinstance(value, bool) or not answers:
            return self._html(case.result)
        return escape(self._said(value, case.result))

    def _said(self, value: float | str, plain: str) -> str:
        """Say what a value of the rule means: stars, points, how a challenge stands."""
        s, _ = self.subject, self.words._
        if isinstance(value, str):
            return self.words.polish(_all_titles()[value].get(self.lang) if value in _all_titles() else value)
        if s.name in steps() and s.name.startswith("relevance_"):
            return self.words.name("relevance", str(int(value)))
        kinds = {use.kind for use in uses().get(s.name, ())}
        if "advice" in kinds and not is_condition(s.rule):
            if value == 0:
                return _("{n}: not given").format(n=plain)
            return self.words.ngettext(*STARS, value).format(n=plain)
        if "strategy" in kinds and not is_condition(s.rule):
            points = self.words.number(value * HUNDRED / TOP, 0 if value * HUNDRED % TOP == 0 else 1)
            return _("{n}, that is {points} points out of {hundred}").format(
                n=plain, points=points, hundred=HUNDRED
            )
        return plain

    # -- what it reads

    def _inputs(self) -> list[dict[str, Any]]:
        """Return what the rule reads; the answers to one question, or the figures of one table, together."""
        found: dict[tuple[str, ...], list[Variable]] = {}
        for v in self.subject.inputs:
            head = v.label.get(self.lang).partition(" : " if self.lang == "fr" else ": ")[0]
            how = (v.protected.criterion, v.protected.how) if v.protected else ()
            found.setdefault((head, v.group, v.path, v.note.en if v.note else "", *how), []).append(v)
        return [self._input(head, own) for (head, *_), own in found.items()]

    def _input(self, head: str, own: Sequence[Variable]) -> dict[str, Any]:
        first = own[0]
        protected = first.protected
        parted = [v.label.get(self.lang).partition(" : " if self.lang == "fr" else ": ")[2] for v in own]
        return {
            "names": " ".join(v.name for v in own),
            "label": self._capital(head),
            "parts": [self.words.polish(part) for part in parted if part],
            "origin": self.words.name("origins", first.group),
            "path": first.path,
            "note": self.words.polish(first.note.get(self.lang) if first.note else ""),
            "criterion": self.words.name("criteria", protected.criterion) if protected else "",
            "how": self.words.name("hows", protected.how) if protected else "",
        }

    def _capital(self, text: str) -> str:
        text = self.words.polish(text)
        return text[:1].upper() + text[1:]

    def _criteria(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, None]] = {}
        for v in self.subject.inputs:
            if v.protected:
                found.setdefault(v.protected.criterion, {})[v.protected.how] = None
        return [
            {
                "key": _key(c),
                "name": name,
                "hows": [text for how, text in self.words.names("hows").items() if how in found[c]],
            }
            for c, name in self.words.names("criteria").items()
            if c in found
        ]

    def _limits(self, rule: Expr, leave: set[str]) -> list[dict[str, Any]]:
        """Return the fixed values that a rule compares with, by input, as texts."""
        found: dict[str, dict[str, None]] = {}
        inner = rule.item if isinstance(rule, Named) else rule
        for limit in limits(inner, self.lang, _all_titles(), leave):
            label = input_text(limit.variable, self.lang) if limit.variable else ""
            text = self.words.polish(limit.text) if label else self._capital(limit.text)
            found.setdefault(self._capital(label), {})[text] = None
        return [{"label": label, "texts": list(texts)} for label, texts in found.items()]

    def _other_limits(self) -> list[dict[str, Any]]:
        """Return the values that the rules named by this one compare with, each rule once."""
        found: dict[str, None] = {}
        waiting = list(named_in(self.subject.rule))
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += named_in(_rule(name))
        return [
            {"rule": self._link(name), "limits": own}
            for name in found
            if (own := self._limits(_rule(name), set(named_in(_rule(name)))))
        ]

    # -- on whom it acts

    def _reach(self) -> dict[str, Any] | None:
        rows = self.page.rows_of("rules.reach").get(self.subject.name)
        if not rows:
            return None
        rows = [r for r in rows if r["share"] is not None]
        lacking = self.page.rows_of("rules.not_held").get(self.subject.name, [])
        top = _ceiling(max((r["high"] for r in rows), default=1.0))
        groups: dict[str, list[dict[str, Any]]] = {"age": [], "region": []}
        for r in rows:
            if r["by"] != EVERYBODY:
                groups[r["by"]].append(self._bar(r, top))
        everybody = next(r for r in rows if r["by"] == EVERYBODY)
        return {
            "share": self.words.quantity(everybody["share"], "share"),
            "interval": self.words.interval(everybody["low"], everybody["high"], "share"),
            "nobody": everybody["highest"] == 0,
            "scales": over_scales(self.words, everybody),
            "people": self.words.number(everybody["people"]),
            "lacks": [self.words.polish(input_text(DICTIONARY[r["input"]], self.lang)) for r in lacking],
            "assumed": self._assumed(),
            "top": self.words.quantity(top, "share"),
            **groups,
        }

    def _assumed(self) -> list[str]:
        """Return the answers that the rule reads and the modelled population holds by assumption only."""
        labels = scenarios.labels()
        read = (ASSUMED.get(v.name, v.name) for v in self.subject.inputs)
        names = ("frustrations" if name.startswith("frustration_") else name for name in read)
        return list(dict.fromkeys(self.words.polish(labels[n][self.lang]) for n in names if n in labels))

    def _bar(self, row: Mapping[str, Any], top: float) -> dict[str, Any]:
        scale = 100 / top
        return {
            "label": self._group(row["by"], row["group"]),
            "share": self.words.quantity(row["share"], "share"),
            "interval": self.words.interval(row["low"], row["high"], "share"),
            "at": round(row["share"] * scale, 1),
            "low": round(row["low"] * scale, 1),
            "width": round(max((row["high"] - row["low"]) * scale, 0.6), 1),
        }

    def _group(self, by: str, group: str) -> str:
        if by == "region":
            return self.words.polish(_regions()[group])
        first, _, last = group.partition("-")
        if last:
            return self.words._("{first} to {last} years").format(first=first, last=last)
        return self.words._("{first} years or more").format(first=group.removesuffix("+"))

    # -- people on both sides of a threshold

    def _pairs(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        without: list[dict[str, str]] = []
        for row in self.page.rows_of("rules.pairs").get(self.subject.name, []):
            variable = DICTIONARY[row["variable"]]
            if row["answer_below"] is None:
                label = self._capital(input_text(variable, self.lang))
                without.append({"label": label, "why": self.words.name("no_pair", row["person"])})
                continue
            common = json.loads(row["person"])
            below, above = (self._value(variable, row[side]) for side in ("below", "above"))
            found.append(
                {
                    "label": self._capital(input_text(variable, self.lang)),
                    "order": _telling(variable),
                    "below": below,
                    "above": above,
                    "told_below": self._answer(row["answer_below"]),
                    "told_above": self._answer(row["answer_above"]),
                    "common": [self._fact(name, value) for name, value in common.items()],
                }
            )
        unique = list({json.dumps(p, sort_keys=True): p for p in found}.values())
        unique.sort(key=lambda pair: int(pair["order"]))
        return {"shown": unique[:SHOWN_PAIRS], "folded": unique[SHOWN_PAIRS:], "without": without}

    def _value(self, variable: Variable, text: str | None) -> str:
        value: Any = text or ""
        if variable.kind == "bool":
            value = text == "true"
        elif variable.kind != "text":
            value = float(value)
            value = int(value) if value.is_integer() else value
        if variable.kind == "enum" and variable.choice(int(value)) is None:
            return self.words._("no answer")
        return self.words.polish(value_text(variable, value, self.lang, _all_titles()))

    def _fact(self, name: str, value: Any) -> str:
        read = getattr(DICTIONARY, name)
        return self._capital(sentence(read if value is True else read == value, self.lang, _all_titles()))

    def _answer(self, text: str) -> str:
        kind, _, details = text.partition(": ")
        if kind in ("missing", "error"):
            named = tuple(details.split(", ")) if details else ()
            return self._capital(sentence(Refuse(kind, named), self.lang, _all_titles()))
        if text in ("true", "false"):
            return self.words._("Yes") if text == "true" else self.words._("No")
        try:
            value = float(text)
        except ValueError:
            return self._said(text, text)
        return self._capital(self._said(value, value_text(_NUMBER, value, self.lang)))

    # -- quirks

    def _quirks(self) -> list[dict[str, str]]:
        return for_rule(self.page, self.subject.name)


def _rows_by_challenge(rule: Expr) -> dict[int, Text]:
    """Return what to call the rows of the overall score: they are chosen by the main challenge."""
    chosen = rule.item if isinstance(rule, Named) else rule
    assert isinstance(chosen, Cases)
    results = [*(row.result for row in chosen.rows), chosen.otherwise]
    return {
        id(result): Text(f"note quand le frein est « {c.label.fr} »", f"score where it is “{c.label.en}”")
        for result, c in zip(results, challenges(), strict=True)
    }


def _rule(name: str) -> Expr:
    return catalogue()[name].expr if name in catalogue() else steps()[name]


def _telling(variable: Variable) -> int:
    """Return the place of a pair on a card: age first, then place, then figures of a place, then the rest."""
    protected = variable.protected
    if protected is None or protected.criterion not in ("age", "place of residence"):
        return 4
    if protected.criterion == "age":
        return 0 if protected.how == "direct" else 1
    return 3 if protected.how == "place-keyed data" else 2


def _ceiling(share: float) -> float:
    return next(top for top in (0.05, 0.1, 0.2, 0.5, 1.0) if share <= top)


@cache
def _all_titles() -> Mapping[str, Text]:
    """Return what to call rules, steps, missing fields, and job groups that rules name by their code."""
    from bobanalysis import data

    jobs = {
        code: Text(f"{name} ({code})", f"{name} ({code})")
        for code, name in data.table("rome").select("rome", "name").rows()
    }
    members = {n: m.title for n in subjects() if n in catalogue() and (m := catalogue()[n]).title}
    return {**jobs, **titles(), **members, NO_JOB_GROUP: Text("un métier quelconque", "any job")}


@cache
def _regions() -> Mapping[str, str]:
    from bobanalysis import data

    return dict(data.table("departements").select("region", "region_name").unique().rows())
