"""The shipped reference tables, each made by a function of the folder of raw files.

Every figure comes from a raw file, nothing is simulated. What a raw file gets wrong is either named in the
registry (`altered`) or stops the derivation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data import DataError, source
from bobanalysis.data.official import Loaded, read_sheets
from tools.derive.duo import duo_checks, duo_students
from tools.derive.tiles import tile_grid

AGE5 = (*(f"{a}-{a + 4}" for a in range(0, 95, 5)), "95+")
"""Five years of age, as INSEE publishes them: 0-4 … 90-94, 95+."""

OLD_REGIONS = {
    "Alsace": "67 68",
    "Aquitaine": "24 33 40 47 64",
    "Auvergne": "03 15 43 63",
    "Basse-Normandie": "14 50 61",
    "Bourgogne": "21 58 71 89",
    "Bretagne": "22 29 35 56",
    "Centre": "18 28 36 37 41 45",
    "Champagne-Ardenne": "08 10 51 52",
    "Corse": "2A 2B",
    "Franche-Comté": "25 39 70 90",
    "Guadeloupe": "971",
    "Guyane": "973",
    "Haute-Normandie": "27 76",
    "Île-de-France": "75 77 78 91 92 93 94 95",
    "La Réunion": "974",
    "Languedoc-Roussillon": "11 30 34 48 66",
    "Limousin": "19 23 87",
    "Lorraine": "54 55 57 88",
    "Martinique": "972",
    "Mayotte": "976",
    "Midi-Pyrénées": "09 12 31 32 46 65 81 82",
    "Nord-Pas-de-Calais": "59 62",
    "Pays de la Loire": "44 49 53 72 85",
    "Picardie": "02 60 80",
    "Poitou-Charentes": "16 17 79 86",
    "Provence-Alpes-Côte d’Azur": "04 05 06 13 83 84",
    "Rhône-Alpes": "01 07 26 38 42 69 73 74",
}
"""Region until 31 December 2015 → its départements (decree 60-516 and later; law 2015-29 merged them)."""

TOWN = 20_000
"""Residents from which a town is listed that is no seat."""

POPULATION_YEARS = ("2019", "2021")

# What each source writes → our label, in order of age or of time.
AGE_2020 = {
    "15-24 ans": "15-24",
    "25-29 ans": "25-29",
    "30-49 ans": "30-49",
    "50-54 ans": "50-54",
    "55 ans ou plus": "55+",
}
AGE_MONTH = {"< 25": "15-24", "25-49": "25-49", ">= 50": "50+"}
EEC_AGE = {
    "[15,30)": "15-29",
    "[30,40)": "30-39",
    "[40,50)": "40-49",
    "[50,60)": "50-59",
    "[60,Inf)": "60+",
}
EEC_DURATION = {
    "[0,1)": "0",
    "[1,3)": "1-2",
    "[3,6)": "3-5",
    "[6,12)": "6-11",
    "[12,18)": "12-17",
    "[18,24)": "18-23",
    "[24,36)": "24-35",
    "[36,Inf)": "36+",
}


def _csv(path: Path, *, separator: str = ",", encoding: str = "utf-8-sig") -> pl.DataFrame:
    """Read a raw text table with every column as text: a code must never lose its leading zero."""
    try:
        text = path.read_text(encoding=encoding)
    except FileNotFoundError:
        raise DataError(
            f"{path}: the raw file is not there; data/README.md shows which files the folder needs"
        ) from None
    return pl.read_csv(text.encode(), separator=separator, infer_schema=False, null_values=["", "NA"])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path}: the raw file is not there; data/README.md shows which files the folder needs"
        ) from None


def _relabel(column: str, labels: Mapping[str, str]) -> pl.Expr:
    """Replace the labels of a source by ours; a label that is not known stops the derivation."""
    return pl.col(column).replace_strict(labels, return_dtype=pl.String)


def _decimal(column: str, decimals: int) -> pl.Expr:
    return pl.col(column).str.replace(",", ".").cast(pl.Float64).round(decimals)


def _codes(raw: Path) -> list[dict[str, str]]:
    """The 101 départements; collectivities overseas (975, 977, …) are not départements."""
    entries = _json(raw / "decoupage-administratif/departements.json")
    return [x for x in entries if re.fullmatch(r"\d\d|2[AB]|97[12346]", x["code"])]


def departements(raw: Path) -> pl.DataFrame:
    """101 départements with region, and region before 2016 (which must lie in one region of today)."""
    regions = {x["code"]: x["nom"] for x in _json(raw / "decoupage-administratif/regions.json")}
    old = {dep: name for name, deps in OLD_REGIONS.items() for dep in deps.split()}
    frame = pl.DataFrame(
        [
            {
                "dep": x["code"],
                "name": x["nom"].replace("'", "’"),
                "region": x["region"],
                "region_name": regions[x["region"]].replace("'", "’"),
                "zone": {"metro": "metropolitan", "drom": "overseas"}[x["zone"]],
                "old_region_name": old.get(x["code"]),
            }
            for x in _codes(raw)
        ]
    )
    split = frame.group_by("old_region_name").agg(pl.col("region").n_unique()).filter(pl.col("region") > 1)
    if frame["old_region_name"].null_count() or split.height:
        raise DataError(
            "departements: a region before 2016 is missing or lies in several regions of today; see "
            "OLD_REGIONS"
        )
    return frame


def postcodes_departements(raw: Path) -> pl.DataFrame:
    """Postcodes whose départements their first digits do not tell, each with all of them.

    The first digits tell: two of them, three overseas, and in Corsica 200 and 201 are the south.
    """
    found: dict[str, set[str]] = {}
    for commune in _json(raw / "decoupage-administratif/communes.json"):
        if commune["type"] in ("commune-actuelle", "arrondissement-municipal"):
            for postcode in commune.get("codesPostaux", ()):
                place = commune.get("departement") or commune["collectivite"]
                found.setdefault(postcode, set()).add(place)
    odd = {code: places for code, places in found.items() if places != {_by_first_digits(code)}}
    rows = [(code, place) for code, places in odd.items() for place in places]
    return pl.DataFrame(rows, schema=["postcode", "dep"], orient="row")


def towns(raw: Path) -> pl.DataFrame:
    """Towns that readers look for: seats of a prefecture or sub-prefecture, and twenty thousand residents."""
    seats = {x["chefLieu"] for x in _json(raw / "decoupage-administratif/arrondissements.json")}
    own = {x["code"]: x["chefLieu"] for x in _codes(raw)}
    seats |= set(own.values())
    rows = [
        (x["departement"], x["nom"].replace("'", "’"))
        for x in _json(raw / "decoupage-administratif/communes.json")
        if x["type"] == "commune-actuelle"
        and x.get("departement") in own
        and (x["code"] in seats or x.get("population", 0) >= TOWN)
    ]
    return pl.DataFrame(rows, schema=["dep", "name"], orient="row")


def _by_first_digits(postcode: str) -> str:
    if postcode.startswith("20"):
        return "2A" if postcode[:3] in ("200", "201") else "2B"
    return postcode[: 3 if postcode[:2] in ("97", "98") else 2]


def population_dep_sex_age5(raw: Path) -> pl.DataFrame:
    """Population by département, sex and five years of age, made as men and women, never as "Ensemble".

    The copy of the workbook holds an altered cell of "Ensemble"; any other disagreement stops the derivation.
    """
    path = raw / "insee-estim-pop/estim-pop-dep-sexe-aq-1975-2021.xlsx"
    codes = [x["code"] for x in _codes(raw)]
    known = source("population_dep_sex_age5").altered
    altered = {(year, dep, band): (wrong, right) for year, dep, band, wrong, right in known}
    loaded = insee_population(path, codes, POPULATION_YEARS, altered)
    if loaded.problems:
        raise DataError("; ".join(loaded.problems))
    age_from = pl.col("age_band").cast(pl.String).str.extract(r"^(\d+)").cast(pl.Int64).alias("age_from")
    return loaded.frame.select(
        "year", "dep", "sex", pl.col("age_band").cast(pl.String), age_from, "population"
    )


def insee_population(
    path: Path,
    departements: Iterable[str],
    years: Sequence[str] | None = None,
    altered: Mapping[tuple[str, str, str], tuple[float, float]] | None = None,
) -> Loaded:
    """Population by département, sex and five years of age, from the workbook with one sheet a year.

    Figures are those of men and of women; "Ensemble" must be their sum, and each "Total" the sum of its
    bands. Parameters: `departements`, codes wanted; `years`, sheets to read (all when None); `altered`,
    (year, département, band) → (Ensemble as written, men + women) of cells known to be wrong in this copy.
    Returns year, dep, sex, age_band, population. Mayotte is absent before
    2014.
    """
    found, sheets, codes, frames = Loaded(path), read_sheets(path), set(departements), []
    for year in years or [name for name in sheets if re.fullmatch(r"\d{4}", name)]:
        rows = sheets[year]
        lines = {code: r for r in rows if r and (code := _code(r[0])) in codes}
        if not lines:
            found.problem(f"sheet {year}: no row begins with the code of a département")
            continue
        absent = codes - set(lines) - ({"976"} if int(year) < 2014 else set())
        if absent:
            found.problem(f"sheet {year}: no row for {', '.join(sorted(absent))}")
        first = next(iter(lines.values()))
        width = next((i for i, v in enumerate(first) if i and isinstance(v, int | float)), 2)
        for dep, line in lines.items():
            both, men, women = (line[width + 21 * k : width + 21 * (k + 1)] for k in range(3))
            _agree(year, dep, both, men, women, altered or {}, found)
            for sex, values in (("F", women), ("M", men)):
                frames += [(int(year), dep, sex, band, n) for band, n in zip(AGE5, values[:20], strict=True)]
    schema: Any = {
        "year": pl.Int32,
        "dep": pl.String,
        "sex": pl.String,
        "age_band": pl.Enum(AGE5),
        "population": pl.Int64,
    }
    found.frame = pl.DataFrame(frames, schema=schema, orient="row", strict=False)
    return found


def _code(value: Any) -> str:
    """A département code as text: overseas codes are numbers in the workbook."""
    return str(int(value)) if isinstance(value, float) else str(value).strip()


def _agree(
    year: str,
    dep: str,
    both: Sequence[Any],
    men: Sequence[Any],
    women: Sequence[Any],
    altered: Mapping[tuple[str, str, str], tuple[float, float]],
    found: Loaded,
) -> None:
    for sex, values in (("men", men), ("women", women)):
        if sum(values[:-1]) != values[-1]:
            found.problem(
                f"sheet {year}, {dep}, {sex}: bands add up to {sum(values[:-1]):,.0f}, total "
                f"{values[-1]:,.0f}"
            )
    for band, whole, m, w in zip((*AGE5, "Total"), both, men, women, strict=True):
        if whole != m + w and altered.get((year, dep, band)) != (whole, m + w):
            found.problem(
                f"sheet {year}, {dep}, {band}: Ensemble is {whole:,.0f}, men plus women {m + w:,.0f}"
            )


def jobseekers_fap87_age_2020(raw: Path) -> pl.DataFrame:
    """Share of each age band among the job seekers (category A) of a job family; `ALL` is the whole."""
    frame = _csv(raw / "dares-portraits/inputs/age_demandeur_emploi.csv")
    fap = pl.col("Fap3").replace("Ensemble", "ALL").alias("fap87")
    return frame.select(
        fap, _relabel("Age", AGE_2020).alias("age_band"), _decimal("Part", 4).alias("share_pct")
    )


def jobseekers_fap87_sex_duration_2020(raw: Path) -> pl.DataFrame:
    """Share of women, and of people registered for a year or more, among the job seekers of a job family."""
    frame = _csv(raw / "dares-portraits/inputs/part_femmes_un_an_demandeurs_emploi_A.csv")
    return frame.select(
        pl.first().replace("Ensemble", "ALL").alias("fap87"),
        _decimal("part_femmes_a", 2).alias("women_pct"),
        _decimal("part_defm_1an_ou_plus", 2).alias("one_year_or_more_pct"),
    )


def jobseekers_fap_year(raw: Path) -> pl.DataFrame:
    """Stock of job seekers by job family since 2010, categories A and ABC, in thousands.

    The rows "Ensemble" are all empty in the source and are left out; any other empty cell stays missing.
    """
    frame = _csv(raw / "dares-portraits/inputs/serie_demandeurs_emploi_A_ABC.csv", encoding="cp1252")
    frame = frame.filter(~((pl.col("Fap3") == "Ensemble") & pl.col("Effectifs").is_null()))
    category = {"Catégorie A": "A", "Catégories A, B, C": "ABC"}
    return frame.select(
        pl.col("Fap3").alias("fap"),
        pl.col("Fap3")
        .str.len_chars()
        .replace_strict({3: "87", 5: "225"}, return_dtype=pl.String)
        .alias("fap_level"),
        pl.col("Annee").cast(pl.Int32).alias("year"),
        _relabel("Categorie", category).alias("category"),
        _decimal("Effectifs", 2).alias("thousands"),
    ).filter(pl.col("year") >= 2010)


def _r_table(path: Path) -> pl.DataFrame:
    """The one table of an R data file; needs pyreadr, which only the derivation uses."""
    try:
        from pyreadr import read_r
    except ImportError:
        raise DataError(
            f"{path}: reading an R file needs pyreadr; run: python -m pip install pyreadr"
        ) from None
    if not path.exists():
        raise DataError(
            f"{path}: the raw file is not there; data/README.md shows which files the folder needs"
        )
    table = next(iter(read_r(str(path)).values()))
    for column in table.columns[[kind.name == "category" for kind in table.dtypes]]:
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return pl.DataFrame({name: table[name].tolist() for name in table.columns}, strict=False)


def jobseekers_sex_age_month(raw: Path) -> pl.DataFrame:
    """National job seekers ABC by sex and age, each month; the file's totals are checked, then left out."""
    frame = _r_table(raw / "statecoaes/Chomage.rda").select(
        pl.col("date").cast(pl.Date).dt.strftime("%Y-%m").alias("month"),
        _relabel("sexe", {"femme": "F", "homme": "M"}).alias("sex"),
        pl.col("age"),
        pl.col("value").round(0).cast(pl.Int64).alias("jobseekers"),
    )
    parts = (
        frame.filter(pl.col("age") != "total")
        .group_by("month", "sex")
        .agg(pl.col("jobseekers").sum().alias("parts"))
    )
    off = (
        frame.filter(pl.col("age") == "total")
        .join(parts, on=["month", "sex"])
        .filter((pl.col("jobseekers") - pl.col("parts")).abs() > 1)
    )
    if off.height:
        raise DataError(
            f"Chomage.rda: ages do not add up to the total in {off.height} rows, first {off.row(0)}"
        )
    kept = frame.filter(pl.col("age") != "total")
    return kept.select("month", "sex", _relabel("age", AGE_MONTH).alias("age_band"), "jobseekers")


