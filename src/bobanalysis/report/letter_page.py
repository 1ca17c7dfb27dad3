"""The letter as a page: the data of `bobanalysis.report.letter` in words, in French or in English.

The page is one file that needs nothing else. `letter_pages` makes the example of the site, about an invented
person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bobanalysis import data
from bobanalysis.bob import DICTIONARY, UPSTREAM_COMMIT, catalogue, titles
from bobanalysis.bob.configuration import advice_modules, reasons, strategies
from bobanalysis.bob.diagnosis import Relevance, challenges
from bobanalysis.bob.presentation import _own_words, strategy_title
from bobanalysis.report import findings
from bobanalysis.report.letter import (
    NOT_GIVEN,
    Elsewhere,
    Explained,
    Letter,
    Otherwise,
    Outcome,
    Reason,
    Step,
    category,
    explain,
)
from bobanalysis.report.person import JOB, PLACE, read_person
from bobanalysis.report.renderer import environment, tidy
from bobanalysis.report.words import HERE, N_, Words
from bobanalysis.rules import Language, Text, Variable, inputs, sentence
from bobanalysis.rules.explain import value_text
from bobanalysis.rules.expr import Compare, Named, Total, Var

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "person.json"
ARTICLE = "R311-3-1-2"
_MOST = 100  # overall score and points are out of so many
SHOWN = 4
"""How many changes of a kind stand open; the others are folded."""

STARS = N_("%(n)s star"), N_("%(n)s stars")
POINTS = N_("%(n)s point"), N_("%(n)s points")


def letter(
    given: Any,
    language: Language = "fr",
    **options: Any,
) -> str:
    """Return the letter to a person as HTML.

    Parameters: `given`, one of Bob's records or inputs by name; `language`, "fr" or "en"; `options`, see
    `letter.explain`.

    >>> from bobanalysis.bob import Bob, Market
    >>> text = letter({"age": 47}, "en", bob=Bob(Market.empty()), about="senior")
    >>> "you would not have been given this advice" in text
    True
    """
    return render(explain(given, **options), language)


def letter_pages() -> dict[str, str]:
    """Return the example of the site, one page a language: path in the folder of reports -> HTML."""
    made = example()
    return {f"{lang}/letter.html": render(made, lang, site=True) for lang in ("fr", "en")}


@cache
def example() -> Letter:
    """Return the letter to the invented person of `data/examples/person.json`."""
    return explain(read_person(EXAMPLE), figures=open_figures(), file=EXAMPLE.name)


def open_figures(scale: str | None = None) -> Text:
    """Say where the project's own market figures come from.

    Parameters: `scale`, see `population.SCALES`. Raises ValueError for an unknown one.
    """
    from bobanalysis.population import DEFAULT, SCALES

    known = findings.known_sources() or {}
    used = ("market_rome_bassin_2021", "bassin_dep_share", "rome_mobility")
    fr, en = ("; ".join(known[id]["title"][lang] for id in used if id in known) for lang in ("fr", "en"))
    if scale is not None and scale not in SCALES:
        raise ValueError(f"there is no scale {scale!r}; scales are {', '.join(SCALES)}")
    said = SCALES[scale or DEFAULT]
    return Text(
        f"chiffres ouverts, et non ceux que Bob lisait : {fr.replace(';', ' ;')}. Échelle : {said.fr}",
        f"open figures, not those that Bob read: {en}. Scale: {said.en}",
    )


def folder_figures(name: str) -> Text:
    """Say that market figures come from a folder of documents.

    >>> folder_figures("market").en
    'documents of the folder “market”'
    """
    return Text(f"documents du dossier « {name} »", f"documents of the folder “{name}”")


def render(made: Letter, language: Language, site: bool = False) -> str:
    """Return a letter as one page of HTML that needs no other file.

    Parameters: `made`, what `letter.explain` gathered; `language`; `site`, whether the page stands in the
    site: it then says that the person is invented, and leads back.
    """

    say = _Saying(made, Words(language, _own_words()))
    text = (
        environment(language)
        .get_template("letter.html")
        .render(language=language, other="en" if language == "fr" else "fr", site=site, **say.everything())
    )
    return tidy(text)


class _Saying:
    """Puts the parts of a letter into words."""

    def __init__(self, made: Letter, words: Words) -> None:
        self.made, self.words = made, words
        self.lang: Any = words.language
        self._ = words.gettext

    def everything(self) -> dict[str, Any]:
        """Return what the template shows."""
        made, told = self.made, self.made.told
        explained = {kind: [e for e in made.explained if e.item.kind == kind] for kind in _KINDS}
        items = {kind: [self.item(e) for e in found] for kind, found in explained.items()}
        return {
            "date": self.date(made.now),
            "who": self.who(),
            "whole": made.whole,
            "error": self.error(),
            "challenge": self.challenge(told.challenge),
            "told": self.told_in_a_sentence(),
            "score": None if told.score is None else self.words.number(told.score),
            "advice_count": len(told.advice),
            "strategy_count": len(told.strategies),
            "strategies_told": [self.strategy(id) for id in told.strategies],
            "market_known": told.market_known,
            "about": items[explained_kind(made)][0] if not made.whole else None,
            "items": items,
            "data": [line for line in self.data() if line["decided"] and not line["listed"]],
            "others": [line for line in self.data() if not line["decided"] and not line["listed"]],
            "lists": self.together(v for v in self.read() if v.name in made.given and v.group in _LISTED),
            "unanswered": self.together(v for v in self.read() if v.name not in made.given),
            "figures": self.figures(),
            "steps": [self.step(s) for s in made.steps] if not told.error else [],
            "scored": made.scored,
            "advice_total": len(advice_modules()),
            "excluded": [self.advice(id) for id in made.excluded],
            "strategy_total": sum(told.challenge in s.challenges for s in strategies()),
            "not_given": [
                self.advice(m.id)
                for m in advice_modules()
                if not told.error and m.id not in told.advice and m.id not in made.excluded
            ],
            "commit": UPSTREAM_COMMIT,
            "article": ARTICLE,
            "most": self.words.number(_MOST),
            "style": Markup((HERE / "scripts" / "letter.css").read_text(encoding="utf-8")),
            "number": self.words.number,
            "listed": self.listed,
            "colon": self.colon().rstrip(),
        }

    # --- names

    def said(self, text: Text) -> str:
        return self.words.polish(text.get(self.lang))

    def challenge(self, id: str | None) -> str:
        return self.said(next(c for c in challenges() if c.id == id).label) if id else ""

    def told_in_a_sentence(self) -> str:
        told = self.made.told.challenge
        return self.said(next(c for c in challenges() if c.id == told).told) if told else ""

    def advice(self, id: str) -> str:
        return self.said(next(m for m in advice_modules() if m.id == id).label)

    def strategy(self, id: str) -> str:
        return self.said(strategy_title(id))

    def quoted(self, text: str) -> str:
        return f"«\u202f{text}\u202f»" if self.lang == "fr" else f"“{text}”"

    def label(self, variable: Variable) -> str:
        """Say an input; one answer of a question stands in parentheses."""
        head, member = self.parts(variable)
        return f"{head} ({member})" if member else head

    def parts(self, variable: Variable) -> tuple[str, str]:
        """Return the question of an input, and the one answer to it that the input is, if it is one."""
        label = variable.label.get(self.lang)
        head, _, member = label.partition(" : " if self.lang == "fr" else ": ")
        return self.words.polish(head), self.words.polish(member)

    def value(self, variable: Variable, value: Any) -> str:
        """Say the value of an input; what stands for no answer is said so."""
        name = variable.name
        if name == "age" and variable.maximum is not None and value > variable.maximum:
            return self._("year of birth not given; the published code then reads {n}").format(n=int(value))
        if name in ("search_length", "search_length_now") and value < 0:
            if value == variable.default:
                return self._("not started, or not answered")
            return self._(
                "unknown: a date is missing, or lies ahead; the published code then reads {n}"
            ).format(n=self.number(value))
        if name == PLACE and value in _places():
            return f"{_places()[value]} ({value})"
        if name == JOB and value in _jobs():
            return f"{_jobs()[value]} ({value})"
        if isinstance(value, float):
            value = round(value, 2)
        if value == 1 and variable.unit is not None and variable.unit.en == "months":
            return self.words.quantity(1, "months")
        return self.words.polish(value_text(variable, value, self.lang, titles()))

    def number(self, value: float) -> str:
        return self.words.number(value, 0 if float(value).is_integer() else 1)

    def stars(self, value: float) -> str:
        return self.words.ngettext(*STARS, value) % {"n": self.number(value)}

    def points(self, value: float) -> str:
        return self.words.ngettext(*POINTS, value) % {"n": self.number(value)}

    def date(self, now: str) -> str:
        from babel.dates import format_date

        return str(format_date(datetime.fromisoformat(now.removesuffix("Z")), "long", locale=self.lang))

    def criterion(self, variable: Variable) -> str:
        if variable.protected is None:
            return ""
        criterion = self.words.name("criteria", variable.protected.criterion)
        return self.words.name("marked", variable.protected.how).format(criterion=criterion)

    def source(self, variable: Variable) -> str:
        if variable.name in self.words.names("computed"):
            return self.words.name("computed", variable.name)
        return self.words.name("yours", variable.group)

    # --- the person and the data

    def who(self) -> list[str]:
        """Return age, job and place of the person, where known."""
        row = self.made.row
        found = []
        for name in ("age", JOB, PLACE):
            if name in row:
                known = name in self.made.given
                said = self.value(DICTIONARY[name], row[name]) if known else self._("no answer given")
                found.append(f"{self.label(DICTIONARY[name])}{self.colon()}{said}")
        return found

    def listed(self, texts: Iterable[str]) -> str:
        """Join texts that hold commas."""
        return ("\u202f; " if self.lang == "fr" else "; ").join(texts)

    def colon(self) -> str:
        return "\u202f: " if self.lang == "fr" else ": "

    def read(self) -> list[Variable]:
        """The inputs that what is explained reads, questions before figures."""
        order = [*self.words.names("yours")]
        found = [DICTIONARY[n] for n in self.made.reads if n in self.made.row]
        return sorted(found, key=lambda v: order.index(v.group))

    def data(self) -> list[dict[str, Any]]:
        """Return the data that were there: what, its value, its source, and whether they decided."""
        main = [e for e in self.made.explained if not self.made.whole or e.item.kind in _KINDS[:2]]
        decided = {
            v.name for e in main for r in e.reasons for v in inputs(r.item) if not _asks_challenge(r.item)
        }
        decided |= {"age", JOB, PLACE}
        return [
            {
                "label": self.label(v),
                "value": self.value(v, self.made.row[v.name]),
                "source": self.source(v),
                "protected": self.criterion(v) if category(v) != "figures" else "",
                "name": v.name,
                "decided": v.name in decided,
                "listed": v.group in _LISTED,
            }
            for v in self.read()
            if v.name in self.made.given
        ]

    def together(self, variables: Iterable[Variable]) -> list[dict[str, str]]:
        """Return inputs and their values; answers to one question that have the same value stand together."""
        groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for v in variables:
            head, member = self.parts(v)
            groups.setdefault((head, self.value(v, self.made.row[v.name])), []).append((member, v.name))
        return [
            {
                "label": f"{head} ({self.listed(m for m, _ in found)})" if found[0][0] else head,
                "value": value,
                "names": " ".join(name for _, name in found),
            }
            for (head, value), found in groups.items()
        ]

    def figures(self) -> str:
        return self.said(self.made.figures or open_figures())

    def error(self) -> str:
        """Say what the published server stops on; empty where it answers."""
        if self.made.told.error is None:
            return ""
        refusal = self.made.stopped
        if refusal is None:
            return self._("a computation fails ({error})").format(error=self.made.told.error)
        return self.words.polish(sentence(refusal, self.lang, titles()))

    # --- one item

    def item(self, e: Explained) -> dict[str, Any]:
        """Return one item in words."""
        held = self.conditions(e, "held")
        passed = self.conditions(e, "passed")
        if not held or (len(held) + len(passed) <= SHOWN and e.item.kind != "main_challenge"):
            held, passed = held + passed, []
        told = self.made.told
        title = {
            "main_challenge": lambda: self._("The main challenge"),
            "overall_score": lambda: self._("The overall score"),
            "advice": lambda: self.advice(e.item.id),
            "strategy": lambda: self.strategy(e.item.id),
        }[e.item.kind]()
        rule = e.item.name
        return {
            "id": f"{e.item.kind}-{e.item.id}".replace("_", "-"),
            "title": title,
            "answer": self.answer(e),
            "notes": self.notes(e),
            "because": [self.said(reasons()[code]) for code in e.because],
            "held": held,
            "passed": passed,
            "used": self.used(e),
            "groups": self.groups(e),
            "places": self.elsewhere(e, e.places, "places"),
            "jobs": self.elsewhere(e, e.jobs, "jobs"),
            "nothing": self.nothing(e),
            "rule": rule,
            "source": catalogue()[rule].source if rule in catalogue() else "",
            "pieces": [self.advice(id) for id in told.pieces.get(e.item.id, ())]
            if e.item.kind == "strategy"
            else [],
        }

    def answer(self, e: Explained) -> str:
        kind, value = e.outcome
        if kind == "error":
            return self._("no answer")
        if e.item.kind == "main_challenge":
            return self.quoted(self.challenge(value))
        if e.item.kind == "overall_score":
            return self._("{n} out of {most}").format(
                n=self.words.number(value), most=self.words.number(_MOST)
            )
        if e.outcome == NOT_GIVEN:
            return self._("not given to you") if e.item.kind == "advice" else self._("not proposed")
        return self.stars(value) if e.item.kind == "advice" else self.points(value)

    def notes(self, e: Explained) -> list[str]:
        """Say what the conditions alone do not: constants, limits, what is missing."""
        found = []
        kind, told = e.item.kind, self.made.told
        if kind == "overall_score" and e.outcome[0] == "told":
            found.append(
                self._(
                    "This score is not computed from your answers. It is a number written beforehand in the "
                    "published table, in the first row of your main challenge whose conditions hold."
                )
            )
        if kind == "advice" and e.for_everybody:
            found.append(self._("The rule reads no answer: everybody gets the same number of stars."))
        if e.refusal is not None and kind == "advice":
            lacks = self.words.polish(sentence(e.refusal, self.lang, titles()))
            found.append(
                self._(
                    "The rule could not conclude: {lacks}. The published code then gives a token score."
                ).format(lacks=lacks)
            )
        if e.lost_by:
            by = ", ".join(self.quoted(self.advice(id)) for id in e.lost_by)
            found.append(
                self._("Its rule gave it {stars}, but another piece of advice excludes it: {others}.").format(
                    stars=self.stars(float(e.value)), others=by
                )
            )
        if kind == "strategy":
            found += self._strategy_notes(e, told)
        return found

    def _strategy_notes(self, e: Explained, told: Any) -> list[str]:
        found = []
        if e.for_everybody:
            found.append(
                self._("The rule reads no answer: everybody with this main challenge gets the same points.")
            )
        if e.outcome[0] == "told" and e.value is not None:
            raw = e.value * 100 / 3
            if raw > _MOST - told.score:
                found.append(
                    self._(
                        "The rule gave {raw}; they are capped at {most} less the overall score, that is "
                        "{cap}."
                    ).format(
                        raw=self.points(round(raw, 1)),
                        cap=self.number(_MOST - told.score),
                        most=self.words.number(_MOST),
                    )
                )
        if e.follows:
            found.append(self._("With any other main challenge, this strategy would not have been proposed."))
        return found

    def conditions(self, e: Explained, why: str) -> list[dict[str, str]]:
        return self._told_conditions([r for r in e.reasons if r.why == why])

    def _told_conditions(self, found: Sequence[Reason]) -> list[dict[str, str]]:
        lines: dict[str, dict[str, str]] = {}
        for reason in found:
            if _asks_challenge(reason.item) and not reason.holds:
                continue
            if (told := self.condition(reason)) and told["text"] not in lines:
                lines[told["text"]] = told
        return list(lines.values())

    def condition(self, reason: Reason) -> dict[str, str]:
        """Return a condition as it stands, with the person's value."""
        if _asks_challenge(reason.item):
            title = self.quoted(self.challenge(str(reason.value)))
            text = self._("main challenge found before") + self.colon() + title
            return {"text": text, "you": "", "source": self.words.name("yours", "result"), "names": ""}
        item = reason.item if reason.holds else ~reason.item
        text = self.words.polish(sentence(item, self.lang, titles()))
        variables = inputs(reason.item)
        if isinstance(reason.item, Compare) and isinstance(reason.item.left, Total):
            you = self.number(reason.value)
        elif len(variables) == 1:
            you = self.value(variables[0], self.made.row[variables[0].name])
        else:
            you = self.listed(self._pair(v) for v in variables)
        if text.endswith(self.colon() + you):  # the condition says the value itself
            you = ""
        groups = dict.fromkeys(v.group for v in variables if category(v) == "figures")
        source = ", ".join(self.words.name("yours", g) for g in groups)
        return {"text": text, "you": you, "source": source, "names": " ".join(v.name for v in variables)}

    def _pair(self, variable: Variable) -> str:
        return f"{self.label(variable)}{self.colon()}{self.value(variable, self.made.row[variable.name])}"

    def used(self, e: Explained) -> list[str]:
        """Return the figures that entered a computation."""
        found = [r.item.variable for r in e.reasons if r.why == "used" and isinstance(r.item, Var)]
        return [self._pair(v) for v in found]

    # --- what would have changed it

    def groups(self, e: Explained) -> list[dict[str, Any]]:
        found = []
        for key, title in self.words.names("changes").items():
            lines = [self.change(e, o) for o in e.otherwise if o.category == key]
            if lines:
                found.append({"key": key, "title": title, "shown": lines[:SHOWN], "more": lines[SHOWN:]})
        return found

    def change(self, e: Explained, other: Otherwise) -> dict[str, Any]:
        """Return a change in words, and what the answer would have been."""
        return {
            "changes": [
                {
                    "label": self.label(c.variable),
                    "after": self.value(c.variable, c.after),
                    "before": self.value(c.variable, c.before),
                    "protected": self.criterion(c.variable) if c.variable.group != "market" else "",
                    "name": c.variable.name,
                }
                for c in other.changes
            ],
            "then": self.would(e, other.outcome),
        }

    def would(self, e: Explained, outcome: Outcome) -> str:
        """Say what an item would have come to."""
        kind, value = outcome
        if kind == "error":
            return self._("the published server would have stopped on an error, without any answer")
        if e.item.kind == "main_challenge":
            return self._("the main challenge would have been {challenge}").format(
                challenge=self.quoted(self.challenge(value))
            )
        if e.item.kind == "overall_score":
            before = e.outcome[1] if e.outcome[0] == "told" else None
            if before is None:
                return self._("the score would have been {after}").format(after=self.words.number(value))
            return self._("the score would have been {after} instead of {before}").format(
                after=self.words.number(value), before=self.words.number(before)
            )
        advice = e.item.kind == "advice"
        if outcome == NOT_GIVEN:
            if advice:
                return self._("you would not have been given this advice")
            return self._("this strategy would not have been proposed to you")
        after = self.stars(value) if advice else self.points(value)
        if e.outcome == NOT_GIVEN:
            if advice:
                return self._("you would have been given this advice, with {after}").format(after=after)
            return self._("this strategy would have been proposed to you, with {after}").format(after=after)
        before = self.number(e.outcome[1])
        if advice:
            return self._("this advice would have had {after} instead of {before}").format(
                after=after, before=before
            )
        return self._("this strategy would have had {after} instead of {before}").format(
            after=after, before=before
        )

    def elsewhere(self, e: Explained, found: Elsewhere | None, what: str) -> str:
        """Say in how many other places, or jobs, the answer would differ."""
        if found is None or not found.total:
            return ""
        n = {"total": self.words.number(found.total), "n": self.words.number(found.differ)}
        places = what == "places"
        if not found.differ:
            if places:
                return self._(
                    "In the {total} other départements, all else being equal: the same answer."
                ).format(**n)
            return self._("For the {total} other job groups, all else being equal: the same answer.").format(
                **n
            )
        several = [f"{self.would(e, o)} ({self.words.number(k)})" for o, k in found.outcomes]
        if len(several) == 1:
            several = [self.would(e, found.outcomes[0][0])]
        if places:
            text = self._("In {n} of the {total} other départements, all else being equal: {what}.")
        else:
            text = self._("For {n} of the {total} other job groups, all else being equal: {what}.")
        text = text.format(**n, what=self.listed(several))
        if found.unknown:
            text += " " + self._("In {n} of these cases the market figure is unknown.").format(
                n=self.words.number(found.unknown)
            )
        return text

    def nothing(self, e: Explained) -> str:
        """Say what was tried and did not alter the answer."""
        if e.pairs and e.otherwise:
            return self._("No single change is enough. These two together would have changed the answer:")
        elsewhere = any(x and x.differ for x in (e.places, e.jobs))
        if e.pairs and not e.for_everybody:
            return self._(
                "No change of one or two of the data that the rule reads would have altered this answer. "
                "Place and job were tried one at a time."
            )
        if not e.otherwise and not elsewhere and not e.for_everybody and not e.follows:
            return self._("No single change of your answers would have altered this.")
        return ""

    # --- the operations

    def step(self, step: Step) -> dict[str, Any]:
        """Return one challenge as it was tried."""
        order = [c.id for c in challenges()]
        main = self.made.told.challenge
        own, chosen = order.index(step.challenge.id), order.index(str(main))
        needs = step.relevance == Relevance.NEEDS_ATTENTION
        if own == chosen:
            said = self._("this is your main challenge")
        elif own < chosen:
            said = self._("not retained")
        else:
            said = self._("would have applied too, but comes after") if needs else self._("comes after")
        return {
            "title": self.said(step.challenge.label),
            "said": said,
            "main": own == chosen,
            "reasons": self._told_conditions([r for r in step.reasons if r.why != "used"])
            if own < chosen
            else [],
        }


_LISTED = ("list", "result")
_KINDS = ("main_challenge", "overall_score", "advice", "strategy")


def explained_kind(made: Letter) -> str:
    """Return the kind of the one item that a letter is about."""
    return made.explained[0].item.kind


def _asks_challenge(item: Any) -> bool:
    return isinstance(item, Compare) and isinstance(item.left, Named) and item.left.name == "main_challenge"


@cache
def _places() -> Mapping[str, str]:
    return dict(data.table("departements").select("dep", "name").rows())


@cache
def _jobs() -> Mapping[str, str]:
    return dict(data.table("rome").select("rome", "name").rows())
