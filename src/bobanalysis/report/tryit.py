"""The page "Try it": the rules as JavaScript, and the texts; for any algorithm.

`script` makes the one script that both languages of the page share; `page` the texts of one language.
Nothing here decides anything: the rules are compiled from the expressions that every page is made with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import polars as pl
from markupsafe import Markup

from bobanalysis import data
from bobanalysis.algorithm import Algorithm, Questions, grid_values
from bobanalysis.presentation import Presentation
from bobanalysis.report.letter import term_text, unanswered
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.report.words import HERE, Words, vocabulary
from bobanalysis.rules import Expr, Named, Text, Variable, input_text, inputs, sentence, walk
from bobanalysis.rules.expr import Arith, Sum, children
from bobanalysis.rules.javascript import Script, compile_script
from bobanalysis.rules.simplify import as_sum
from bobanalysis.text import split_label


@cache
def compiled(algorithm: Algorithm) -> Script:
    """Return the rules of an algorithm as a script (see `bobanalysis.rules.javascript`).

    Beside its roots, the script can be asked about each term of their sums: whether it counts, what it adds.
    """
    terms: dict[str, Expr] = {}
    for root in algorithm.roots:
        for place, (_, added) in enumerate(added_up(algorithm, root)):
            for number, row in enumerate(added.rows):
                key = f"{root} {place} {number}"
                terms |= {f"{key} if": row.condition, f"{key} adds": row.result}
    required = {f"required {k}": r.condition for k, r in enumerate(algorithm.requirements)}
    return compile_script({**algorithm.roots, **terms, **required}, "bobRules")


def added_up(algorithm: Algorithm, root: str) -> list[tuple[str, Sum]]:
    """Return the sums that a root adds up, each with the name of its computation; none where not told so."""

    def sums(node: Expr, name: str) -> Iterator[tuple[str, Sum]]:
        name = node.name if isinstance(node, Named) else name
        if isinstance(node, Sum | Arith) and (added := as_sum(node)) is not None:
            yield name, added
            return
        for child in children(node):
            yield from sums(child, name)

    return [*sums(algorithm.roots[root], root)] if algorithm.presentation.whole_computations else []


def script(algorithm: Algorithm) -> str:
    """Return the script of the page: compiled rules, tables that they read, what runs them, the page."""
    presentation = algorithm.presentation
    head = "// Written by bobanalysis from the rules that the whole audit runs; do not edit.\n"
    head += "// Code: GPL-3.0-or-later. Figures: see the page of sources.\n"
    tables = f"var bobData = {_dump(presentation.try_data() | _titles(presentation))};\n"
    scripts = ((HERE / "scripts" / name).read_text(encoding="utf-8") for name in presentation.try_scripts)
    return "".join([head, compiled(algorithm).text, tables, *scripts])


def page(renderer: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: its texts as JSON for a script element."""
    algorithm, words = renderer.algorithm, renderer.words
    presentation, cards = algorithm.presentation, renderer.cards
    coded = {v.name: cards.codes(v.name) for v in algorithm.variables if v.name in presentation.code_tables}
    codes = {name: {k: words.polish(text) for k, text in own.items()} for name, own in coded.items()}
    rules = {root: name for root in algorithm.roots if (name := algorithm.root_rule(root))}
    every = tuple(v.name for v in algorithm.variables if v.name not in algorithm.input_roles.keys)
    asked = algorithm.questions or (Questions(vocabulary()["try_any"]["profile"], every),)
    conditions = enumerate(algorithm.requirements)
    said = ((k, r.column, words.polish(sentence(r.condition, words.language))) for k, r in conditions)
    required = [[f"required {k}", column, text] for k, column, text in said]
    told = {
        "language": words.language,
        "commit": algorithm.source.version,
        "texts": words.names(presentation.try_texts),
        "fields": [{"title": words.say(g.label), "fields": _fields(algorithm, g, words)} for g in asked],
        **presentation.try_words(words, codes),
        **_everyday(presentation, words),
        "reasons": {code: words.say(text) for code, text in presentation.reasons.items()},
        "conditions": _conditions(renderer),
        "changes": words.names("changes"),
        "requirements": required,
        "rules": {root: [words.say(cards.titles[name]), cards.path(name)] for root, name in rules.items()},
    }
    if presentation.whole_computations:
        told["sums"] = {root: _terms(renderer, root) for root in algorithm.roots}
        told["heads"] = [words._("Term"), words._("It adds"), words._("Sum so far")]
    return {"tryit": Markup(_dump(told))}