def unemployed_eec2018(raw: Path) -> pl.DataFrame:
    """Unemployed people (ILO) of the labour force survey 2018 by sex, age, diploma and months of
    unemployment."""
    frame = _r_table(raw / "statecoaes/Emploi.rda").filter(pl.col("activite") == "chomeur")
    return frame.group_by(
        pl.col("sexe").alias("sex"),
        _relabel("age", EEC_AGE).alias("age_band"),
        pl.col("diplome").alias("diploma"),
        _relabel("durchom", EEC_DURATION).alias("duration_months"),
    ).agg(pl.col("ponderations").sum().round(0).cast(pl.Int64).alias("weighted"), pl.len().alias("n_sample"))


def market_rome_bassin_2021(raw: Path) -> pl.DataFrame:
    """Offers (a year's flow) and job seekers ABC (a stock) by job group and employment area, as published:
    small cells cut."""
    frame = _csv(raw / "mobiville-spe/cities-tension-utf8.csv", separator=";").filter(
        pl.col("annee") == "2021"
    )
    return frame.select(
        pl.col("ROME").alias("rome"),
        pl.col("cbassin").str.zfill(4).alias("bassin"),
        _decimal("oee", 1).alias("offers"),
        _decimal("defm_abc", 2).alias("jobseekers_abc"),
        pl.col("ind_tension_d").cast(pl.Int64).alias("tension_class"),
    )


