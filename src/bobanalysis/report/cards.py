"""The cards of the rules, one page a rule (patterns: one page a family), and their index.

What it says is generated from the expression that runs (`rules.explain_rule`, `rules.limits`), from the data
dictionary and from what the algorithm says of itself (`Algorithm.presentation`); on whom a rule acts, and the
people whom its thresholds part, come from notebook 13 like every other figure, where they were recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from markupsafe import Markup, escape

from bobanalysis.algorithm import Algorithm
from bobanalysis.audit.activation import EVERYBODY
from bobanalysis.population import scenarios
from bobanalysis.presentation import RuleFamily
from bobanalysis.report.charts import region_names
from bobanalysis.report.quirk_pages import for_rule
from bobanalysis.report.renderer import Page, PageRenderer
from bobanalysis.report.subjects import CardIndex, Subject, card_index, slug
from bobanalysis.report.words import N_, Words
from bobanalysis.rules import (
    Clause,
    Expr,
    Named,
    Text,
    Undefined,
    Variable,
    explain_rule,
    format_value,
    input_text,
    limits,
    sentence,
    walk,
)
from bobanalysis.text import capital, split_label

SECTION = N_("The rules")
SHOWN_PAIRS = 4
"""Pairs of people that a card shows at once; the others are folded."""

_NUMBER = Variable("value", "float", Text("", ""), 0)
_MENTION = re.compile("\ue000(\\d+)\ue001([^\ue002]*)\ue002")


# ---- pages -----------------------------------------------------------------------------------------------


@cache
def pages(algorithm: Algorithm) -> tuple[Page, ...]:
    """Return the page of each card: steps, rules with a fixed name, families."""
    alone = [s for s in card_index(algorithm).subjects.values() if s.role != "family"]
    made = [Page(f"rules/{slug(s.name)}", "", SECTION, partial(one, s.name), "rule.html") for s in alone]
    return (
        *made,
        *(
            Page(f"rules/{slug(f.name)}", "", SECTION, partial(family, f), "rule_family.html")
            for f in algorithm.presentation.families
        ),
    )


def one(name: str, page: PageRenderer) -> dict[str, Any]:
    """Return what the card of a rule or of a step shows."""
    return {"rule": _Card(page, page.cards.subjects[name]).parts(), **_common(page)}


def family(of: RuleFamily, page: PageRenderer) -> dict[str, Any]:
    """Return what the card of a family shows: what its rules have in common, and each one in use."""
    cards = page.cards
    own, listed = cards.members(of), cards.listed(of)
    return {
        "family": {
            "title": page.words.say(of.title),
            "pattern": of.name,
            "status": _family_status(cards, of),
            "source": source_link(page.algorithm, of.source),
            "in_use": page.words.number(len(own)),
            "listed": [_Card(page, cards.subject(n)).title() for n in listed],
            "example": not own,
        },
        "members": [_Card(page, cards.subjects[n]).parts() for n in own or [cards.example(of)]],
        **_common(page),
    }


def _family_status(cards: CardIndex, of: RuleFamily) -> str:
    return "use" if cards.members(of) else "contents" if cards.listed(of) else "dead"


def _common(page: PageRenderer) -> dict[str, Any]:
    return {
        "statuses": page.words.names("status"),
        "reach_table": page.table_facts("rules.reach"),
        "pair_table": page.table_facts("rules.pairs"),
        "version": page.algorithm.source.version,
    }


def index(page: PageRenderer) -> dict[str, Any]:
    """Return what the index shows: every card by group, with what its rule reads and whether it is used."""
    cards = page.cards
    groups: dict[str, list[dict[str, Any]]] = {role: [] for role in page.algorithm.presentation.roles}
    for s in cards.subjects.values():
        if s.role != "family":
            groups[s.role].append(_entry(page, s.name, s.title, s.status, s.read))
    for f in page.algorithm.presentation.families:
        own = cards.members(f)
        read = {v: None for n in (own or [cards.example(f)]) for v in cards.subjects[n].read}
        entry = _entry(page, f.name, f.title, _family_status(cards, f), read)
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
    page: PageRenderer, name: str, title: Text, status: str, read: Iterable[Variable]
) -> dict[str, Any]:
    criteria = {v.protected.criterion for v in read if v.protected}
    named = page.words.names("criteria").items()
    return {
        "name": name,
        "href": page.cards.path(name),
        "title": page.words.say(title),
        "status": status,
        "count": "",
        "criteria": [{"key": _key(c), "name": name} for c, name in named if c in criteria],
    }


def _key(criterion: str) -> str:
    return criterion.split()[0]


def card_link(page: PageRenderer, name: str) -> Markup:
    """Return a link to the card of a rule, with its title; the title alone where it has no card."""
    cards = page.cards
    title = cards.subjects[name].title if name in cards.subjects else page.algorithm.rule(name).title
    text = page.words.say(title) or name
    if name not in cards.subjects:
        return escape(text)
    return Markup('<a href="{}{}">{}</a>').format(page.home, cards.path(name), text)


def over_scales(words: Words, row: Mapping[str, Any]) -> str:
    """Return the lowest and highest share over the scales of the market; empty where they read alike."""
    if row["lowest"] is None:
        return ""
    ends = [words.quantity(row[end], "share") for end in ("lowest", "highest")]
    return "" if ends[0] == ends[1] else words.interval(row["lowest"], row["highest"], "share")


def source_link(algorithm: Algorithm, source: str) -> dict[str, str]:
    """Return a place in the publication: its name, and its address in the version audited."""
    return {"name": source, "href": algorithm.source.link(source)}


# ---- one card --------------------------------------------------------------------------------------------


class _Card:
    """One subject in the language of a page."""

    def __init__(self, page: PageRenderer, subject: Subject) -> None:
        self.page, self.words, self.subject = page, page.words, subject
        self.cards, self.algorithm = page.cards, page.algorithm
        self.lang: Any = page.words.language
        self.id = slug(subject.name)
        self._mentions: list[str] = []

    def parts(self) -> dict[str, Any]:
        """Return the parts of the card, ready to be shown."""
        s, presentation = self.subject, self.algorithm.presentation
        key, title = presentation.decides(s.name, s.rule, s.title)
        lead = self.words.name("decides", key)
        return {
            **self.title(),
            "lead": lead.format(title=self.words.say(title), zero=0, top=3, hundred=100),
            "status": s.status,
            "uses": self._uses(),
            "tables": self._tables(),
            "inputs": self._inputs(),
            "criteria": self._criteria(),
            "own_limits": self._limits(s.rule, set(presentation.named_in(s.rule))),
            "other_limits": self._other_limits(),
            "source": source_link(self.algorithm, s.source),
            "reach": self._reach(),
            "pairs": self._pairs(),
            "quirks": for_rule(self.page, s.name),
        }

    def title(self) -> dict[str, str]:
        """Return name, anchor, title and address."""
        name = self.subject.name
        title = capital(self.words.say(self.subject.title))
        return {"name": name, "id": self.id, "title": title, "href": self.cards.path(name)}

    def _uses(self) -> list[Markup]:
        """Say what the rule is used for: a sentence a kind of use, in the order of the vocabulary."""
        own = self.algorithm.presentation.uses.get(self.subject.name, ())
        found = []
        for key, text in self.words.names("uses").items():
            kind, _, idle = key.partition(" ")
            users = [u for u in own if u.kind == kind and u.alive is not bool(idle)]
            if kind in ("rule", "step"):
                links = [card_link(self.page, u.what) for u in users if u.what in self.cards.subjects]
                if links:
                    found.append(escape(text).format(list=Markup(", ").join(links)))
                continue
            labels = dict.fromkeys(self.words.say(u.label) for u in users if u.label)
            quoted = ", ".join(map(self.words.quote, labels))
            if quoted or (users and "{n}" in text):
                found.append(escape(text.format(list=quoted, n=self.words.number(len(users)))))
        return found

    # -- decision tables

    def _tables(self) -> list[dict[str, Any]]:
        rule = self.subject.rule
        named = {n.name for n in walk(rule) if isinstance(n, Named)}
        local = {name for name in named if not self.cards.knows(name)}
        names = self.algorithm.presentation.row_names(self.subject.name)
        said = explain_rule(rule, self.lang, self.cards.titles, refer=self._refer, local=local, names=names)
        adds = getattr(said, "adds", False)
        first = {
            "id": f"{self.id}-table",
            "title": "",
            "adds": adds,
            "rows": self._rows(said.cases, not adds),
        }
        return [
            first,
            *(
                {
                    "id": self._anchor(part.key),
                    "title": self._html(part.title),
                    "adds": part.adds,
                    "rows": self._rows(part.cases, False),
                }
                for part in said.parts
            ),
        ]

    def _rows(self, cases: Iterable[Any], answers: bool) -> list[dict[str, Any]]:
        reasons = self.algorithm.presentation.reasons
        return [
            {
                "condition": None if case.condition is None else self._clause(case.condition),
                "result": self._result(case, answers),
                "because": [self.words.say(reasons[code]) for code in case.because if code in reasons],
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
            href = f"#{self._anchor(name)}"
            if self.cards.knows(name):
                href = f"{self.page.home}{self.cards.path(name)}"
                if name not in self.cards.subjects and not self.algorithm.rule(name).family:
                    return match[2]
            return f'<a href="{href}">{match[2]}</a>'

        return Markup(_MENTION.sub(link, str(escape(self.words.polish(text)))))

    def _clause(self, clause: Clause) -> Markup:
        if clause.text:
            return self._html(clause.text)
        head = self.words._("all of this:") if clause.how == "all" else self.words._("at least one of these:")
        parts = Markup("").join(Markup("<li>{}</li>").format(self._clause(p)) for p in clause.parts)
        return Markup('<span class="how">{}</span><ul class="{}">{}</ul>').format(head, clause.how, parts)

    def _result(self, case: Any, answers: bool) -> Markup:
        if case.value is None or isinstance(case.value, bool) or not answers:
            return self._html(case.result)
        return escape(self._said(case.value, case.result))

    def _said(self, value: bool | float | str, plain: str) -> str:
        if isinstance(value, str) and value in self.cards.titles:
            return self.words.say(self.cards.titles[value])
        return self.algorithm.presentation.answer(self.subject.name, value, plain, self.words)

    # -- what it reads

    def _inputs(self) -> list[dict[str, Any]]:
        """Return what the rule reads; the answers to one question, or the figures of one table, together."""
        found: dict[tuple[str, ...], list[Variable]] = {}
        for v in self.subject.read:
            head, _ = split_label(v.label.get(self.lang), self.lang)
            how = (v.protected.criterion, v.protected.how) if v.protected else ()
            found.setdefault((head, v.group, v.path, v.note.en if v.note else "", *how), []).append(v)
        return [self._input(head, own) for (head, *_), own in found.items()]

    def _input(self, head: str, own: Sequence[Variable]) -> dict[str, Any]:
        first, origins = own[0], self.words.names("origins")
        parts = [split_label(v.label.get(self.lang), self.lang)[1] for v in own]
        return {
            "names": " ".join(v.name for v in own),
            "label": self._capital(head),
            "parts": [self.words.polish(part) for part in parts if part],
            "origin": origins.get(first.group, origins["other"]),
            "path": first.path,
            "note": self.words.say(first.note),
            "protected": first.protected,
        }

    def _capital(self, text: str) -> str:
        return capital(self.words.polish(text))

    def _criteria(self) -> list[dict[str, Any]]:
        found: dict[str, set[str]] = {}
        for v in self.subject.read:
            if v.protected:
                found.setdefault(v.protected.criterion, set()).add(v.protected.how)
        named, hows = self.words.names("criteria").items(), self.words.names("hows").items()
        return [
            {"key": _key(c), "name": name, "hows": [text for how, text in hows if how in found[c]]}
            for c, name in named
            if c in found
        ]

    def _limits(self, rule: Expr, leave: set[str]) -> list[dict[str, Any]]:
        """Return the fixed values that a rule compares with, by input, as texts."""
        found: dict[str, dict[str, None]] = {}
        inner = rule.item if isinstance(rule, Named) else rule
        for limit in limits(inner, self.lang, self.cards.titles, leave):
            label = input_text(limit.variable, self.lang) if limit.variable else ""
            text = self.words.polish(limit.text) if label else self._capital(limit.text)
            found.setdefault(self._capital(label), {})[text] = None
        return [{"label": label, "texts": list(texts)} for label, texts in found.items()]

    def _other_limits(self) -> list[dict[str, Any]]:
        """Return the values that the rules named by this one compare with, each rule once."""
        named_in = self.algorithm.presentation.named_in
        found: dict[str, None] = {}
        waiting = named_in(self.subject.rule)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += named_in(self.cards.rule(name))
        return [
            {"rule": card_link(self.page, name), "limits": own}
            for name in found
            if (own := self._limits(self.cards.rule(name), set(named_in(self.cards.rule(name)))))
        ]

    # -- on whom it acts

    def _reach(self) -> dict[str, Any] | None:
        rows = self.page.rows_of("rules.reach").get(self.subject.name)
        if not rows:
            return None
        rows = [r for r in rows if r["share"] is not None]
        lacking = self.page.rows_of("rules.not_held").get(self.subject.name, [])
        highest = max((r["high"] for r in rows), default=1.0)
        top = next(top for top in (0.05, 0.1, 0.2, 0.5, 1.0) if highest <= top)
        groups: dict[str, list[dict[str, Any]]] = {"age": [], "region": []}
        for r in rows:
            if r["by"] != EVERYBODY:
                groups[r["by"]].append(self._bar(r, top))
        everybody = next(r for r in rows if r["by"] == EVERYBODY)
        dictionary = self.algorithm.dictionary
        return {
            "share": self.words.quantity(everybody["share"], "share"),
            "interval": self.words.interval(everybody["low"], everybody["high"], "share"),
            "nobody": everybody["highest"] == 0,
            "scales": over_scales(self.words, everybody),
            "people": self.words.number(everybody["people"]),
            "lacks": [self.words.polish(input_text(dictionary[r["input"]], self.lang)) for r in lacking],
            "assumed": self._assumed(),
            "top": self.words.quantity(top, "share"),
            **groups,
        }

    def _assumed(self) -> list[str]:
        """Return the answers that the rule reads and the modelled population holds by assumption only."""
        labels, other = scenarios.labels(), self.algorithm.presentation.assumed
        read = (other.get(v.name, v.name) for v in self.subject.read)
        names = ("frustrations" if name.startswith("frustration_") else name for name in read)
        return list(dict.fromkeys(self.words.say(labels[n]) for n in names if n in labels))

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
            return self.words.polish(region_names()[group])
        first, _, last = group.partition("-")
        if last:
            return self.words._("{first} to {last} years").format(first=first, last=last)
        return self.words._("{first} years or more").format(first=group.removesuffix("+"))

    # -- people on both sides of a threshold

    def _pairs(self) -> dict[str, Any]:
        found: dict[str, dict[str, Any]] = {}
        without: list[dict[str, str]] = []
        for row in self.page.rows_of("rules.pairs").get(self.subject.name, []):
            variable = self.algorithm.dictionary[row["variable"]]
            label = self._capital(input_text(variable, self.lang))
            if row["answer_below"] is None:
                without.append({"label": label, "why": self.words.name("no_pair", row["person"])})
                continue
            pair = {
                "label": label,
                "order": _telling(variable),
                "below": self._value(variable, row["below"]),
                "above": self._value(variable, row["above"]),
                "told_below": self._answer(row["answer_below"]),
                "told_above": self._answer(row["answer_above"]),
                "common": [self._fact(name, value) for name, value in json.loads(row["person"]).items()],
            }
            found[json.dumps(pair, sort_keys=True)] = pair
        unique = sorted(found.values(), key=lambda pair: int(pair["order"]))
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
        return self.words.polish(format_value(variable, value, self.lang, self.cards.titles))

    def _fact(self, name: str, value: Any) -> str:
        read = getattr(self.algorithm.dictionary, name)
        return self._capital(sentence(read if value is True else read == value, self.lang, self.cards.titles))

    def _answer(self, text: str) -> str:
        kind, _, details = text.partition(": ")
        if kind in ("missing", "error"):
            named = tuple(details.split(", ")) if details else ()
            return self._capital(sentence(Undefined(kind, named), self.lang, self.cards.titles))
        if text in ("true", "false"):
            return self.words._("Yes") if text == "true" else self.words._("No")
        try:
            value = float(text)
        except ValueError:
            return self._said(text, text)
        return self._capital(self._said(value, format_value(_NUMBER, value, self.lang)))


def _telling(variable: Variable) -> int:
    """Return the place of a pair on a card: age first, then place, then figures of a place, then the rest."""
    protected = variable.protected
    if protected is None or protected.criterion not in ("age", "place of residence"):
        return 4
    if protected.criterion == "age":
        return 0 if protected.how == "direct" else 1
    return 3 if protected.how == "place-keyed data" else 2
