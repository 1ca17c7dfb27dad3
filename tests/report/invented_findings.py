"""Invented tables and findings for the tests of the pages. No number here says anything about Bob."""

import json
import shutil
from pathlib import Path

import invented_ledger
import invented_quirks
import invented_rules
import polars as pl
from recorder import Invented

PUBLISHED = Path(__file__).parents[2] / "reports"
CHALLENGES = [
    "undefined-project",
    "stuck-market",
    "find-what-you-like",
    "missing-diploma",
    "start-your-search",
    "enhance-methods-to-interview",
    "bravo",
]
HIGH = ["02", "08", "62", "90", "93", "95", "971", "972", "973", "974"]
LOW = ["22", "2A", "2B", "35", "44", "56", "73", "74", "85"]
DEPARTEMENTS = [f"{i:02}" for i in range(1, 96) if i != 20] + ["2A", "2B", "971", "972", "973", "974", "976"]
DEPARTEMENTS.sort()


INVENTED = [
    ("age.changed_share", "share", 0.1163),
    ("age.changed_share_low", "share", 0.02),
    ("age.changed_share_high", "share", 0.31),
    ("age.specifications", "count", 40),
    ("age.people", "people", 1000),
    ("place.people", "people", 400),
    ("advice_age.people", "people", 80),
    ("advice_age.changed_first_advice", "share", 0.21),
    ("advice_age.changed_first_advice_low", "share", 0.12),
    ("advice_age.changed_first_advice_high", "share", 0.24),
    ("advice_place.people", "people", 30),
    ("advice_place.changed_advice", "share", 0.98),
    ("advice_place.changed_first_advice", "share", 0.37),
    ("advice_place.changed_first_advice_low", "share", 0.32),
    ("advice_place.changed_first_advice_high", "share", 0.38),
    ("advice_place.help_nobody_n", "places", 2),
    ("advice_place.help_everybody_n", "places", 99),
    ("place.changed_share", "share", 0.73),
    ("place.changed_share_low", "share", 0.4),
    ("place.changed_share_high", "share", 0.8),
    ("place.extreme", "rank", 2),
    ("place.scales", "count", 5),
    ("place.rank_span_median", "count", 12.5),
    ("place.unknown_mean", "share", 0.15),
    ("place.unknown_min", "share", 0.01),
    ("place.unknown_max", "share", 0.48),
    ("place.class_high_n", "places", len(HIGH)),
    ("place.class_low_n", "places", len(LOW)),
    ("place.class_depends_n", "places", 81),
    ("place.own_high_n", "places", len(HIGH)),
    ("place.own_low_n", "places", len(LOW)),
    ("place.own_agree_n", "places", len(HIGH + LOW)),
    ("rule.like_age", "years", 30),
    ("rule.diploma_age", "years", 50),
    ("rule.stuck_offers", "count", 3),
    ("population.drawn", "people", 100_000),
    ("population.represented", "people", 5_000_000),
    ("population.design_effect", "ratio", 1.41),
]


def write_published(build):
    """Leave what notebooks recorded and nothing here invents: other figures would not bear out the pages."""
    known = {"findings": set(), "tables": set()}
    for path in (build / "findings").glob("*.json"):
        recorded = json.loads(path.read_text("utf-8"))
        for part, ids in known.items():
            ids |= recorded[part].keys()
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))
    for name in published["notebooks"]:
        kept = {
            part: {
                id: entry
                for id, entry in published[part].items()
                if entry["notebook"] == name and id not in known[part]
            }
            for part in known
        }
        (build / "findings" / f"{name}.json").write_text(json.dumps({"notebook": name, **kept}), "utf-8")
        for id in kept["tables"]:
            shutil.copyfile(PUBLISHED / "tables" / f"{id}.csv", build / "tables" / f"{id}.csv")


def text(fr, en):
    return {"fr": fr, "en": en}


def invented_age_shares():
    rows = []
    for age in range(16, 71):
        liked = 0.19 if age <= 30 else 0.11
        diploma = 0.17 if age < 50 else 0.135
        shares = [0.06, 0.3, liked, diploma, 0.08, 0.13]
        shares.append(1 - sum(shares))
        rows += [
            {"age": age, "main_challenge": c, "share": s} for c, s in zip(CHALLENGES, shares, strict=True)
        ]
    return pl.DataFrame(rows)


def invented_cliffs():
    jumps = {25: 0.004, 30: 0.081, 49: 0.035}
    return pl.DataFrame([{"age_from": a, "age_to": a + 1, "share_changed": s} for a, s in jumps.items()])


def invented_places():
    rows = []
    for i, dep in enumerate(DEPARTEMENTS):
        unknown = 0.01 + 0.47 * ((i * 37) % 101) / 101
        known = 0.3 + 0.4 * ((i * 53) % 101) / 101
        middle = 1 + (i * 53) % 100
        low, high = max(1, middle - 3 - i % 19), min(100, middle + 3 + i % 17)
        kind = "depends"
        if dep in HIGH:
            known, low, high, kind = 0.8, 1, 18, "high"
        elif dep in LOW:
            known, low, high, kind = 0.2, 82, 100, "low"
        row = {
            "departement_id": dep,
            "class": kind,
            "rank_low": low,
            "rank_high": high,
            "share_low": known / 2,
            "share_high": known,
            "share_unknown": unknown,
            "low_bound": known / 2 * (1 - unknown),
            "high_bound": known * (1 - unknown) + unknown,
        }
        if dep == "976":
            row = {"departement_id": dep, "class": "unknown", "share_unknown": 1.0}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def invented_place_shares():
    rows = []
    for i, dep in enumerate(DEPARTEMENTS):
        stuck = 0.1 + 0.5 * ((i * 53) % 101) / 101
        rest = (1 - stuck) / 6
        shares = [stuck if c == "stuck-market" else rest for c in CHALLENGES]
        rows += [
            {"departement_id": dep, "main_challenge": c, "share": share, "share_low": share / 2}
            for c, share in zip(CHALLENGES, shares, strict=True)
        ]
    unknown = invented_places().select("departement_id", "share_unknown")
    known = pl.DataFrame(rows).with_columns(share_high=pl.col("share") * 1.5)
    return known.join(unknown, on="departement_id", maintain_order="left")