def bassin_dep_share(raw: Path) -> pl.DataFrame:
    """Share of the people of an employment area who live in each département (20 areas cross a border)."""
    communes = pl.DataFrame(
        [
            (x["code"], x.get("population", 0))
            for x in _json(raw / "decoupage-administratif/communes.json")
            if x["type"] in ("commune-actuelle", "arrondissement-municipal")
        ],
        schema=["CODE_COMMUNE_INSEE", "people"],
        orient="row",
    )
    areas = _csv(raw / "mobiville/lexique-bassins.csv").join(communes, on="CODE_COMMUNE_INSEE", how="left")
    people = areas.group_by(pl.col("BE19").str.zfill(4).alias("bassin"), pl.col("DEP").alias("dep")).agg(
        pl.col("people").sum()
    )
    share = (pl.col("people") / pl.col("people").sum().over("bassin")).round(6).alias("share")
    return people.select("bassin", "dep", share)


def rome(raw: Path) -> pl.DataFrame:
    """The 532 job groups of ROME 3.47. L1510 is not in the list of codes but has job titles: its name comes
    with them."""
    codes = _csv(raw / "bob/unix_referentiel_code_rome_v347_utf8.csv").select(
        pl.col("code_rome").alias("rome"), pl.col("libelle_rome").alias("name")
    )
    titles = (
        _csv(raw / "bob/unix_referentiel_appellation_v347_utf8.csv")
        .select(pl.col("code_rome").alias("rome"))
        .unique()
    )
    names = _csv(raw / "labonneboite/rome_labels.csv", separator="|")
    names = names.select(pl.col(names.columns[0]).alias("rome"), pl.col(names.columns[1]).alias("name"))
    added = titles.join(codes, on="rome", how="anti").join(names, on="rome", how="left")
    if added["name"].null_count():
        raise DataError(
            "rome: job groups with job titles and no name: "
            f"{added.filter(pl.col('name').is_null())['rome'].to_list()}"
        )
    # The raw CSV doubles its apostrophes.
    return pl.concat([codes, added]).with_columns(
        pl.col("name").str.replace_all("''|'", "’").str.strip_chars()
    )


