"""Explanations and traces for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import text as rich
from rich.console import Group, RenderableType
from rich.table import Table
from rich.tree import Tree

from bobanalysis.rules import (
    Clause,
    ExplainedRow,
    Expr,
    Language,
    Named,
    Text,
    Trace,
    Variable,
    explain_rule,
    format_value,
    input_text,
    inputs,
    limits,
    sentence,
    trace,
    walk,
)
from bobanalysis.rules.expr import Arith, Cases, Coalesce, Compare, Const, Sum, is_elementary
from bobanalysis.rules.simplify import as_sum, is_computation
from bobanalysis.rules.words import word
from bobanalysis.text import colon

_NUMBER = Variable("value", "float", Text("", ""), 0)


def explanation(
    name: str, rule: Expr, lang: Language, titles: Mapping[str, Text] | None = None
) -> RenderableType:
    """Return the decision table, or the terms of a sum, and the inputs of a rule.

    Args:
        name: the title of the table.
        rule: the rule.
        lang: "fr" or "en".
        titles: what to call what the rule names; computations that have a title get a table of their own.
    """
    titles = titles or {}
    local = {n.name for n in walk(rule) if isinstance(n, Named) and is_computation(n)}
    told = explain_rule(rule, lang, titles, local=local)
    tables = [_table(name, told.cases, told.adds, lang)]
    tables += [_table(part.title, part.cases, part.adds, lang) for part in told.parts]
    bounds: dict[str | None, dict[str, None]] = {}
    for limit in limits(rule, lang, titles):
        bounds.setdefault(limit.variable.name if limit.variable else None, {})[limit.text] = None
    for node in walk(rule):  # bounds that depend on another input
        if isinstance(node, Compare) and not isinstance(node.right, Const):
            for variable in inputs(node):
                bounds.setdefault(variable.name, {})[sentence(node, lang, titles)] = None
    read = Table()
    for head in ("input", "column", "protected", "thresholds"):
        read.add_column(word(head, lang), overflow="fold")
    for v in inputs(rule):
        protected = f"{v.protected.criterion} ({v.protected.how})" if v.protected else ""
        read.add_row(
            *map(rich.Text, (input_text(v, lang), v.name, protected, "; ".join(bounds.get(v.name, ()))))
        )
    if None in bounds:
        read.add_row(word("computation", lang), "", "", rich.Text("; ".join(bounds[None])))
    return Group(*tables, read)


def tree(
    rule: Expr,
    person: Mapping[str, Any],
    lang: Language,
    group: Sequence[Mapping[str, Any]] | None = None,
    titles: Mapping[str, Text] | None = None,
) -> RenderableType:
    """Return how a rule was read for one person, as a tree of the conditions that were looked at.

    Args:
        rule: the rule.
        person: input name → value.
        lang: "fr" or "en".
        group: all projects of the person.
        titles: what to call what the rule names.
    """
    return _Tree(person, lang, group, titles or {}).root(rule)


def _table(title: str, cases: Sequence[ExplainedRow], adds: bool, lang: Language) -> Table:
    heads = ("term", "added") if adds else ("when", "then")
    table = Table(*(word(w, lang) for w in heads), title=rich.Text(title), show_lines=True)
    for case in cases:
        if case.condition is not None:
            table.add_row(rich.Text(_clause(case.condition, lang)), rich.Text(case.result))
        elif not adds:
            alone = "always" if len(cases) == 1 else "otherwise"
            table.add_row(word(alone, lang), rich.Text(case.result))
    return table


def _clause(clause: Clause, lang: Language) -> str:
    if clause.text:
        return clause.text
    parts = (_clause(part, lang).replace("\n", "\n  ") for part in clause.parts)
    return "\n".join([word(clause.how, lang), *(f"• {part}" for part in parts)])


class _Tree:
    """Grows the tree of one person; labels wrap at the width of the window."""

    def __init__(
        self,
        person: Mapping[str, Any],
        lang: Language,
        group: Sequence[Mapping[str, Any]] | None,
        titles: Mapping[str, Text],
    ) -> None:
        self.person, self.lang, self.group, self.titles = person, lang, group, titles
        self.told: set[int] = set()

    def root(self, rule: Expr) -> Tree:
        read = trace(rule, self.person, self.group)
        top = Tree(_label(f"{word('answer', self.lang)}{colon(self.lang)}{self.answer(read)}", "bold"))
        self.grow(top, read)
        return top

    def answer(self, read: Trace) -> str:
        if read.refusal is not None:
            return sentence(read.refusal, self.lang, self.titles)
        if isinstance(read.value, str):
            return self.titles[read.value].get(self.lang) if read.value in self.titles else read.value
        if isinstance(read.value, bool):
            return word("yes" if read.value else "no", self.lang)
        return format_value(_NUMBER, read.value, self.lang)

    def grow(self, branch: Tree, read: Trace) -> None:
        """Add what was read of an expression, down to elementary conditions with the person's values."""
        item = read.item
        added = as_sum(item) if isinstance(item, Arith | Sum) else None
        if added is not None:
            self.terms(branch, trace(added, self.person, self.group))
            return
        if is_elementary(item):
            self.condition(branch, read)
            return
        if isinstance(item, Named) and item.name in self.titles:
            branch = branch.add(_label(f"{self.titles[item.name].get(self.lang)} → {self.answer(read)}"))
        for part in read.parts:
            self.grow(branch, part)

    def condition(self, branch: Tree, read: Trace) -> None:
        """Add one condition; a computation that it compares follows once, a table where it held."""
        mark = _label("✓ " if read.value else "✗ ", "green" if read.value else "red")
        label = mark.append(sentence(read.item, self.lang, self.titles), style="default")
        computed = isinstance(read.item, Compare) and bool(inputs(read.item)) and _is_deep(read.item)
        if computed:
            known = f" ({word('is', self.lang)}{colon(self.lang)}{self.answer(read.parts[0])})"
        else:
            values = [
                f"{v.name} = {format_value(v, self.person[v.name], self.lang, self.titles)}"
                for v in inputs(read.item)
            ]
            known = f" ({word('is', self.lang)}{colon(self.lang)}{', '.join(values)})" if values else ""
        below = branch.add(label.append(known, style="dim"))
        inner = read.parts[0] if read.parts else read
        new = is_computation(inner.item) and id(inner.item) not in self.told
        if computed and (read.value or new):
            self.told.add(id(inner.item))
            self.grow(below, inner.parts[0] if isinstance(inner.item, Named) else inner)

    def terms(self, branch: Tree, read: Trace) -> None:
        """Add the terms of a sum that counted, with the amount of each and the sum so far."""
        for term in read.terms():
            if term.counts and term.amount.answered:
                amount = self.answer(term.amount)
                sign = "" if amount.startswith("\u2212") else "+"
                said = [] if isinstance(term.condition.item, Const) else [term.condition.item]
                said += [] if isinstance(term.amount.item, Const) else [term.amount.item]
                head = "; ".join(sentence(item, self.lang, self.titles) for item in said)
                label = _label(f"{sign}{amount}", "bold").append(f"  {head}", style="default")
                total = format_value(_NUMBER, round(term.so_far, 12), self.lang)
                branch.add(
                    label.append(f"  ({word('so far', self.lang)}{colon(self.lang)}{total})", style="dim")
                )


def _is_deep(item: Compare) -> bool:
    """Tell whether a comparison is one of a computation or a table, not only of inputs."""
    return any(isinstance(node, Named | Cases | Coalesce | Sum) for node in walk(item))


def _label(text: str, style: str = "") -> rich.Text:
    return rich.Text(text, style=style, no_wrap=False, overflow="fold")
