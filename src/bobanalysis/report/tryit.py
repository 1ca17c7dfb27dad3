"""The page "Try it": the rules as JavaScript, and the texts; for any algorithm.

`script` makes the one script that both languages of the page share; `page` the texts of one language.
Nothing here decides anything: the rules are compiled from the expressions that every page is made with.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from markupsafe import Markup

from bobanalysis.algorithm import Algorithm, Questions, grid_values
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.report.words import HERE, vocabulary
from bobanalysis.rules import Text, Variable, inputs, sentence
from bobanalysis.rules.javascript import Script, compile_script
from bobanalysis.text import split_label


@cache
def compiled(algorithm: Algorithm) -> Script:
    """Return the rules of an algorithm as a script (see `bobanalysis.rules.javascript`)."""
    return compile_script(algorithm.roots, "bobRules")


def script(algorithm: Algorithm) -> str:
    """Return the script of the page: compiled rules, tables that they read, what runs them, the page."""
    presentation = algorithm.presentation
    parts = [
        "// Written by bobanalysis from the rules that the whole audit runs; do not edit.\n"
        "// Code: GPL-3.0-or-later. Figures: see the page of sources.\n",
        compiled(algorithm).text,
        f"var bobData = {_dump(presentation.try_data())};\n",
        *((HERE / "scripts" / name).read_text(encoding="utf-8") for name in presentation.try_scripts),
    ]
    return "".join(parts)


def page(renderer: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: its texts as JSON for a script element."""
    algorithm, words = renderer.algorithm, renderer.words
    presentation = algorithm.presentation
    codes = {
        v.name: {code: words.polish(name) for code, name in renderer.cards.codes(v.name).items()}
        for v in algorithm.variables
        if v.name in presentation.code_tables
    }
    rules = {root: name for root in algorithm.roots if (name := algorithm.root_rule(root))}
    told = {
        "language": words.language,
        "commit": algorithm.source.version,
        "texts": words.names(presentation.try_texts),
        "fields": [
            {"title": words.say(group.label), "fields": _fields(algorithm, group, words.say)}
            for group in algorithm.questions or _groups(algorithm)
        ],
        **presentation.try_words(words, codes),
        "reasons": {code: words.say(text) for code, text in presentation.reasons.items()},
        "conditions": _conditions(renderer),
        "rules": {
            root: [name, algorithm.rule(name).source, renderer.cards.path(name)]
            for root, name in rules.items()
        },
    }
    return {"tryit": Markup(_dump(told))}


def _groups(algorithm: Algorithm) -> tuple[Questions, ...]:
    """Return the inputs by their groups, for an algorithm that says nothing of its questions."""
    origins = vocabulary()["origins"]
    found: dict[str, list[str]] = {}
    for v in algorithm.variables:
        if v.name not in algorithm.input_roles.keys:
            found.setdefault(v.group, []).append(v.name)
    return tuple(
        Questions(origins.get(group, vocabulary()["try_any"]["profile"]), tuple(names))
        for group, names in found.items()
    )


def _fields(algorithm: Algorithm, group: Questions, say: Callable[[Text], str]) -> list[dict[str, Any]]:
    read = {v.name for v in inputs(*algorithm.roots.values())}
    made: list[dict[str, Any]] = []
    for name in group.inputs:
        if name in algorithm.dictionary.sets:
            members = [v for v in algorithm.dictionary.sets[name].values() if v.name in read]
            made += [{"name": v.name, "kind": "bool", "label": _member(v, say)} for v in members]
        else:
            made.append(_field(algorithm, algorithm.dictionary[name], say))
    return made


def _member(variable: Variable, say: Callable[[Text], str]) -> str:
    said = Text(*(split_label(variable.label.get(lang), lang)[1] for lang in ("fr", "en")))
    return say(said)


def _field(algorithm: Algorithm, variable: Variable, say: Callable[[Text], str]) -> dict[str, Any]:
    field = {"name": variable.name, "kind": variable.kind, "label": say(variable.label)}
    if algorithm.presentation.try_template == "try.html":  # its script knows limits and codes itself
        return {**field, "options": [[c.number, say(c.label)] for c in variable.choices]}
    named = variable.kind in ("enum", "text") and (variable.choices or getattr(variable, "grid", ()))
    options = [[value, say(label)] for value, label in grid_values(variable)] if named else []
    limits = {
        "minimum": variable.minimum,
        "maximum": variable.maximum,
        "unit": say(variable.unit) if variable.unit else "",
    }
    return {**field, "options": options, **limits}


def _conditions(renderer: PageRenderer) -> dict[int, list[str]]:
    """Say every elementary condition twice: as it stands where it holds, and where it does not."""
    items = {
        id: text for o in renderer.algorithm.outcomes if o.kind == "category" for id, text in o.items.items()
    }
    words, lang = renderer.words, renderer.words.language
    found = compiled(renderer.algorithm).conditions
    return {k: [words.polish(sentence(c, lang, items)) for c in (held, ~held)] for k, held in found.items()}


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
