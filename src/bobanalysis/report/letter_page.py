"""The letter as a page: what `bobanalysis.report.letter` gathers, in words, in French or in English.

The page is one file that needs nothing else. Sentences stand in the templates.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from bobanalysis import text as formatter
from bobanalysis.algorithm import Algorithm, Outcome
from bobanalysis.audit.person import Person, read_person
from bobanalysis.data import sources
from bobanalysis.report.letter import Explained, Letter, Reason, Stopped, because_of, term_text, unanswered
from bobanalysis.report.subjects import card_index
from bobanalysis.report.words import HERE, Words, environment, tidy, vocabulary
from bobanalysis.rules import Expr, Text, Variable, format_value, inputs, sentence
from bobanalysis.rules.counterfactual import Counterfactual
from bobanalysis.rules.expr import Compare, Named
from bobanalysis.rules.simplify import as_sum
from bobanalysis.text import LANGUAGES, Language, split_label

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "person.json"
SHOWN = 4
"""How many changes of a kind stand open; the others are folded."""


def render(made: Letter, language: Language, *, invented: bool = False, site: bool = False) -> str:
    """Return a letter as one page of HTML that needs no other file.

    Args:
        made: what it says.
        language: "fr" or "en".
        invented: say that the person is an example.
        site: the page stands beside the other pages of the algorithm, and leads back to them.

    Example:
        >>> from bobanalysis.bob import Bob, Market
        >>> person = Person.of({"age": 47}, Bob(Market.empty()))
        >>> "you would not have been given this advice" in render(Letter(person, "senior"), "en")
        True
    """
    say = _Saying(made, Words(language, made.presentation.words))
    style = Markup((HERE / "scripts" / "letter.css").read_text(encoding="utf-8"))
    about: dict[str, Any] = {"language": language, "words": say.words, "style": style}
    about |= {"other": "en" if language == "fr" else "fr"}
    about |= {"invented": invented, "site": site, "algorithm": made.algorithm}
    template = _with_bytecode_cache(environment(language)).get_template(made.presentation.letter_template)
    return tidy(template.render(about | say.everything()))


def _with_bytecode_cache(environment: jinja2.Environment) -> jinja2.Environment:
    """Return an environment that keeps what it compiled: a person waits for one letter.

    Nothing is computed ahead, so that what is kept depends on the templates and on their extensions alone.
    """
    folder = HERE / "templates" / "__pycache__"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    kept = None
    if os.access(folder, os.W_OK) and not sys.dont_write_bytecode:
        extended_by = zlib.crc32(" ".join(sorted(environment.extensions)).encode())
        kept = jinja2.FileSystemBytecodeCache(str(folder), f"{extended_by}-%s.cache")
    return environment.overlay(optimized=False, bytecode_cache=kept)


def letter_pages(made: Letter) -> dict[str, str]:
    """Return the letter to an invented person, one page a language: path in the folder of pages -> HTML."""
    return {f"{lang}/letter.html": render(made, lang, invented=True, site=True) for lang in LANGUAGES}


@cache
def example(algorithm: Algorithm) -> Letter:
    """Return the letter to the invented person of `data/examples/person.json`."""
    return Letter(Person.of(read_person(EXAMPLE), algorithm, file=EXAMPLE.name), figures=open_figures())


def open_figures(scale: str | None = None) -> Text:
    """Say where the project's own market figures come from.

    Args:
        scale: one of `population.SCALES`, on which the market was read.
    """
    from bobanalysis.population import DEFAULT, SCALES

    known = sources()
    used = ("market_rome_bassin_2021", "bassin_dep_share", "rome_mobility")
    titles = {lang: formatter.join((known[id].title.get(lang) for id in used), lang) for lang in LANGUAGES}
    said = SCALES[scale or DEFAULT]
    return vocabulary()["figures_from"]["open"].filled(titles=Text(**titles), scale=Text(said.fr, said.en))


def folder_figures(name: str) -> Text:
    """Say that market figures come from a folder of documents.

    >>> folder_figures("market").en
    'documents of the folder “market”'
    """
    return vocabulary()["figures_from"]["folder"].filled(name=name)


class _Saying:
    """Puts a letter into words."""

    def __init__(self, made: Letter, words: Words) -> None:
        self.made, self.words, self.person, self.algorithm = made, words, made.person, made.algorithm
        self.presentation, self.lang = made.presentation, words.language
        self.cards = card_index(made.algorithm)

    def everything(self) -> dict[str, Any]:
        """Return what the template shows."""
        explained, main = self.made.explained, self.presentation.main_outcomes
        decided = {*self.presentation.always_told}
        for e in explained:
            if not self.made.whole or not main or e.item.outcome.id in main:
                conditions = [r.item for r in e.reasons if self.earlier(r.item) is None]
                decided |= {v.name for v in inputs(*conditions or [e.read.item])}
        data = [self.datum(v) for v in self.read()]
        given = [line for line in data if line["given"]]
        told = [line for line in given if not line["listed"]]
        values = self.made.answers.values
        return {
            "whole": self.made.whole,
            "answers": self.made.answers,
            "items": [self.item(e) for e in explained],
            "empty": [o.label for o in self.algorithm.outcomes if o.kind == "list" and not values[o.id]],
            "data": [line for line in told if line["name"] in decided],
            "others": [line for line in told if line["name"] not in decided],
            "lists": self.together(line for line in given if line["listed"]),
            "unanswered": self.together(line for line in data if not line["given"]),
            "figures": self.words.say(self.made.figures),
            "date": formatter.date(self.made.now, self.lang),
            **{name: getattr(self, name) for name in ("answer", "number", "label", "name_of", "value")},
            **self.presentation.letter(self),
        }

    # --- answers

    def label(self, outcome: str, id: str = "") -> str:
        """Say what an outcome, or an item of a list, is called."""
        return self.words.say(self.presentation.label_of(outcome, id))

    def item(self, e: Explained) -> dict[str, Any]:
        """Return one item in words."""
        item, rule = e.item, self.algorithm.roots[e.item.root]
        published = self.algorithm.root_rule(item.root)
        terms = self.terms(rule)
        told = () if terms else e.reasons
        held, passed = (self.conditions(r for r in told if r.why == why) for why in ("held", "passed"))
        whole = self.presentation.whole_computations or item.outcome.kind == "category"
        if not held or (len(held) + len(passed) <= SHOWN and not whole):
            held, passed = held + passed, []
        return {
            "e": e,
            "id": f"{item.outcome.root}-{item.id or item.outcome.id}".replace("_", "-"),
            "title": self.label(item.outcome.id, item.id),
            "kind": self.words.say(item.outcome.label) if item.id else "",
            "answer": self.answer(item.outcome, e.answer, item.id),
            "undefined": "" if e.read.refusal is None else self.said(e.read.refusal),
            "because": [self.words.say(self.presentation.reasons[code]) for code in e.read.because()],
            "terms": terms,
            "held": held,
            "passed": passed,
            "used": [self.with_value(v) for r in e.reasons if r.why == "used" for v in inputs(r.item)],
            "groups": self.groups(e),
            "rule": published or item.outcome.root,
            "href": self.cards.path(published) if published else "",
            "source": self.algorithm.rule(published).source if published else "",
        }

    def answer(self, outcome: Outcome, value: Any, id: str = "") -> str:
        """Say what an outcome, or an item of a list, comes to."""
        if value is None or isinstance(value, Stopped):
            return self.words._("not in the list") if value is None and id else self.words._("no answer")
        if outcome.kind == "category":
            return self.words.say(outcome.items.get(str(value), Text(str(value), str(value))))
        return f"{self.number(value)} {self.words.say(outcome.unit)}".strip()

    def number(self, value: Any) -> str:
        """Write a number with the decimals that it has, three at most; a code by its title."""
        if isinstance(value, str):
            return self.words.say(self.cards.titles.get(value, Text(value, value)))
        if isinstance(value, bool):
            return self.words.name("try_any", "yes" if value else "no")
        return formatter.significant(round(float(value), 3), self.lang)

    def said(self, item: Expr) -> str:
        """Say a condition or a computation."""
        return self.words.polish(sentence(item, self.lang, self.cards.titles))

    # --- why

    def terms(self, rule: Expr) -> list[dict[str, str]]:
        """Return the terms of a sum that counted, with what each added; none where it is told otherwise."""
        added = as_sum(rule) if self.presentation.whole_computations else None
        counted = self.person.trace(added).terms() if added is not None else ()
        made = []
        for term in (term for term in counted if term.counts and term.amount.answered):
            text = term_text(term.condition.item, term.amount.item, self.said, self.words)
            amount = ("+" if term.amount.value > 0 else "") + self.number(term.amount.value)
            made.append({"text": text, "amount": amount, "so_far": self.number(term.so_far)})
        return made

    def conditions_of(self, root: str) -> list[dict[str, str]]:
        """Return the conditions that made a rule answer what it did."""
        read = because_of(self.person.trace(self.algorithm.roots[root]))
        return self.conditions(r for r in read if r.why != "used")

    def conditions(self, found: Iterable[Reason]) -> list[dict[str, str]]:
        """Return conditions as they stand, each once, with the person's values."""
        lines: dict[str, dict[str, str]] = {}
        for reason in found:
            if self.earlier(reason.item) is None or reason.holds:
                line = self.condition(reason)
                lines.setdefault(line["text"], line)
        return list(lines.values())

    def earlier(self, item: Expr) -> str | None:
        """Say which earlier step a condition asks, where it only asks for its answer."""
        asks = isinstance(item, Compare) and isinstance(item.left, Named) and item.left.name
        return self.words.names("earlier").get(str(asks))

    def condition(self, reason: Reason) -> dict[str, str]:
        """Return a condition as it stands, with the person's value."""
        if (step := self.earlier(reason.item)) is not None:
            text = step + self.words.colon + self.words.quote(self.number(reason.value))
            return {"text": text, "you": "", "source": self.words.name("yours", "result"), "names": ""}
        text = self.said(reason.item if reason.holds else ~reason.item)
        variables = inputs(reason.item)
        if reason.value is not None:
            you = self.number(reason.value)
        elif len(variables) == 1:
            you = self.value(variables[0], self.person.row[variables[0].name])
        else:
            you = self.words.join(self.with_value(v) for v in variables)
        one = variables[0] if len(variables) == 1 and reason.value is None else None
        if one and (said := unanswered(one, self.person.row[one.name], self.words, self.presentation)):
            text, you = f"{self.name_of(one)}{self.words.colon}{said}", ""
        if text.endswith(self.words.colon + you):  # the condition says the value itself
            you = ""
        groups = dict.fromkeys(v.group for v in variables if self.presentation.category(v) == "figures")
        source = ", ".join(self.words.name("yours", g) for g in groups)
        return {"text": text, "you": you, "source": source, "names": " ".join(v.name for v in variables)}

    # --- data

    def read(self) -> list[Variable]:
        """Return the inputs that what is explained reads, questions before figures."""
        order, keys = [*self.words.names("yours")], self.algorithm.input_roles.keys
        names = [n for n in self.made.reads if n in self.person.row and n not in keys]
        found = [self.algorithm.dictionary[n] for n in names]
        return sorted(found, key=lambda v: order.index(v.group) if v.group in order else len(order))

    def datum(self, variable: Variable) -> dict[str, Any]:
        """Return an input with its value, its source, and whether it is a protected criterion."""
        name, yours = variable.name, self.words.names("yours")
        figures = self.presentation.category(variable) == "figures"
        return {
            "name": name,
            "label": self.name_of(variable),
            "parts": self.parts(variable),
            "value": self.value(variable, self.person.row[name]),
            "protected": "" if figures else self.words.mark(variable),
            "source": self.words.names("computed").get(name) or yours.get(variable.group, yours["other"]),
            "given": self.presentation.is_given(variable, self.person.row),
            "listed": variable.group in ("list", "result"),
        }

    def together(self, lines: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
        """Return inputs and their values; answers to one question that have the same value stand together."""
        groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for line in lines:
            head, member = line["parts"]
            groups.setdefault((head, line["value"]), []).append((member, line["name"]))
        made = []
        for (head, value), found in groups.items():
            label = f"{head} ({self.words.join(member for member, _ in found)})" if found[0][0] else head
            made.append({"label": label, "value": value, "names": " ".join(name for _, name in found)})
        return made

    def parts(self, variable: Variable) -> tuple[str, str]:
        """Return the question of an input, and the one answer to it that the input is, if it is one."""
        head, member = split_label(variable.label.get(self.lang), self.lang)
        return self.words.polish(head), self.words.polish(member)

    def name_of(self, variable: Variable) -> str:
        """Say an input; one answer of a question stands in parentheses."""
        head, member = self.parts(variable)
        return f"{head} ({member})" if member else head

    def with_value(self, variable: Variable) -> str:
        """Say an input and its value."""
        value = self.value(variable, self.person.row[variable.name])
        return f"{self.name_of(variable)}{self.words.colon}{value}"

    def value(self, variable: Variable, value: Any) -> str:
        """Say the value of an input; what stands for no answer is said so."""
        if said := self.presentation.unknown(variable, value):
            n = self.number(round(value, 1)) if value < 0 else int(value)
            return self.words.name("unknown", said).format(n=n)
        if value is None:
            return self.words._("no answer")
        if value in (codes := self.cards.codes(variable.name)):
            return f"{codes[value]} ({value})"
        if variable.kind == "text" and value in (grid := dict(variable.grid)):
            return self.words.say(grid[value])
        if isinstance(value, float):
            value = round(value, 2)
        if value == 1 and variable.unit is not None and variable.unit.en == "months":
            return self.words.quantity(1, "months")
        return self.words.polish(format_value(variable, value, self.lang, self.cards.titles))

    # --- what would have changed it

    def groups(self, e: Explained) -> list[dict[str, Any]]:
        """Return the nearest changes, by who can change it."""
        titles = self.words.names("changes")
        lines: dict[str, list[Counterfactual]] = {key: [] for key in titles}
        for other in e.found:
            categories = {self.presentation.category(c.variable) for c in other.changes}
            lines[next(c for c in ("protected", "figures", "yours") if c in categories)].append(other)
        told = [(key, own[:SHOWN], own[SHOWN:]) for key, own in lines.items() if own]
        return [{"key": k, "title": titles[k], "shown": shown, "more": more} for k, shown, more in told]
