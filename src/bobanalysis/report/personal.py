"""The letter to one person before any algorithm: what they are answered, why, and what would change it.

Everything said of a change is found by running the whole algorithm again (`bobanalysis.audit.person`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from bobanalysis.algorithm import Outcome
from bobanalysis.audit.person import Person
from bobanalysis.report.reasons import Reason, because_of
from bobanalysis.report.renderer import environment, tidy
from bobanalysis.report.subjects import card_index
from bobanalysis.report.words import HERE, Words
from bobanalysis.rules import Change, Expr, Text, Trace, Variable, inputs, sentence, trace, value_text
from bobanalysis.rules.simplify import as_sum
from bobanalysis.text import Language, capital, split_label

SHOWN = 4
"""How many changes of a kind stand open; the others are folded."""
_NUMBER = Variable("value", "float", Text("", ""), 0)


def personal_letter(person: Person, language: Language, *, invented: bool = False, site: bool = False) -> str:
    """Return the letter to a person as one page of HTML that needs no other file.

    Args:
        person: before an algorithm.
        language: "fr" or "en".
        invented: say that the person is an example.
        site: the page stands beside the other pages of the algorithm, and leads back to them.
    """
    say = _Letter(person, Words(language, person.algorithm.presentation.words))
    shown = environment(language).get_template("personal_letter.html")
    other = "en" if language == "fr" else "fr"
    style = Markup((HERE / "scripts" / "letter.css").read_text(encoding="utf-8"))
    text = shown.render(
        language=language, other=other, words=say.words, style=style, invented=invented, site=site,
        algorithm=person.algorithm, **say.everything(),
    )  # fmt: skip
    return tidy(text)


class _Letter:
    def __init__(self, person: Person, words: Words) -> None:
        self.person, self.words, self.algorithm = person, words, person.algorithm
        self.cards, self.lang = card_index(person.algorithm), words.language

    def everything(self) -> dict[str, Any]:
        items = list(self.items())
        decided = {name for item in items for name in item["decided"]}
        answers = self.person.answers
        return {
            "error": answers.error,
            "items": items,
            "empty": [
                o.label for o in self.algorithm.outcomes if o.kind == "list" and not answers.values[o.id]
            ],
            "data": [self.datum(v) for v in self.read() if v.name in decided],
            "others": [self.datum(v) for v in self.read() if v.name not in decided],
        }

    # --- answers

    def items(self) -> Iterator[dict[str, Any]]:
        """Iterate over what the person is answered: each outcome, of lists each item."""
        if self.person.answers.error is not None:
            return
        for outcome in self.algorithm.outcomes:
            value = self.person.answers.values[outcome.id]
            if outcome.kind != "list":
                yield self.item(outcome, "", value)
                continue
            for id, score in value.items():
                yield self.item(outcome, id, score)

    def item(self, outcome: Outcome, id: str, value: Any) -> dict[str, Any]:
        root = outcome.root_of(id)
        rule = self.algorithm.roots[root]
        read = self.person.trace(rule)
        added = as_sum(rule)
        terms = [] if added is None else list(self.terms(trace(added, self.person.row, self.person.known)))
        reasons = because_of(read, whole=True)
        published = self.algorithm.root_rule(root)
        held = [] if terms else [r for r in reasons if r.why == "held"]
        passed = [] if terms else [r for r in reasons if r.why == "passed"]
        if not held:
            held, passed = passed, []
        variables = inputs(*(r.item for r in held)) if held else inputs(rule)
        return {
            "id": f"{outcome.id}-{id}".strip("-"),
            "title": capital(self.words.say(outcome.items[id] if id else outcome.label)),
            "kind": self.words.say(outcome.label) if id else "",
            "answer": self.answer(outcome, id, value),
            "undefined": self.said(read.refusal) if read.refusal is not None else "",
            "terms": terms,
            "held": self.conditions(held),
            "passed": self.conditions(passed),
            "groups": self.groups(outcome, id),
            "decided": {v.name for v in variables},
            "rule": published,
            "href": self.cards.path(published) if published else "",
            "source": self.algorithm.rule(published).source if published else "",
        }

    def answer(self, outcome: Outcome, id: str, value: Any) -> str:
        """Say what an outcome, or an item of a list, comes to."""
        if outcome.kind == "list" and not id:
            return ", ".join(self.words.say(outcome.items[i]) for i in value) or self.words._("nothing")
        if value is None:
            return self.words._("not in the list") if id else self.words._("no answer")
        if outcome.kind == "category":
            return self.words.say(outcome.items.get(str(value), Text(str(value), str(value))))
        unit = self.words.say(outcome.unit)
        return f"{self.number(value)} {unit}".strip()

    def number(self, value: Any) -> str:
        if isinstance(value, str):
            return self.words.say(self.cards.titles.get(value, Text(value, value)))
        if isinstance(value, bool):
            return self.words.name("try_any", "yes" if value else "no")
        return self.words.polish(value_text(_NUMBER, round(float(value), 3), self.lang))

    def said(self, item: Expr) -> str:
        return self.words.polish(sentence(item, self.lang, self.cards.titles))

    # --- why

    def terms(self, added: Trace) -> Iterator[dict[str, str]]:
        """Iterate over the terms of a sum that counted, with what each added."""
        for term in added.terms():
            if term.counts and term.amount.answered:
                amount = term.amount.value
                fixed = not inputs(term.condition.item)
                said = "" if fixed else sentence(term.condition.item, self.lang, self.cards.titles)
                if inputs(term.amount.item):
                    computed = sentence(term.amount.item, self.lang, self.cards.titles)
                    said = f"{said} ({computed})" if said else computed
                sign = "+" if amount > 0 else ""
                yield {
                    "text": capital(self.words.polish(said) or self.words._("to begin with")),
                    "amount": sign + self.number(amount),
                    "so_far": self.number(term.so_far),
                }

    def conditions(self, found: list[Reason]) -> list[dict[str, str]]:
        lines: dict[str, dict[str, str]] = {}
        for reason in found:
            text = self.said(reason.item if reason.holds else ~reason.item)
            values = [self.datum(v)["value"] for v in inputs(reason.item)]
            you = self.words.join(values) if reason.value is None else self.number(reason.value)
            lines.setdefault(
                text, {"text": text, "you": "" if text.endswith(self.words.colon + you) else you}
            )
        return list(lines.values())

    # --- data

    def read(self) -> list[Variable]:
        keys = self.algorithm.input_roles.keys
        return [v for v in self.algorithm.variables if v.name not in keys and v.name in self.person.row]

    def datum(self, variable: Variable) -> dict[str, str]:
        """Return an input with its value, and whether it is a protected criterion."""
        head, member = split_label(variable.label.get(self.lang), self.lang)
        origins = self.words.names("origins")
        return {
            "name": variable.name,
            "label": capital(self.words.polish(f"{head} ({member})" if member else head)),
            "value": self.value(variable, self.person.row[variable.name]),
            "protected": self.protected(variable),
            "source": origins.get(variable.group, origins["other"]),
        }

    def value(self, variable: Variable, value: Any) -> str:
        if value is None or value == "":
            return self.words._("no answer")
        if value in (codes := self.cards.codes(variable.name)):
            return f"{codes[value]} ({value})"
        if variable.kind == "text" and value in (grid := dict(variable.grid)):
            return self.words.say(grid[value])
        return self.words.polish(value_text(variable, value, self.lang, self.cards.titles))

    def protected(self, variable: Variable) -> str:
        if variable.protected is None:
            return ""
        criterion = self.words.name("criteria", variable.protected.criterion)
        return self.words.name("marked", variable.protected.how).format(criterion=criterion)

    # --- what would have changed it

    def groups(self, outcome: Outcome, id: str) -> list[dict[str, Any]]:
        """Return the nearest changes of each input in each direction, by who can change it."""
        found = self.person.counterfactuals(outcome.id, id, depth=2).found
        nearest: dict[Any, Any] = {}
        for other in found:
            key = tuple((c.variable.name, _direction(c)) for c in other.changes)
            nearest.setdefault(key, other)
        lines: dict[str, list[dict[str, Any]]] = {key: [] for key in self.words.names("changes")}
        for other in nearest.values():
            categories = {self.category(c.variable) for c in other.changes}
            at = next(c for c in ("protected", "figures", "yours") if c in categories)
            changes = [
                {
                    **self.datum(c.variable),
                    "after": self.value(c.variable, c.after),
                    "before": self.value(c.variable, c.before),
                }
                for c in other.changes
            ]
            lines[at].append({"changes": changes, "then": self.answer(outcome, id, other.answer)})
        return [
            {"key": key, "title": self.words.name("changes", key), "shown": own[:SHOWN], "more": own[SHOWN:]}
            for key, own in lines.items()
            if own
        ]

    def category(self, variable: Variable) -> str:
        if variable.joined:
            return "figures"
        return "protected" if variable.protected else "yours"


def _direction(change: Change) -> Any:
    if change.variable.kind in ("int", "float") and change.before is not None:
        return change.after > change.before
    return change.after if change.variable.kind == "bool" else ""
