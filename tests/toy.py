"""An invented algorithm, written as a fourth one would be: a dictionary, rules, outcomes, nothing else."""

from pathlib import Path

import polars as pl

from bobanalysis.algorithm import Inputs, Outcome, PublishedRule, Questions, RuleAlgorithm, Source
from bobanalysis.rules import Dictionary, Named, Text, first_match, total, when

D = Dictionary.from_yaml(Path(__file__).with_name("toy.yaml"))
FACTOR = first_match(when(D.region == "COAST", 2), when(D.region == "ISLAND", 0), otherwise=1)
SCORE = (
    total(when(D.age >= 50, -20), when(D.years_worked > 10, 15), when(D.trained, 10))
    + 60
    + Named("factor", FACTOR)
)


def rule(name: str, expr, fr: str, en: str) -> PublishedRule:
    return PublishedRule(name, expr, source=f"toy.txt#{name}", spec="1", title=Text(fr, en))


SCORED = Named("score", SCORE)
RULES = {
    r.name: r
    for r in (
        rule("factor", FACTOR, "facteur de la région", "factor of the region"),
        rule("score", SCORE, "note", "score"),
        rule("class", first_match(when(SCORED >= 60, "HIGH"), otherwise="LOW"), "classe", "class"),
        rule("offers course", first_match(when(~D.trained, 2), otherwise=0), "cours", "course"),
        rule("offers mentor", first_match(when(D.age < 30, 3), otherwise=1), "mentor", "mentor"),
        rule("forgotten", D.age > 65, "règle oubliée", "forgotten rule"),
    )
}
OUTCOMES = (
    Outcome("score", "number", Text("note", "score"), unit=Text("points", "points")),
    Outcome(
        "class",
        "category",
        Text("classe", "class"),
        {"HIGH": Text("haute", "high"), "LOW": Text("basse", "low")},
    ),
    Outcome(
        "offers",
        "list",
        Text("offres", "offers"),
        {"course": Text("un cours", "a course"), "mentor": Text("un mentor", "a mentor")},
        scores="offer_scores",
        item=Text("une offre", "an offer"),
    ),
)
TOY = RuleAlgorithm(
    "toy",
    Text("algorithme inventé", "invented algorithm"),
    Source(Text("le journal inventé", "the invented journal"), "https://example.org/{source}", "1"),
    D,
    OUTCOMES,
    RULES,
    input_roles=Inputs(
        asked=("person",),
        elsewhere=("region",),
        factors={"age": ("age",), "work": ("years_worked", "trained"), "place": ("region",)},
    ),
    questions=(Questions(Text("Vous", "You"), ("age", "region", "years_worked", "trained")),),
    start={"age": 40, "region": 1, "years_worked": 5},
)


def people() -> pl.DataFrame:
    """Four people of the invented country."""
    return pl.DataFrame(
        {
            "person_id": ["a", "b", "c", "d"],
            "age": [25, 49, 50, 66],
            "region": ["NORTH", "COAST", "HILLS", "ISLAND"],
            "years_worked": [2, 20, 30, 40],
            "trained": [False, True, True, False],
            "weight": [1.0, 1.0, 2.0, 4.0],
        }
    )
