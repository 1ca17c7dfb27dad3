"""Whom a quirk touches: for each name that a record gives in ``touches``, a column that says it of people.

A quirk touches those whose answer would be another if it were repaired, or on whom the odd branch acts;
``Repair.counts`` says in words which of the two is counted. Every function takes people as ``seen`` prepares
them and returns one Boolean a person, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from bobanalysis.bob import DICTIONARY, Bob, admit, catalogue, configuration
from bobanalysis.bob.diagnosis import overall_rows
from bobanalysis.bob.suggestions import less_stressful_departements, local_tension
from bobanalysis.rules import Expr, Text, evaluate, inputs, neutral, walk
from bobanalysis.rules.expr import Compare, Var

from .conditions import altered, decided
from .reach import as_read

Who = Callable[["Seen"], pl.Series]


@dataclass(frozen=True)
class Repair:
    """Who is counted.

    ``counts`` says it in words, ``who`` finds them, ``reads`` are the answers without which nobody can be
    counted: where everybody lacks one of them, there is no figure. ``certain`` is said of everybody by what
    the code is, and needs no interval.
    """

    counts: Text
    who: Who
    reads: tuple[str, ...] = ()
    certain: bool = False


@dataclass(frozen=True)
class Seen:
    """People as the rules read them (``known``), as they came through the door (``kept``), and ``bob``."""

    kept: pl.DataFrame
    known: pl.DataFrame
    bob: Bob

    @cached_property
    def told(self) -> pl.DataFrame:
        """What the published rules tell them: the frame of ``Bob.run``."""
        return self.bob.run_admitted(self.kept)

    def score(self, rule: str, expr: Expr | None = None) -> pl.Series:
        """Return what a published rule (or ``expr`` in its place) answers; null where it refuses."""
        return evaluate({rule: catalogue()[rule].expr if expr is None else expr}, self.known).frame[rule]


REPAIRS: dict[str, Repair] = {}
"""Who is counted, by the name that records give in ``touches``."""


def seen(people: pl.DataFrame, bob: Bob) -> Seen:
    """Prepare people for the functions of this module.

    Parameters: ``people``, a population frame; ``bob``, on ``french_market()`` where advice matters.
    Raises InputError for a value outside the data dictionary.
    """
    known = as_read(bob, people, [Var(v) for v in DICTIONARY.values()])
    alone = people.drop("person_id", strict=False)
    return Seen(admit(alone, bob.variables).kept, known, bob)


def _counted(fr: str, en: str, reads: Iterable[str] = (), certain: bool = False) -> Callable[[Who], Who]:
    """Register a function as what ``touches`` may name."""

    def register(who: Who) -> Who:
        REPAIRS[who.__name__] = Repair(Text(fr, en), who, tuple(reads), certain)
        return who

    return register


# --- age


def _otherwise_told(found: Seen, rule: str) -> pl.Series:
    """Say whose main challenge is another once the age condition of a rule is decided the other way."""
    node = next(n for n in walk(catalogue()[rule].expr) if _compares_age(n))
    changed = altered(found.bob, rule, decided(rule, node, ~node))
    other = changed.diagnose_admitted(found.kept)["main_challenge"]
    return found.told["main_challenge"].ne_missing(other)


def _compares_age(node: Expr) -> bool:
    return isinstance(node, Compare) and isinstance(node.left, Var) and node.left.variable.name == "age"


@_counted(
    "les personnes dont le frein principal serait un autre si cette règle lisait l’âge à l’envers",
    "people whose main challenge would be another if this rule read age the other way",
)
def challenge_liked_by_age(found: Seen) -> pl.Series:
    """Say whose main challenge hangs on the age that "find a job to like" reads."""
    return _otherwise_told(found, "category-find-what-you-like")


@_counted(
    "les personnes dont le frein principal serait un autre si cette règle lisait l’âge à l’envers",
    "people whose main challenge would be another if this rule read age the other way",
)
def challenge_diploma_by_age(found: Seen) -> pl.Series:
    """Say whose main challenge hangs on the age that "missing diploma" reads."""
    return _otherwise_told(found, "category-missing-diploma")


@_counted(
    "les personnes dont la note globale serait une autre si une condition d’âge de son tableau "
    "était lue à l’envers",
    "people whose overall score would be another if one condition on age in its table were read the "
    "other way",
)
def score_set_by_age(found: Seen) -> pl.Series:
    """Say whose overall score hangs on age, the main challenge staying what it is."""
    filters = {f for row in overall_rows() for f in row.filters}
    scores = [
        altered(found.bob, rule, ~catalogue()[rule].expr).diagnose_admitted(found.kept)["overall_score"]
        for rule in sorted(filters)
        if any(v.name == "age" for v in inputs(catalogue()[rule].expr))
    ]
    own = found.told["overall_score"]
    return pl.select(pl.any_horizontal(*(own.ne_missing(s) for s in scores))).to_series()


def _aged(found: Seen, rule: str, age: int) -> pl.Series:
    """Return what a rule would answer at one age, the other answers being the same."""
    return found.score(rule, neutral(catalogue()[rule].expr, {"age": age}))


@_counted(
    "les personnes à qui l’alternance serait conseillée si elles avaient 55 ans, et ne l’est pas",
    "people to whom work-study would be advised if they were 55, and is not",
)
def work_study_refused_by_age(found: Seen) -> pl.Series:
    """Say who does not get the advice on work-study because of age alone."""
    rule = "advice-try-alternance"
    return (found.score(rule) == 0) & (_aged(found, rule, 55) > 0)


@_counted(
    "les personnes à qui l’alternance est conseillée, avec une note plus basse qu’à 25 ans",
    "people to whom work-study is advised, with a lower score than at 25",
)
def work_study_score_set_by_age(found: Seen) -> pl.Series:
    """Say who gets the advice on work-study with a score that age lowers."""
    rule = "advice-try-alternance"
    own = found.score(rule)
    return (own > 0) & (own < _aged(found, rule, 25))


@_counted(
    "les personnes à qui cette stratégie est proposée, avec moins de points qu’à 30 ans",
    "people to whom this strategy is proposed, with fewer points than at 30",
)
def work_study_points_halved(found: Seen) -> pl.Series:
    """Say to whom the strategy on work-study is proposed with fewer points because of age."""
    rule = "strategy-get-alternance"
    proposed = found.told["strategies"].list.contains("get-alternance")
    return proposed & (found.score(rule) < _aged(found, rule, 30))


@_counted(
    "les personnes qui reçoivent le conseil pour les plus âgés sans que l’âge soit donné comme raison",
    "people who get the advice for older people without age being given as the reason",
)
def senior_advice_unexplained(found: Seen) -> pl.Series:
    """Say who gets the advice for older people without having declared age discrimination."""
    given = found.told["advice"].list.contains("senior")
    return given & ~found.known["frustration_age_discrimination"]


@_counted(
    "les personnes à qui changer pour un métier proche serait conseillé à 44 ans, et ne l’est pas",
    "people to whom switching to a close job would be advised at 44, and is not",
)
def close_job_refused_by_age(found: Seen) -> pl.Series:
    """Say who does not get the advice on close jobs because of age alone."""
    rule = "advice-reorient-to-close-job"
    return (found.score(rule) == 0) & (_aged(found, rule, 44) > 0)


@_counted(
    "les personnes qui ont exactement 25 ou 50 ans",
    "people who are exactly 25 or 50",
)
def exactly_at_the_bound(found: Seen) -> pl.Series:
    """Say who has an age that both "under" and "over" leave out."""
    return found.known["age"].is_in([25, 50])


# --- place and market


@_counted(
    "les personnes dont le frein principal serait un autre avec les chiffres du pays entier",
    "people whose main challenge would be another with the figures of the whole country",
)
def challenge_set_by_place(found: Seen) -> pl.Series:
    """Say whose main challenge hangs on the figures of their département."""
    other = found.bob.blind_to("place").diagnose_admitted(found.kept)["main_challenge"]
    return found.told["main_challenge"].ne_missing(other)


@_counted(
    "les personnes à qui ce frein est annoncé",
    "people who are told this challenge",
)
def told_stuck_market(found: Seen) -> pl.Series:
    """Say who is told that the market is stuck."""
    return found.told["main_challenge"].cast(pl.String) == "stuck-market"


@_counted(
    "les personnes à qui le filtre « faible mobilité (département) » répond le contraire de son nom",
    "people for whom the filter “low mobility (département)” answers the contrary of its name",
)
def low_mobility_inverted(found: Seen) -> pl.Series:
    """Say for whom "low mobility" answers otherwise than "the département at most" would."""
    at_most = DICTIONARY.area_type <= "DEPARTEMENT"
    rule = "for-low-mobility(departement)"
    return found.score(rule) != found.score(rule, at_most)


@_counted(
    "les personnes dont le département est à égalité avec un autre, pour leur métier",
    "people whose département is equal to another one, for their job",
)
def rank_among_equals(found: Seen) -> pl.Series:
    """Say for whom the number of better départements hangs on the order of equals."""
    ranks = less_stressful_departements(local_tension(found.bob.market))
    equal = ranks.select("departement_id", "rome_id", equal=pl.col("at_least") < pl.col("at_most"))
    place = found.known.select(pl.col("departement_id", "rome_id").cast(pl.String))
    keys = pl.col("departement_id", "rome_id").cast(pl.String)
    return place.join(
        equal.with_columns(keys), on=["departement_id", "rome_id"], how="left", maintain_order="left"
    )["equal"]


@_counted(
    "les personnes qui vivent dans un département sans association locale dans la liste",
    "people who live in a département without a local non-profit on the list",
)
def without_local_non_profit(found: Seen) -> pl.Series:
    """Say who lives in a département that no listed non-profit names."""
    served = {d for a in configuration.associations() for d in a.departements or ()}
    return ~found.known["departement_id"].is_in(sorted(served))


# --- other protected criteria


@_counted(
    "les personnes qui déclarent un handicap dans leur profil",
    "people who declare a disability in their profile",
    reads=["has_handicap"],
)
def disability_declared(found: Seen) -> pl.Series:
    """Say who ticks the box for disability."""
    return found.known["has_handicap"]


@_counted(
    "les personnes qui reviennent après des années au foyer, et que la règle écarte par leur genre seul",
    "people who return after years at home, and whom the rule leaves out by gender alone",
    reads=["frustration_stay_at_home_parent"],
)
def home_years_not_feminine(found: Seen) -> pl.Series:
    """Say who names years at home and is left out because the feminine form is required."""
    rule = "for-long-term-mom"
    as_woman = neutral(catalogue()[rule].expr, {"gender": DICTIONARY["gender"].number_of("FEMININE")})
    return ~found.score(rule) & found.score(rule, as_woman)


@_counted(
    "les personnes que le filtre « migrant » laisse passer",
    "people whom the filter “migrant” lets pass",
    reads=["frustration_language"],
)
def origin_inferred(found: Seen) -> pl.Series:
    """Say for whom a foreign origin is inferred."""
    return found.score("for-migrant")


@_counted(
    "les personnes qui déclarent une discrimination liée à l’origine et gardent la note 1",
    "people who declare discrimination by origin and keep the score 1",
    reads=["frustration_race_discrimination"],
)
def origin_discrimination_unread(found: Seen) -> pl.Series:
    """Say who declares discrimination by origin and gets nothing for it from "start a business"."""
    declared = found.known["frustration_race_discrimination"]
    return declared & (found.score("advice-create-your-company") == 1)


# --- missing answers, order, texts


@_counted(
    "les personnes qui n’ont pas commencé à chercher et que le filtre laisse passer",
    "people who have not started to search and whom the filter lets pass",
)
def short_search_not_started(found: Seen) -> pl.Series:
    """Say who counts as searching for a short time without having started."""
    return (found.known["search_length"] < 0) & found.score("for-short-search(-1)")


@_counted(
    "les personnes titulaires d’un master ou plus à qui ce frein est annoncé",
    "people with a master’s degree or more who are told this challenge",
)
def master_told_missing_diploma(found: Seen) -> pl.Series:
    """Say who holds a master's degree and is told that a diploma is missing."""
    master = DICTIONARY["highest_degree"].number_of("DEA_DESS_MASTER_PHD")
    told = found.told["main_challenge"].cast(pl.String) == "missing-diploma"
    return told & (found.known["highest_degree"] >= master)


