"""Rules on the person's situation and on the difficulties that they declare."""

from bobanalysis.rules import Expr, Named, Text, count, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

for level in (1, 2, 3):
    CATALOGUE.add(
        f"for-network({level})",
        d.network_estimate == level,
        source=f"{SCORING}#L{1216 + 2 * level}-L{1217 + 2 * level}",
        spec=f"02, F{36 + level}",
    )


@CATALOGUE.family(r"for-frustrated\((\w*)\)", source=f"{SCORING}#L271-L279", spec="02, P10")
def for_frustrated(difficulty: str) -> Expr:
    """Declared one given difficulty."""
    return d.frustrations.has(difficulty)


CATALOGUE.add(
    "for-women",
    d.gender == "FEMININE",
    title=Text("femme", "woman"),
    source=f"{SCORING}#L1301-L1302",
    spec="02, F67",
)
CATALOGUE.add(
    "for-long-term-mom",
    (d.gender == "FEMININE") & d.frustrations.has("STAY_AT_HOME_PARENT"),
    title=Text("femme de retour après des années au foyer", "woman back after years at home"),
    source=f"{SCORING}#L992-L994",
    spec="02, F31",
    quirks=("Q18",),
)
CATALOGUE.add(
    "for-single-parent",
    d.frustrations.has("SINGLE_PARENT") | (d.family_situation == "SINGLE_PARENT_SITUATION"),
    source=f"{SCORING}#L1269-L1272",
    spec="02, F56",
)
CATALOGUE.add(
    "for-handicaped",
    d.has_handicap | d.frustrations.has("HANDICAPED"),
    title=Text("handicap", "disability"),
    source=f"{SCORING}#L1187-L1189",
    spec="02, F26",
)
CATALOGUE.add(
    "for-migrant",
    d.frustrations.has_any("LANGUAGE", "FOREIGN_QUALIFICATIONS"),
    source=f"{SCORING}#L1210-L1212",
    spec="02, F34",
    quirks=("Q28",),
)
CATALOGUE.add("for-army-veteran", d.is_army_veteran, source=f"{SCORING}#L1111-L1112", spec="02, F03")
CATALOGUE.add(
    "for-driver",
    (d.has_car_driving_license >= "TRUE") | (d.num_driving_licenses > 0),
    source=f"{SCORING}#L1125-L1128",
    spec="02, F09",
)
CATALOGUE.add(
    "for-very-frustrated(5)",
    Named("difficulties ticked", count(*(d.frustrations.has(f) for f in d.sets["frustrations"])))
    + d.num_other_frustrations
    >= 5,
    source=f"{SCORING}#L1292-L1294",
    spec="02, F64",
)

unknown_autonomy = when(d.is_autonomous == "UNKNOWN_BOOL", missing("profile.isAutonomous"))

CATALOGUE.add(
    "for-autonomous",
    first_match(unknown_autonomy, otherwise=d.is_autonomous == "TRUE"),
    source=f"{SCORING}#L982-L989",
    spec="02, F04",
)
CATALOGUE.add(
    "cant-sell-self",
    first_match(
        when((d.num_objectives == 0) | (d.num_objectives > 2), False),
        when(d.seniority < "SENIOR", False),
        unknown_autonomy,
        otherwise=d.is_autonomous != "TRUE",
    ),
    source="frontend/server/modules/project_clarity.py#L55-L77",
    spec="04, §2.17",
)


@CATALOGUE.family(r"for-active-experiment\((.*)\)", source=f"{SCORING}#L317-L336", spec="02, P06")
def for_active_experiment(feature: str) -> Expr:
    """Takes part in one of the server's experiments, on the side that gets the new feature."""
    return d.active_experiments.has(feature)
