"""The cards of the rules, one page a rule (patterns: one page a family), their index; the page of conditions.

What it says is generated from the expression that runs (`rules.explain_rule`, `rules.limits`), from the data
dictionary and from what the algorithm says of itself (`Algorithm.presentation`); on whom a rule acts, and the
people whom its thresholds part, come from notebook 13 like every other figure, where they were recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any

from markupsafe import Markup, escape

from bobanalysis import rules as r
from bobanalysis.algorithm import Algorithm
from bobanalysis.audit import conditions as audited
from bobanalysis.audit.activation import EVERYBODY
from bobanalysis.audit.quirks import Quirk
from bobanalysis.presentation import RuleFamily
from bobanalysis.report.charts import region_names
from bobanalysis.report.quirk_pages import for_rule
from bobanalysis.report.renderer import Page, PageRenderer
from bobanalysis.report.subjects import CardIndex, Subject, card_index, slug
from bobanalysis.report.words import N_, Words
from bobanalysis.text import capital, split_label

SECTION = N_("The rules")
SHOWN_PAIRS = 4
"""Pairs of people that a card shows at once; the others are folded."""

_NUMBER = r.Variable("value", "float", r.Text("", ""), 0)
_MENTION = re.compile("\ue000(\\d+)\ue001([^\ue002]*)\ue002")


# ---- pages -----------------------------------------------------------------------------------------------


@cache
def pages(algorithm: Algorithm) -> tuple[Page, ...]:
    """Return the page of each card: steps, rules with a fixed name, families."""
    alone = [n for n, s in card_index(algorithm).subjects.items() if s.role != "family"]
    made: list[tuple[str, Any, str]] = [(n, partial(one, n), "rule.html") for n in alone]
    made += [(f.name, partial(family, f), "rule_family.html") for f in algorithm.presentation.families]
    return tuple(Page(f"rules/{slug(n)}", "", SECTION, shown, template) for n, shown, template in made)


def one(name: str, page: PageRenderer) -> dict[str, Any]:
    """Return what the card of a rule or of a step shows."""
    return {"rule": _Card(page, page.cards.subjects[name])}


def family(of: RuleFamily, page: PageRenderer) -> dict[str, Any]:
    """Return what the card of a family shows: what its rules have in common, and each one in use."""
    cards = page.cards
    own = cards.members(of)
    members = [_Card(page, cards.subjects[n]) for n in own or [cards.example(of)]]
    told = {"family": of, "status": _family_status(cards, of), "own": own, "members": members}
    return told | {"listed": [cards.subject(n) for n in cards.listed(of)]}


def _family_status(cards: CardIndex, of: RuleFamily) -> str:
    return "use" if cards.members(of) else "contents" if cards.listed(of) else "dead"


def index(page: PageRenderer) -> dict[str, Any]:
    """Return what the index shows: every card by group, with what its rule reads and whether it is used."""
    cards = page.cards
    groups: dict[str, list[dict[str, Any]]] = {role: [] for role in page.algorithm.presentation.roles}
    alone = (s for s in cards.subjects.values() if s.role != "family")
    entries: list[tuple[Any, ...]] = [(s.role, s, s.status, s.read, 0) for s in alone]
    for f in page.algorithm.presentation.families:
        own = cards.members(f)
        read = [v for n in own or [cards.example(f)] for v in cards.subjects[n].read]
        entries.append(("family", f, _family_status(cards, f), read, len(own)))
    for role, card, status, inputs, count in entries:
        more = {"status": status, "criteria": criteria(page, inputs), "count": count}
        groups[role].append({"name": card.name, "title": card.title, **more})
    return {"groups": groups, "path": cards.path}


def criteria(page: PageRenderer, read: Iterable[r.Variable]) -> list[str]:
    """Return the protected criteria among some inputs, in the order of the vocabulary."""
    found = {v.protected.criterion for v in read if v.protected}
    return [c for c in page.words.names("criteria") if c in found]


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


# ---- one card --------------------------------------------------------------------------------------------


class _Card:
    """One subject in the language of a page: what its template asks for."""

    def __init__(self, page: PageRenderer, subject: Subject) -> None:
        self.page, self.words, self.subject = page, page.words, subject
        self.cards, self.algorithm = page.cards, page.algorithm
        self.lang: Any = page.words.language
        self.name, self.status, self.source = subject.name, subject.status, subject.source
        self.id, self.title = slug(subject.name), capital(page.words.say(subject.title))
        self._mentions: list[str] = []

    def lead(self) -> str:
        """What the rule decides, in a sentence."""
        s = self.subject
        key, title = self.algorithm.presentation.decides(s.name, s.rule, s.title)
        lead = self.words.name("decides", key)
        return lead.format(title=self.words.say(title), zero=0, top=3, hundred=100)

    def criteria(self) -> list[str]:
        """The protected criteria that it reads."""
        return criteria(self.page, self.subject.read)

    def quirks(self) -> list[Quirk]:
        """What it does otherwise than its name says."""
        return for_rule(self.page, self.name)

    def uses(self) -> list[Markup]:
        """What the rule is used for: a sentence a kind of use, in the order of the vocabulary."""
        own = self.algorithm.presentation.uses.get(self.name, ())
        found = []
        for key, text in self.words.names("uses").items():
            kind, _, idle = key.partition(" ")
            users = [u for u in own if u.kind == kind and u.alive is not bool(idle)]
            if kind in ("rule", "step"):
                links = [card_link(self.page, u.what) for u in users if u.what in self.cards.subjects]
                found += [escape(text).format(list=Markup(", ").join(links))] if links else []
                continue
            labels = dict.fromkeys(self.words.say(u.label) for u in users if u.label)
            quoted = ", ".join(map(self.words.quote, labels))
            if quoted or (users and "{n}" in text):
                found.append(escape(text.format(list=quoted, n=self.words.number(len(users)))))
        return found

    # -- decision tables

    def tables(self) -> list[dict[str, Any]]:
        """The decision table of the rule, and those of the computations that it was too long to hold."""
        rule = self.subject.rule
        local = {n.name for n in r.walk(rule) if isinstance(n, r.Named) and not self.cards.knows(n.name)}
        names = self.algorithm.presentation.row_names(self.name)
        said = r.explain_rule(rule, self.lang, self.cards.titles, refer=self._refer, local=local, names=names)
        parts = [(f"{self.id}-table", said, not said.adds)]
        parts += [(self._anchor(part.key), part, False) for part in said.parts]
        made = []
        for id, part, answers in parts:
            title, rows = self._html(part.title), [self._row(case, answers) for case in part.cases]
            made.append({"id": id, "title": title, "adds": part.adds, "rows": rows})
        return made

    def _row(self, case: Any, answers: bool) -> dict[str, Any]:
        reasons = self.algorithm.presentation.reasons
        plain = case.value is None or isinstance(case.value, bool) or not answers
        result = self._html(case.result) if plain else escape(self._said(case.value, case.result))
        condition = None if case.condition is None else self._clause(case.condition)
        because = [self.words.say(reasons[code]) for code in case.because if code in reasons]
        return {"condition": condition, "result": result, "because": because}

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
            return f'<a href="{href}">{match[2]}</a>'

        return Markup(_MENTION.sub(link, str(escape(self.words.polish(text)))))

    def _clause(self, clause: r.Clause) -> Markup:
        if clause.text:
            return self._html(clause.text)
        head = self.words._("all of this:") if clause.how == "all" else self.words._("at least one of these:")
        parts = Markup("").join(Markup("<li>{}</li>").format(self._clause(p)) for p in clause.parts)
        return Markup('<span class="how">{}</span><ul class="{}">{}</ul>').format(head, clause.how, parts)

    def _said(self, value: bool | float | str, plain: str) -> str:
        if isinstance(value, str) and value in self.cards.titles:
            return self.words.say(self.cards.titles[value])
        return self.algorithm.presentation.answer(self.name, value, plain, self.words)

    # -- what it reads

    def inputs(self) -> list[dict[str, Any]]:
        """What the rule reads; the answers to one question, or the figures of one table, together."""
        origins = self.words.names("origins")
        found: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
        for v in self.subject.read:
            head, part = split_label(v.label.get(self.lang), self.lang)
            note = v.note and self.words.say(v.note)
            found.setdefault((head, v.group, v.path, note, v.protected), []).append((v.name, part))
        made = []
        for (head, group, path, note, protected), own in found.items():
            parts = [self.words.polish(part) for _, part in own if part]
            asked = {"names": " ".join(name for name, _ in own), "label": self._capital(head), "parts": parts}
            origin = origins.get(group, origins["other"])
            made.append({**asked, "origin": origin, "path": path, "note": note, "protected": protected})
        return made

    def _capital(self, text: str) -> str:
        return capital(self.words.polish(text))

    def other_limits(self) -> list[tuple[Markup, dict[str, list[str]]]]:
        """The values that the rules named by this one compare with, each rule once."""
        named_in = self.algorithm.presentation.named_in
        found = named_in(self.subject.rule)
        for name in found:  # which grows meanwhile by those that are named for the first time
            found += [other for other in named_in(self.cards.rule(name)) if other not in found]
        told = [(card_link(self.page, name), self.limits(self.cards.rule(name))) for name in found]
        return [(link, own) for link, own in told if own]

    def limits(self, rule: r.Expr) -> dict[str, list[str]]:
        """The fixed values that a rule compares with, by input."""
        found: dict[str, dict[str, None]] = {}
        inner = rule.item if isinstance(rule, r.Named) else rule
        leave = set(self.algorithm.presentation.named_in(rule))
        for limit in r.limits(inner, self.lang, self.cards.titles, leave):
            label = r.input_text(limit.variable, self.lang) if limit.variable else ""
            text = self.words.polish(limit.text) if label else self._capital(limit.text)
            found.setdefault(self._capital(label), {})[text] = None
        return {label: [*texts] for label, texts in found.items()}

    # -- on whom it acts

    def reach(self) -> dict[str, Any] | None:
        """The shares of people on whom the rule acts, where they were recorded; None elsewhere."""
        found = self.page.rows_of("rules.reach").get(self.name, ())
        rows = [row for row in found if row["share"] is not None]
        if not rows:
            return None
        lacking = self.page.rows_of("rules.not_held").get(self.name, [])
        read = [self.algorithm.dictionary[row["input"]] for row in lacking]
        everybody = next(row for row in rows if row["by"] == EVERYBODY)
        return {
            "everybody": everybody,
            "scales": over_scales(self.words, everybody),
            "lacks": [self.words.polish(r.input_text(v, self.lang)) for v in read],
            "assumed": [self.words.say(label) for label in self.cards.assumed(self.subject.read)],
            "top": next(top for top in (0.05, 0.1, 0.2, 0.5, 1.0) if max(row["high"] for row in rows) <= top),
            "age": [(self._band(row["group"]), row) for row in rows if row["by"] == "age"],
            "region": [(region_names()[row["group"]], row) for row in rows if row["by"] == "region"],
        }

    def _band(self, group: str) -> str:
        first, _, last = group.removesuffix("+").partition("-")
        said = N_("{first} to {last} years") if last else N_("{first} years or more")
        return self.words._(said).format(first=first, last=last)

    # -- people on both sides of a threshold

    def pairs(self) -> dict[str, Any]:
        """People whom a threshold parts, and why there are none at some."""
        found: list[tuple[int, dict[str, Any]]] = []
        without: list[tuple[str, str]] = []
        for row in self.page.rows_of("rules.pairs").get(self.name, []):
            variable = self.algorithm.dictionary[row["variable"]]
            label = self._capital(r.input_text(variable, self.lang))
            if row["answer_below"] is None:
                without.append((label, self.words.name("no_pair", row["person"])))
                continue
            ends = ((row[side], row[f"answer_{side}"]) for side in ("below", "above"))
            sides = [(self._value(variable, value), self._answer(answer)) for value, answer in ends]
            common = [self._fact(name, value) for name, value in json.loads(row["person"]).items()]
            pair = (_telling(variable), {"label": label, "sides": sides, "common": common})
            found += [pair] if pair not in found else []
        told = [pair for _, pair in sorted(found, key=lambda x: x[0])]
        return {"shown": told[:SHOWN_PAIRS], "folded": told[SHOWN_PAIRS:], "without": without}

    def _value(self, variable: r.Variable, text: str | None) -> str:
        value: Any = text or ""
        if variable.kind == "bool":
            value = text == "true"
        elif variable.kind != "text":
            value = float(value)
            value = int(value) if value.is_integer() else value
        if variable.kind == "enum" and variable.choice(int(value)) is None:
            return self.words._("no answer")
        return self.words.polish(r.format_value(variable, value, self.lang, self.cards.titles))

    def _fact(self, name: str, value: Any) -> str:
        read = getattr(self.algorithm.dictionary, name)
        condition = read if value is True else read == value
        return self._capital(r.sentence(condition, self.lang, self.cards.titles))

    def _answer(self, text: str) -> str:
        kind, _, details = text.partition(": ")
        if kind in ("missing", "error"):
            named = tuple(details.split(", ")) if details else ()
            return self._capital(r.sentence(r.Undefined(kind, named), self.lang, self.cards.titles))
        if text in ("true", "false"):
            return self.words._("Yes") if text == "true" else self.words._("No")
        value = float(text)
        return self._capital(self._said(value, r.format_value(_NUMBER, value, self.lang)))


def _telling(variable: r.Variable) -> int:
    """Return the place of a pair on a card: age first, then place, then figures of a place, then the rest."""
    protected = variable.protected
    if protected is None or protected.criterion not in ("age", "place of residence"):
        return 4
    if protected.criterion == "age":
        return 0 if protected.how == "direct" else 1
    return 3 if protected.how == "place-keyed data" else 2


# ---- the page of conditions on age and on place -----------------------------------------------------------


def conditions(page: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: conditions by criterion and use, those with the largest effect first."""
    rows = _measured_conditions(page) if page.content.recorded else _conditions_of_rules(page)
    beside = page.rows_of("conditions.outside", "criterion")
    sections = []
    for criterion, title in page.words.names("sections").items():
        parts = _parts_of_conditions(page, [r for r in rows if criterion in r["criteria"].split(", ")])
        outside = beside.get(criterion, [])
        sections.append({"id": criterion, "title": title, "parts": parts, "outside": outside})
    return {"sections": [s for s in sections if s["parts"] or s["outside"]]}