@_counted(
    "les personnes dont les deux premiers conseils ont la même note",
    "people whose first two pieces of advice have the same score",
)
def first_advice_tied(found: Seen) -> pl.Series:
    """Say for whom the order of names decides which piece of advice comes first."""
    stars = found.told["stars"]
    return stars.list.get(0, null_on_oob=True) == stars.list.get(1, null_on_oob=True)


@_counted(
    "les personnes dont une stratégie contient un conseil que son nom entier ne désigne pas",
    "people one of whose strategies holds a piece of advice that its whole name does not name",
)
def network_advice_by_prefix(found: Seen) -> pl.Series:
    """Say who gets, inside a strategy, advice that only the beginning of a name designates."""
    named = {name for strategy in configuration.strategies() for name in strategy.advice}
    by_prefix = sorted({m.id for m in configuration.advice_modules()} - named)
    held = pl.element().list.eval(pl.element().cast(pl.String).is_in(by_prefix)).list.any()
    return found.told.select(pl.col("strategy_advice").list.eval(held).list.any()).to_series()


@_counted(
    "les personnes pour qui la règle employée et celle qui porte le nom du frein ne répondent pas pareil",
    "people for whom the rule in use and the one named after the challenge do not answer alike",
)
def methods_rules_differ(found: Seen) -> pl.Series:
    """Say for whom the two rules on search methods give different scores."""
    used, named = "relevance-enhance-methods", "relevance-enhance-methods-to-interview"
    return found.score(used).ne_missing(found.score(named))