def job_titles(raw: Path) -> pl.DataFrame:
    """The job titles of ROME 3.47 and the job group of each, as people search for a job by its title."""
    frame = _csv(raw / "bob/unix_referentiel_appellation_v347_utf8.csv")
    title = pl.col("libelle_appellation_long").str.replace_all("''|'", "’").str.strip_chars()
    return frame.select(pl.col("code_rome").alias("rome"), title.alias("title")).unique()


def everyday_jobs(raw: Path) -> pl.DataFrame:
    """Everyday names of jobs, written by hand, and the job groups that each means (needs no raw file)."""
    rows, language = [], ""
    for line in Path(__file__).with_name("everyday_jobs.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            language = line[1:3]
        elif line and not line.startswith("#"):
            names, codes = line.split(" = ")
            for name in names.replace("'", "’").split(", "):
                rows += [(language, name, place, code) for place, code in enumerate(codes.split(), 1)]
    return pl.DataFrame(rows, schema=["language", "name", "place", "rome"], orient="row")


def rome_fap2009(raw: Path) -> pl.DataFrame:
    """Crosswalk from job groups (and qualification, where it decides) to job families FAP 2009, from a SAS
    format."""
    text = (raw / "bob/passage_fap2009_romev3.txt").read_text(encoding="cp1252")
    pairs: set[tuple[str, str | None, str]] = set()
    for line in text.splitlines():
        if found := re.match(r'\s*((?:"[A-N]\d{4}[0-9X]?"\s*,?\s*)+)=\s*"([A-Z]\d[A-Z]\d{2})"', line):
            keys = re.findall(r'"([A-N]\d{4})([0-9X]?)"', found[1])
            pairs |= {(code, qualification or None, found[2]) for code, qualification in keys}
    frame = pl.DataFrame(sorted(pairs, key=str), schema=["rome", "qualification", "fap2009"], orient="row")
    return frame.with_columns(pl.col("fap2009").str.slice(0, 3).alias("fap87"))


def rome_mobility(raw: Path) -> pl.DataFrame:
    """Links from one job group to another: `close` (can be taken up now) or `evolution` (needs training or
    experience)."""
    frame = _csv(raw / "bob/unix_rubrique_mobilite_v347_utf8.csv")
    of_groups = pl.col("code_appellation_source").is_null() & pl.col("code_appellation_cible").is_null()
    return (
        frame.filter(of_groups)
        .select(
            pl.col("code_rome").alias("rome"),
            pl.col("code_rome_cible").alias("rome_target"),
            _relabel("libelle_type_mobilite", {"Proche": "close", "Evolution": "evolution"}).alias("kind"),
        )
        .unique()
    )


def tension_fap_area_2019(raw: Path) -> pl.DataFrame:
    """Dares indicator of tension 2019 by job family and place; missing where Dares publishes none."""
    frame = _csv(raw / "dares-portraits/inputs/tensions/tensions.csv")
    frame = frame.with_columns(pl.col("niveau_geo").str.strip_chars())
    region = pl.col("reg").cast(pl.Float64).cast(pl.Int64).cast(pl.String).str.zfill(2)
    return frame.select(
        pl.col("fap"),
        pl.col("niveau_fap").str.extract(r"(\d+)").alias("fap_level"),
        _relabel("niveau_geo", {"nat": "country", "reg": "region", "dep": "departement"}).alias("area_level"),
        pl.coalesce("dep", region, pl.lit("FR")).alias("area"),
        pl.col("Emploi moyen").cast(pl.Float64).round(0).cast(pl.Int64).alias("employment"),
        _decimal("Tension ", 3).alias("tension"),
        pl.col("Catégorie Tension").cast(pl.Float64).cast(pl.Int64).alias("tension_class"),
    )


def unemployment_rate_dep(raw: Path) -> pl.DataFrame:
    """Localised unemployment rate by département, percent; Mayotte is not covered."""
    frame = _csv(raw / "orion-insee-chomage/chomage_departemental_INSEE.csv", separator=";")
    return frame.select(
        pl.col("codeDepartement").str.replace(r"^0(\d\d|2[AB])$", "$1").alias("dep"),
        pl.col("rentreeScolaire").cast(pl.Int64).alias("year"),
        _decimal("tauxChomage", 1).alias("rate_pct"),
    )


def _users(raw: Path, part: str, column: str) -> pl.DataFrame:
    counts = _json(raw / "bob/user_count.json")[0][part]
    return pl.DataFrame({column: list(counts), "users": list(counts.values())})


def bob_users_dep_2017(raw: Path) -> pl.DataFrame:
    """Users of Bob by département, 27 November 2017."""
    return _users(raw, "departementCount", "dep")


def bob_users_rome_2017(raw: Path) -> pl.DataFrame:
    """Users of Bob by job group, 27 November 2017."""
    return _users(raw, "jobGroupCount", "rome")


def departements_tiles(raw: Path) -> pl.DataFrame:
    """The hand-laid grid of equal tiles, one for each of the 101 départements (needs no raw file)."""
    return tile_grid()


TABLES: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    make.__name__: make
    for make in (
        departements,
        departements_tiles,
        postcodes_departements,
        towns,
        population_dep_sex_age5,
        jobseekers_fap87_age_2020,
        jobseekers_fap87_sex_duration_2020,
        jobseekers_fap_year,
        jobseekers_sex_age_month,
        unemployed_eec2018,
        market_rome_bassin_2021,
        bassin_dep_share,
        rome,
        job_titles,
        everyday_jobs,
        rome_fap2009,
        rome_mobility,
        tension_fap_area_2019,
        unemployment_rate_dep,
        bob_users_dep_2017,
        bob_users_rome_2017,
        duo_students,
        duo_checks,
    )
}
"""Table id → the function that makes it."""