def write_invented(build):
    """Record everything the pages ask for, with invented numbers; return the recorder."""
    book = Invented("03_invented", build=build)
    made = {"kind": "by construction", "vintage": "2021"}
    book.table(
        "age.challenge_share",
        invented_age_shares(),
        title=text("Frein principal annoncé, selon l’âge", "Main challenge told, by age"),
        columns={
            "age": text("Âge", "Age"),
            "main_challenge": text("Frein principal", "Main challenge"),
            "share": text("Part des personnes", "Share of people"),
        },
        **made,
    )
    book.table(
        "age.score_mean",
        pl.DataFrame({"age": range(16, 71), "mean_score": [50 + (a % 7) / 10 for a in range(16, 71)]}),
        title=text("Score global moyen, selon l’âge", "Mean overall score, by age"),
        columns={"age": text("Âge", "Age"), "mean_score": text("Note moyenne", "Mean score")},
        units={"mean_score": "score"},
        **made,
    )
    book.table(
        "age.cliffs",
        invented_cliffs(),
        title=text(
            "Changements de défi d’un âge au suivant", "Changes of challenge from one age to the next"
        ),
        columns={
            "age_from": text("De l’âge", "From age"),
            "age_to": text("À l’âge", "To age"),
            "share_changed": text("Part dont le défi change", "Share whose challenge changes"),
        },
        **made,
    )
    book.table(
        "place.stressed",
        invented_places(),
        title=text("Marché tendu, selon le département", "Stressed market, by département"),
        columns={
            "departement_id": text("Département", "Département"),
            "class": text("Classe", "Class"),
            "rank_low": text("Rang le plus haut", "Highest rank"),
            "rank_high": text("Rang le plus bas", "Lowest rank"),
            "share_low": text("Part la plus basse, cas connus", "Lowest share, known cases"),
            "share_high": text("Part la plus haute, cas connus", "Highest share, known cases"),
            "share_unknown": text("Part inconnue", "Share unknown"),
            "low_bound": text("Borne basse", "Low bound"),
            "high_bound": text("Borne haute", "High bound"),
        },
        units={"low_bound": "share", "high_bound": "share"},
        caveats=text(
            "Le niveau dépend de l’échelle choisie ; seul le classement a un sens.",
            "The level depends on the scale chosen; only the order has a meaning.",
        ),
        **made,
    )
    book.table(
        "place.challenge_share",
        invented_place_shares(),
        title=text("Frein principal annoncé, selon le département", "Main challenge told, by département"),
        columns={
            "departement_id": text("Département", "Département"),
            "main_challenge": text("Frein principal", "Main challenge"),
            "share": text("Part des personnes", "Share of people"),
            "share_low": text("Part la plus basse", "Lowest share"),
            "share_high": text("Part la plus haute", "Highest share"),
            "share_unknown": text("Part inconnue", "Share unknown"),
        },
        **made,
    )
    book.table(
        "advice_place.help",
        invented_places().select(
            "departement_id", share=pl.col("departement_id").is_in(["2A", "976"]).not_().cast(pl.Float64)
        ),
        title=text("Se faire accompagner par une association", "Get help from a non-profit"),
        columns={
            "departement_id": text("Département", "Département"),
            "share": text("Part des personnes", "Share of people"),
        },
        **made,
    )

    own = invented_places().filter(pl.col("rank_low").is_not_null())
    book.table(
        "place.own",
        own.select("departement_id", "class", "rank_low", "rank_high", n=pl.lit(500)),
        title=text("Avec leurs personnes", "With their people"),
        columns={c: text(c, c) for c in ("departement_id", "class", "rank_low", "rank_high", "n")},
        units={"n": "people"},
        kind="modelled",
        vintage="2018-2021",
    )
    for id, key in (("population.scenarios", "scenario"), ("population.market_scales", "scale")):
        frame = pl.DataFrame(
            {key: ["one", "two"], "fr": ["Le premier : un", "Le second"], "en": ["First", "Second"]}
        )
        columns = {
            key: text("Clé", "Key"),
            "fr": text("Français", "French"),
            "en": text("Anglais", "English"),
        }
        book.table(id, frame, title=text("Clés", "Keys"), columns=columns, **made)
    fit = {"title_fr": ["Âge"], "title_en": ["Age"], "raked": [True], "lines": [3], "share_misplaced": [0.01]}
    fit |= {"largest_gap": [0.02], "largest_gap_drawn": [-0.03]}
    book.table(
        "population.fit_summary",
        pl.DataFrame(fit),
        title=text("Ce que le modèle reproduit", "What the model reproduces"),
        columns={c: text(c, c) for c in fit},
        units={"largest_gap": "points", "largest_gap_drawn": "points"},
        kind="modelled",
        vintage="2018-2021",
    )

    for id, unit, value in INVENTED:
        kind = "modelled" if id.startswith("population.") else "by construction"
        reason = "description" if id == "population.design_effect" else None
        label = text("Un libellé inventé", "An invented label")
        book.record(
            id, value=value, unit=unit, kind=kind, no_interval=reason, label=label, vintage="2018-2021"
        )
    explained = Invented("13_invented", build=build)
    invented_rules.write(explained)
    invented_quirks.write(explained)
    invented_ledger.write(build)
    write_published(build)
    return book