def _measured_conditions(page: PageRenderer) -> list[dict[str, Any]]:
    """Return the conditions whose effects were measured; ``lacks``: nobody holds what one reads."""
    lacking = {(name, row["input"]) for name, own in page.rows_of("rules.not_held").items() for row in own}
    rows = page.content.table("conditions.rules", page.where).to_dicts()
    for row in rows:
        read = row["condition"].split(" | ")[1]
        row["lacks"] = row["share"] == 0 and (row["rule"], read) in lacking
        row["scales"] = over_scales(page.words, row)
    return rows


def _conditions_of_rules(page: PageRenderer) -> list[dict[str, Any]]:
    """Return the conditions of an algorithm whose effects no notebook measured."""
    rows = []
    for c in audited.conditions(page.algorithm):
        said, source = audited.in_words(c, page.cards.titles), page.algorithm.rule(c.rule).source
        row = {"condition": c.id, "rule": c.rule, "status": c.status, "source": source, "share": None}
        rows.append({**row, "criteria": ", ".join(c.criteria), "hows": ", ".join(c.hows), **vars(said)})
    return rows


def _parts_of_conditions(page: PageRenderer, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the conditions by use; those in use by how they read the criterion, the most direct first."""
    hows, statuses = page.words.names("hows"), page.words.names("status")
    parts: dict[str, dict[str, list[Any]]] = {status: {} for status in statuses}
    order = [*hows]
    for row in rows:
        row["hows_read"] = row["hows"].split(", ")
        row["most_direct"] = min(map(order.index, row["hows_read"]))
    for row in sorted(rows, key=lambda row: (row["most_direct"], -(row["share"] or 0))):
        status = {"in use": "use"}.get(row["status"], row["status"])
        title = hows[order[row["most_direct"]]] if status == "use" else statuses[status]
        parts[status].setdefault(title, []).append(_condition(page, row))
    titled = ((status, title, own) for status, part in parts.items() for title, own in part.items())
    return [{"status": status, "title": title, "rows": own} for status, title, own in titled]


def _condition(page: PageRenderer, row: dict[str, Any]) -> dict[str, Any]:
    words, measured = page.words, row["share"] is not None
    return {
        **row,
        "text": capital(words.polish(row[words.language])),
        "rule": card_link(page, row["rule"]),
        "hows": [words.name("hows", how) for how in row["hows_read"]],
        "share": words.quantity(row["share"], "share") if measured else None,
        "interval": words.interval(row["low"], row["high"], "share") if measured else "",
    }
