"""Rules on the person's situation and on the difficulties that they declare."""

from bobanalysis.rules import Expr, Named, count, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d


@CATALOGUE.family(r"for-frustrated\((\w*)\)")
def for_frustrated(difficulty: str) -> Expr:
    """Declared one given difficulty."""
    return d.frustrations.has(difficulty)


CATALOGUE.add("for-long-term-mom", (d.gender == "FEMININE") & d.frustrations.has("STAY_AT_HOME_PARENT"))
CATALOGUE.add(
    "for-single-parent",
    d.frustrations.has("SINGLE_PARENT") | (d.family_situation == "SINGLE_PARENT_SITUATION"),
)
CATALOGUE.add("for-handicaped", d.has_handicap | d.frustrations.has("HANDICAPED"))
CATALOGUE.add("for-migrant", d.frustrations.has_any("LANGUAGE", "FOREIGN_QUALIFICATIONS"))

CATALOGUE.add("for-driver", (d.has_car_driving_license >= "TRUE") | (d.num_driving_licenses > 0))
CATALOGUE.add(
    "for-very-frustrated(5)",
    Named("difficulties ticked", count(*(d.frustrations.has(f) for f in d.sets["frustrations"])))
    + d.num_other_frustrations
    >= 5,
)

unknown_autonomy = when(d.is_autonomous == "UNKNOWN_BOOL", missing("profile.isAutonomous"))

CATALOGUE.add("for-autonomous", first_match(unknown_autonomy, otherwise=d.is_autonomous == "TRUE"))
CATALOGUE.add(
    "cant-sell-self",
    first_match(
        when((d.num_objectives == 0) | (d.num_objectives > 2), False),
        when(d.seniority < "SENIOR", False),
        unknown_autonomy,
        otherwise=d.is_autonomous != "TRUE",
    ),
)


@CATALOGUE.family(r"for-active-experiment\((.*)\)")
def for_active_experiment(feature: str) -> Expr:
    """Takes part in one of the server's experiments, on the side that gets the new feature."""
    return d.active_experiments.has(feature)