def _titles(presentation: Presentation) -> dict[str, dict[str, str]]:
    """Return the published titles of each job group, for an algorithm that reads job groups."""
    if "rome" not in presentation.code_tables.values():
        return {}
    joined = data.table("job_titles").group_by("rome").agg(pl.col("title").str.join("|"))
    return {"titles": dict(joined.sort("rome").iter_rows())}


def _everyday(presentation: Presentation, words: Words) -> dict[str, list[Any]]:
    """Return everyday names of jobs in one language with the job groups that each means, nearest first."""
    if "rome" not in presentation.code_tables.values():
        return {}
    own = data.table("everyday_jobs").filter(pl.col("language") == words.language)
    by_name = own.sort("name", "place").group_by("name", maintain_order=True).agg("rome")
    return {"everyday": [list(row) for row in by_name.iter_rows()]}


def _fields(algorithm: Algorithm, group: Questions, words: Words) -> list[dict[str, Any]]:
    lang: Any = words.language
    read = {v.name for v in inputs(*algorithm.roots.values())}
    made: list[dict[str, Any]] = []
    for name in group.inputs:
        if name in algorithm.dictionary.sets:
            members = [v for v in algorithm.dictionary.sets[name].values() if v.name in read]
            labels = {v.name: split_label(v.label.get(lang), lang)[1] for v in members}
            made += [{"name": n, "kind": "bool", "label": words.polish(text)} for n, text in labels.items()]
        else:
            made.append(_field(algorithm, algorithm.dictionary[name], words.say))
    for field in made:
        variable = algorithm.dictionary[field["name"]]
        field |= {"by": algorithm.presentation.category(variable), "mark": words.mark(variable)}
    return made


def _field(algorithm: Algorithm, variable: Variable, say: Callable[[Text], str]) -> dict[str, Any]:
    field: dict[str, Any] = {"name": variable.name, "kind": variable.kind, "label": say(variable.label)}
    if algorithm.presentation.try_template == "try.html":  # its script knows limits and codes itself
        return {**field, "options": [[c.number, say(c.label)] for c in variable.choices]}
    named = variable.kind in ("enum", "text") and (variable.choices or getattr(variable, "grid", ()))
    options = [[value, say(label)] for value, label in grid_values(variable)] if named else []
    ends = {"minimum": variable.minimum, "maximum": variable.maximum}
    return {**field, "options": options, **ends, "unit": say(variable.unit) if variable.unit else ""}


def _conditions(renderer: PageRenderer) -> dict[int, list[Any]]:
    """Say every elementary condition twice: as it stands where it holds, and where it does not.

    Where the input may lack an answer or a figure, the value that stands for that and its text follow.
    """
    named = (outcome for outcome in renderer.algorithm.outcomes if outcome.kind == "category")
    items = {id: text for outcome in named for id, text in outcome.items.items()}
    words, lang = renderer.words, renderer.words.language
    found = compiled(renderer.algorithm).conditions
    presentation = renderer.algorithm.presentation

    def lacking(condition: Expr) -> list[Any]:
        read = inputs(condition)
        said = unanswered(read[0], read[0].default, words, presentation) if len(read) == 1 else ""
        return [[read[0].name, words.polish(input_text(read[0], lang)) + words.colon + said]] if said else []

    def both(held: Expr) -> list[str]:
        return [words.polish(sentence(c, lang, items)) for c in (held, ~held)]

    return {k: [*both(held), *lacking(held)] for k, held in found.items()}


def _terms(renderer: PageRenderer, root: str) -> list[dict[str, Any]]:
    """Say the terms of each sum that a root adds up, and which conditions they tell already."""
    words, titles, found = renderer.words, renderer.cards.titles, compiled(renderer.algorithm).conditions

    def said(item: Expr) -> str:
        return words.polish(sentence(item, words.language, titles))

    made = []
    for name, added in added_up(renderer.algorithm, root):
        terms = [term_text(row.condition, row.result, said, words) for row in added.rows]
        told = [k for k, node in found.items() if any(node is other for other in walk(added))]
        made.append({"title": words.say(titles.get(name)), "terms": terms, "told": told})
    return made


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