@_counted(
    "les personnes à qui une stratégie vaut exactement 10 points",
    "people one of whose strategies is worth exactly 10 points",
)
def strategy_at_ten_points(found: Seen) -> pl.Series:
    """Say for whom the limit of secondary strategies is met exactly."""
    return found.told["strategy_points"].list.contains(10)


@_counted(
    "les personnes qui reçoivent le conseil de déménager",
    "people who get the advice to move",
)
def told_to_move(found: Seen) -> pl.Series:
    """Say who is advised to move."""
    return found.told["advice"].list.contains("relocate")


@_counted(
    "les personnes qui reçoivent l’un des deux conseils",
    "people who get either piece of advice",
)
def told_without_checking(found: Seen) -> pl.Series:
    """Say who is advised a mission or a Mission Locale, whether or not there is one."""
    advice = found.told["advice"]
    return advice.list.contains("civic-service") | advice.list.contains("immersion-milo")


@_counted("tout le monde, par construction", "everybody, by construction", certain=True)
def everybody(found: Seen) -> pl.Series:
    """Say that everybody is touched."""
    return pl.repeat(True, found.known.height, eager=True)


def unheld(people: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Return the answers among some that nobody here gave: everybody has the dictionary's "no answer".

    Parameters: ``people``, a population frame; ``names``, inputs by their names in the data dictionary.

    >>> unheld(pl.DataFrame({"has_handicap": [False, False], "age": [20, 30]}), ["has_handicap", "age"])
    ['has_handicap']
    """
    return [
        name
        for name in names
        if name not in people.columns or (people[name] == DICTIONARY[name].default).all()
    ]


def touched_by(found: Seen, names: Iterable[str]) -> Mapping[str, pl.Series]:
    """Return who is touched, by the name of the function: a Boolean a person, false where a rule refuses.

    Raises KeyError for a name that ``REPAIRS`` does not have.
    """
    return {name: REPAIRS[name].who(found).fill_null(False).alias(name) for name in dict.fromkeys(names)}
