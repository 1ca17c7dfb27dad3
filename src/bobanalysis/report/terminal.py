"""Explanations and traces for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import text as rich
from rich.console import Group, RenderableType
from rich.table import Table
from rich.tree import Tree

from bobanalysis import rules as r
from bobanalysis.rules import expr as e
from bobanalysis.rules.simplify import as_sum, is_computation
from bobanalysis.rules.words import word
from bobanalysis.text import Language, Text, colon

from .words import Words

Titles = Mapping[str, Text]
_NUMBER = e.Variable("value", "float", Text("", ""), 0)


def explanation(name: str, rule: e.Expr, lang: Language, titles: Titles | None = None) -> RenderableType:
    """Return the decision table, or the terms of a sum, and the inputs of a rule.

    Args:
        name: the title of the table.
        rule: the rule.
        lang: "fr" or "en".
        titles: what to call what the rule names; computations that have a title get a table of their own.
    """
    local = {node.name for node in e.walk(rule) if isinstance(node, e.Named) and is_computation(node)}
    whole = r.explain_rule(rule, lang, titles or {}, local=local)
    tables = [_table(name, whole, lang), *(_table(part.title, part, lang) for part in whole.parts)]
    told: list[tuple[e.Variable | None, str]] = [(m.variable, m.text) for m in r.limits(rule, lang, titles)]
    for node in e.walk(rule):  # bounds that depend on another input
        if isinstance(node, e.Compare) and not isinstance(node.right, e.Const):
            told += [(variable, r.sentence(node, lang, titles)) for variable in e.inputs(node)]
    words, read = Words(lang), Table()
    bounds = {v: words.join(dict.fromkeys(text for of, text in told if of == v)) for v, _ in told}
    for head in ("input", "column", "protected", "thresholds"):
        read.add_column(word(head, lang), overflow="fold")
    for v in e.inputs(rule):
        cells = (r.input_text(v, lang), v.name, words.criterion(v), bounds.get(v, ""))
        read.add_row(*map(rich.Text, cells))
    if None in bounds:
        read.add_row(word("computation", lang), "", "", rich.Text(bounds[None]))
    return Group(*tables, read)


def tree(
    rule: e.Expr,
    person: Mapping[str, Any],
    lang: Language,
    group: Sequence[Mapping[str, Any]] | None = None,
    titles: Titles | None = None,
) -> RenderableType:
    """Return how a rule was read for one person, as a tree of the conditions that were looked at.

    Args:
        rule: the rule.
        person: input name → value.
        lang: "fr" or "en".
        group: all projects of the person.
        titles: what to call what the rule names.
    """
    made, read = _Tree(person, lang, group, titles or {}), r.trace(rule, person, group)
    top = Tree(_label(made.after("answer", made.answer(read)), "bold"))
    made.grow(top, read)
    return top


def _table(title: str, told: r.RuleExplanation, lang: Language) -> Table:
    heads = ("term", "added") if told.adds else ("when", "then")
    table = Table(*(word(w, lang) for w in heads), title=rich.Text(title), show_lines=True)
    otherwise = word("always" if len(told.cases) == 1 else "otherwise", lang)
    for case in told.cases:
        if case.condition is not None or not told.adds:
            said = otherwise if case.condition is None else rich.Text(_clause(case.condition, lang))
            table.add_row(said, rich.Text(case.result))
    return table


def _clause(clause: r.Clause, lang: Language) -> str:
    parts = (_clause(part, lang).replace("\n", "\n  ") for part in clause.parts)
    return clause.text or "\n".join([word(clause.how, lang), *(f"• {part}" for part in parts)])


@dataclass
class _Tree:
    """Grows the tree of one person; labels wrap at the width of the window."""

    person: Mapping[str, Any]
    lang: Language
    group: Sequence[Mapping[str, Any]] | None
    titles: Titles
    told: set[int] = field(default_factory=set)

    def after(self, key: str, text: str) -> str:
        return f"{word(key, self.lang)}{colon(self.lang)}{text}"

    def say(self, item: e.Expr) -> str:
        return r.sentence(item, self.lang, self.titles)

    def answer(self, read: r.Trace) -> str:
        if read.refusal is not None:
            return self.say(read.refusal)
        if isinstance(read.value, str):
            return self.titles[read.value].get(self.lang) if read.value in self.titles else read.value
        if isinstance(read.value, bool):
            return word("yes" if read.value else "no", self.lang)
        return r.format_value(_NUMBER, read.value, self.lang)

    def grow(self, branch: Tree, read: r.Trace) -> None:
        """Add what was read of an expression, down to elementary conditions with the person's values."""
        item = read.item
        added = as_sum(item) if isinstance(item, e.Arith | e.Sum) else None
        if added is not None:
            self.terms(branch, r.trace(added, self.person, self.group))
        elif e.is_elementary(item):
            self.condition(branch, read)
        else:
            if isinstance(item, e.Named) and item.name in self.titles:
                branch = branch.add(_label(f"{self.titles[item.name].get(self.lang)} → {self.answer(read)}"))
            for part in read.parts:
                self.grow(branch, part)

    def condition(self, branch: Tree, read: r.Trace) -> None:
        """Add one condition; a computation that it compares follows once, a table where it held."""
        given = [(v, self.person[v.name]) for v in e.inputs(read.item)]
        names = [f"{v.name} = {r.format_value(v, value, self.lang, self.titles)}" for v, value in given]
        made = any(isinstance(node, _MADE) for node in e.walk(read.item))
        deep = names and made and isinstance(read.item, e.Compare)  # it compares a computation or a table
        known = self.answer(read.parts[0]) if deep else ", ".join(names)
        mark = _label("✓ " if read.value else "✗ ", "green" if read.value else "red")
        label = mark.append(self.say(read.item), style="default")
        below = branch.add(label.append(f" ({self.after('is', known)})" if names else "", style="dim"))
        inner = read.parts[0] if read.parts else read
        new = is_computation(inner.item) and id(inner.item) not in self.told
        if deep and (read.value or new):
            self.told.add(id(inner.item))
            self.grow(below, inner.parts[0] if isinstance(inner.item, e.Named) else inner)

    def terms(self, branch: Tree, read: r.Trace) -> None:
        """Add the terms of a sum that counted, with the amount of each and the sum so far."""
        for term in read.terms():
            if term.counts and term.amount.answered:
                amount = self.answer(term.amount)
                lead = amount if amount.startswith("\u2212") else f"+{amount}"
                items = (part.item for part in (term.condition, term.amount))
                head = "; ".join(self.say(item) for item in items if not isinstance(item, e.Const))
                label = _label(lead, "bold").append(f"  {head or word('always', self.lang)}", style="default")
                total = r.format_value(_NUMBER, round(term.so_far, 12), self.lang)
                branch.add(label.append(f"  ({self.after('so far', total)})", style="dim"))


_MADE = (e.Named, e.Cases, e.Coalesce, e.Sum)


def _label(text: str, style: str = "") -> rich.Text:
    return rich.Text(text, style=style, no_wrap=False, overflow="fold")
