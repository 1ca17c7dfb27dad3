"""Explanations and traces for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.tree import Tree

from bobanalysis.rules import Expr, Language, Text, Trace, decision_table, inputs, sentence, thresholds, trace
from bobanalysis.rules.expr import Attempt, Cases, Named

_WORDS = {
    "when": Text("si", "if"),
    "then": Text("alors", "then"),
    "input": Text("donnée lue", "input"),
    "column": Text("colonne", "column"),
    "protected": Text("critère protégé", "protected criterion"),
    "thresholds": Text("seuils", "thresholds"),
    "answer": Text("résultat", "result"),
    "is": Text("ici", "here"),
}


def explanation(name: str, rule: Expr, lang: Language) -> RenderableType:
    """Return the decision table and the inputs of a rule.

    Parameters: ``name``; ``rule``; ``lang``, "fr" or "en".
    """
    table = Table(_word("when", lang), _word("then", lang), title=name, show_lines=True)
    for line in decision_table(rule, lang):
        table.add_row(line.condition, line.result)
    bounds: dict[str, list[str]] = {}
    for t in thresholds(rule):
        bounds.setdefault(t.variable.name, []).append(t.relation or f"{t.op} {t.value:g}")
    read = Table(*(_word(w, lang) for w in ("input", "column", "protected", "thresholds")))
    for variable in inputs(rule):
        protected = f"{variable.protected.criterion} ({variable.protected.how})" if variable.protected else ""
        limits = ", ".join(bounds.get(variable.name, []))
        read.add_row(variable.label.get(lang), variable.name, protected, limits)
    return Group(table, read)


def tree(
    rule: Expr,
    person: Mapping[str, Any],
    lang: Language,
    group: Sequence[Mapping[str, Any]] | None = None,
) -> RenderableType:
    """Return how a rule was read for one person, as a tree of the conditions that were looked at.

    Parameters: ``rule``; ``person``, input name → value; ``lang``; ``group``, all projects of the person.
    """
    read = trace(rule, person, group)
    root = Tree(f"[bold]{_word('answer', lang)}: {_answer(read, lang)}[/]")
    _grow(root, read, lang)
    return root


def _word(key: str, lang: Language) -> str:
    return _WORDS[key].get(lang)


def _answer(read: Trace, lang: Language) -> str:
    if read.refusal is not None:
        return sentence(read.refusal, lang)
    return str(read.value)


def _grow(branch: Tree, read: Trace, lang: Language) -> None:
    """Add the parts of a trace, down to elementary conditions with the person's values."""
    for part in read.parts:
        if isinstance(part.item, Named):
            _grow(branch.add(f"{part.item.name} → {_answer(part, lang)}"), part, lang)
        elif isinstance(part.item, Cases | Attempt):
            _grow(branch, part, lang)
        else:
            for leaf in part.decisive():
                values = ", ".join(f"{v.name} = {_value(leaf, v.name)}" for v in inputs(leaf.item))
                mark = "[green]✓[/]" if leaf.value else "[red]✗[/]"
                branch.add(f"{mark} {sentence(leaf.item, lang)} [dim]({_word('is', lang)}: {values})[/]")


def _value(read: Trace, name: str) -> Any:
    """Return what an input was, where the trace has read it."""
    variables = {v.name for v in inputs(read.item)}
    if name in variables and not read.parts:
        return read.value
    for part in read.parts:
        if name in {v.name for v in inputs(part.item)}:
            return _value(part, name)
    return "?"
