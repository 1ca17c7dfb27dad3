"""What the pipeline runs, and by what each published rule is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bobanalysis.algorithm import CRITERIA, PublishedRule
from bobanalysis.rules import Expr, Named, Text, first_match, sentence, walk, when
from bobanalysis.rules.expr import Compare, Const, Var

from . import configuration
from .catalogue import DICTIONARY
from .configuration import actions, advice_modules, job_advice, strategies
from .diagnosis import challenges, diagnosis
from .rulebook import catalogue


def advice_rules() -> dict[str, Expr]:
    """Return the rule that scores each piece of advice, by its id, in the published order."""
    return {m.id: catalogue()[m.trigger].score for m in advice_modules()}


def strategy_rules() -> dict[str, Expr]:
    """Return the rule that scores each strategy, by its id, in the published order."""
    return {s.id: catalogue()[s.trigger].score for s in strategies()}


def action_rules() -> dict[str, Expr]:
    """Return the rule that scores each action, by its id, in the published order."""
    return {a.id: catalogue()[a.trigger].score for a in actions()}


def job_tips_rule() -> Expr:
    """Return the place of the tips for the person's occupation in ``job_advice()``; -1 if there are none."""
    rows = [when(catalogue().check(tips.filters), place) for place, tips in enumerate(job_advice())]
    return first_match(*rows, otherwise=-1)


def published_roots() -> dict[str, Expr]:
    """Return every expression of the pipeline: the diagnosis, then advice, strategies and tips for a job."""
    return {
        **diagnosis(),
        **{f"advice {k}": rule for k, rule in advice_rules().items()},
        **{f"strategy {k}": rule for k, rule in strategy_rules().items()},
        "job tips": job_tips_rule(),
    }


@cache
def rules_in_use() -> frozenset[str]:
    """Return the names of the rules that the diagnosis, advice, strategies or the action plan reach.

    >>> "advice-senior" in rules_in_use(), "age-score" in rules_in_use()
    (True, False)
    """
    rules = catalogue()
    steps = {**published_roots(), **{f"action {k}": rule for k, rule in action_rules().items()}}
    used = {n.name for n in walk(*steps.values()) if isinstance(n, Named) and n.name in rules}
    used |= {m.trigger for m in advice_modules()} | {a.trigger for a in actions()}
    there = {c.id for c in challenges()}
    return frozenset(used | {s.trigger for s in strategies() if set(s.challenges) & there})


@cache
def published_rules() -> Mapping[str, PublishedRule]:
    """Return every rule that has a fixed name, then the members of families in use, by name."""
    exact = list(catalogue())
    return {name: catalogue()[name] for name in [*exact, *sorted(rules_in_use() - {*exact})]}


@cache
def content_rules() -> frozenset[str]:
    """Return the rules that lists of contents name, with those that these use, and the pipeline does not."""
    named = {f for listed in configuration.contents() for own in listed.contents.values() for f in own}
    reached = walk(*(catalogue().use(name) for name in sorted(named)))
    held = {n.name for n in reached if isinstance(n, Named) and n.name in catalogue()}
    return frozenset(held - rules_in_use())


@cache
def idle_families() -> dict[str, str]:
    """Return an example of each family of rules none of whose members is used anywhere, by its pattern.

    >>> "for-frustrated-old(50)" in idle_families().values()
    True
    """
    used = [*published_rules(), *content_rules()]
    families = catalogue().families
    idle = [f for f in families if not any(f.pattern.fullmatch(name) for name in used)]
    return {f.pattern.pattern: f.example for f in idle}


@dataclass(frozen=True)
class Outside:
    """A condition on age or place that the server reads outside the named rules.

    ``input`` is an entry of the data dictionary; ``op`` and ``threshold`` the comparison, if it is one with a
    number; ``where`` what it chooses; ``says`` the condition in words (None: the comparison says it).
    """

    condition: str
    input: str
    where: Text
    source: str
    spec: str
    says: Text | None = None
    op: str = ""
    threshold: float | None = None

    @property
    def criterion(self) -> str:
        """Return the criterion that it reads: age or place."""
        protected = DICTIONARY[self.input].protected
        return next((k for k, whole in CRITERIA.items() if protected and whole == protected.criterion), "")

    @property
    def said(self) -> Text:
        """Return the condition in words."""
        if self.says is not None:
            return self.says
        compared = Compare(self.op, Var(DICTIONARY[self.input]), Const(self.threshold))
        return Text(sentence(compared, "fr"), sentence(compared, "en"))


def outside() -> tuple[Outside, ...]:
    """Return the conditions on age or place that are read outside the named rules.

    >>> [o.said.en for o in outside() if o.criterion == "age"]
    ['age: 18 years or less', 'age: 35 years or more']
    """
    return configuration.rows(Outside, "outside_rules")
