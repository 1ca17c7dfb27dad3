"""An audit in words and tables: one list of sections, for the terminal or a page that needs no network."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from bobanalysis.fairness.audit import Audit
from bobanalysis.fairness.cube import UNKNOWN
from bobanalysis.fairness.metrics import EVERYONE_ELSE

Lang = Literal["fr", "en"]
THIN = "\u202f"
MOST_LINES = 300
"""Most lines of a table on a page; the files --output .csv and .parquet have all."""
MOST_DRAWN = 40

_FR, _EN = 0, 1
_METRICS: dict[str, tuple[str, str, str, str]] = {  # French name, English name, French and English reading
    "selection_rate": (
        "Part des personnes retenues",
        "Share selected",
        "Parmi les personnes du groupe dont la décision est connue, la part de celles qui reçoivent un oui.",
        "Of the people of the group whose decision is known, the share who get a yes.",
    ),
    "mean_score": (
        "Score moyen",
        "Mean score",
        "Moyenne des scores du groupe.",
        "Mean of the group’s scores.",
    ),
    "prediction_missing_rate": (
        "Part sans décision connue",
        "Share without a known decision",
        "Les autres taux portent sur les autres personnes.",
        "The other rates are among the other people.",
    ),
    "base_rate": (
        "Fréquence du résultat observé",
        "Rate of the observed outcome",
        "La part des personnes du groupe pour qui le résultat s’est produit.",
        "The share of the group for whom the outcome occurred.",
    ),
    "true_positive_rate": (
        "Taux de vrais positifs",
        "True positive rate",
        "Parmi celles pour qui le résultat s’est produit, la part de celles qui ont reçu un oui.",
        "Of those for whom the outcome occurred, the share who got a yes.",
    ),
    "false_positive_rate": (
        "Taux de faux positifs",
        "False positive rate",
        "Parmi celles pour qui le résultat ne s’est pas produit, la part de celles qui ont reçu un oui.",
        "Of those for whom the outcome did not occur, the share who got a yes.",
    ),
    "true_negative_rate": (
        "Taux de vrais négatifs",
        "True negative rate",
        "Parmi celles pour qui le résultat ne s’est pas produit, la part de celles qui ont reçu un non.",
        "Of those for whom the outcome did not occur, the share who got a no.",
    ),
    "false_negative_rate": (
        "Taux de faux négatifs",
        "False negative rate",
        "Parmi celles pour qui le résultat s’est produit, la part de celles qui ont reçu un non.",
        "Of those for whom the outcome occurred, the share who got a no.",
    ),
    "positive_predictive_value": (
        "Valeur prédictive positive",
        "Positive predictive value",
        "Parmi celles qui ont reçu un oui, la part de celles pour qui le résultat s’est produit.",
        "Of those who got a yes, the share for whom the outcome occurred.",
    ),
    "negative_predictive_value": (
        "Valeur prédictive négative",
        "Negative predictive value",
        "Parmi celles qui ont reçu un non, la part de celles pour qui le résultat ne s’est pas produit.",
        "Of those who got a no, the share for whom the outcome did not occur.",
    ),
    "accuracy": (
        "Part des décisions conformes au résultat",
        "Accuracy",
        "La part des décisions qui sont celles que le résultat appelait.",
        "The share of decisions that agree with the outcome.",
    ),
}
_SUMMARIES = {
    "demographic_parity": ("Part retenue", "Share selected"),
    "equalized_odds": ("Vrais et faux positifs (le pire des deux)", "True and false positives (the worse)"),
    "equal_opportunity": ("Vrais positifs", "True positives"),
    "predictive_equality": ("Faux positifs", "False positives"),
    "predictive_parity": ("Valeur prédictive positive", "Positive predictive value"),
    "accuracy": ("Décisions conformes au résultat", "Accuracy"),
}
_WORDS = {
    "title": ("Qui obtient quoi ?", "Who gets what?"),
    "kicker": ("Audit par groupe", "Audit by group"),
    "read_as": ("Ce qui a été lu", "What was read"),
    "file": ("Fichier", "File"),
    "rows": ("Lignes lues", "Rows read"),
    "people": ("Personnes", "People"),
    "n": ("Effectif", "People"),
    "value": ("Valeur", "Value"),
    "interval": ("Intervalle à 95 %", "95 % interval"),
    "difference": ("Écart", "Difference"),
    "ratio": ("Rapport", "Ratio"),
    "group": ("Groupe", "Group"),
    "groups": ("Groupes", "Groups"),
    "prediction": ("Décision", "Decision"),
    "outcome": ("Résultat observé", "Observed outcome"),
    "score": ("Score", "Score"),
    "weight": ("Poids", "Weight"),
    "count": ("Colonne d’effectifs", "Column of counts"),
    "selected": ("Colonne des personnes retenues", "Column of people selected"),
    "hidden": ("masqué", "hidden"),
    "none": ("non estimable", "not estimable"),
    "unknown": ("inconnu", "unknown"),
    "else": ("toutes les autres personnes", "everyone else"),
    "gaps": (
        "Le plus grand écart, et s’il peut être dû au hasard",
        "The largest gap, and whether it can be chance",
    ),
    "gaps_text": (
        "Entre de nombreux groupes, deux diffèrent toujours beaucoup. L’intervalle vaut pour tous les "
        "écarts à la "
        "fois : s’il contient 0, le hasard suffit à expliquer ce que l’on voit.",
        "Among many groups, two always differ a lot. The interval holds for all gaps at once: if it "
        "contains 0, "
        "chance is enough to explain what is seen.",
    ),
    "metric": ("Mesure", "Measure"),
    "highest": ("Le plus haut", "Highest"),
    "lowest": ("Le plus bas", "Lowest"),
    "p": ("Valeur p", "p value"),
    "simultaneous": ("Intervalle simultané", "Simultaneous interval"),
    "summary": ("En un chiffre", "In one number"),
    "summary_text": (
        "La plus grande différence et le plus petit rapport entre deux groupes. Ces extrêmes sont biaisés "
        "vers le "
        "haut, d’autant plus que les groupes sont petits et nombreux. Les personnes de groupe inconnu n’y "
        "sont pas comparées.",
        "The largest difference and the smallest ratio between two groups. Such extremes are biased "
        "upwards, the more so the smaller and the more numerous the groups are. People of unknown group are "
        "not compared here.",
    ),
    "impact": ("Rapports d’impact", "Impact ratios"),
    "impact_text": (
        "Le taux de chaque groupe divisé par le taux le plus élevé, comme l’exigent les règles de la ville "
        "de New "
        "York (Local Law 144). Sous 0,80, la règle des quatre cinquièmes demande un examen ; un groupe qui "
        "compte "
        "moins de 2 % des personnes peut en être exclu, avec une justification.",
        "The rate of each group divided by the highest rate, as the rules of New York City ask (Local Law "
        "144). "
        "Below 0.80 the four-fifths rule calls for a closer look; a group with less than 2 % of the people "
        "may be "
        "left out, with a justification.",
    ),
    "median_text": (
        "Ici, « retenu » veut dire : un score au-dessus de la médiane de toutes les personnes.",
        "Here “selected” means a score above the median of everybody.",
    ),
    "attributes": ("Critère", "Attribute"),
    "share": ("Part", "Share"),
    "rate": ("Taux", "Rate"),
    "flag": ("Remarque", "Remark"),
    "below": ("sous quatre cinquièmes", "below four fifths"),
    "small": ("moins de 2 %", "less than 2 %"),
    "most": ("le plus retenu", "most selected"),
    "distances": ("Distance entre les réponses", "Distance between answers"),
    "distances_text": (
        "La distance est la part des personnes qui devraient recevoir une autre réponse pour que le groupe "
        "ressemble à la référence. Même sans aucune différence, un petit groupe s’en écarte par hasard : "
        "c’est l’écart attendu.",
        "The distance is the share of people who would have to be given another answer for the group to "
        "look like "
        "the reference. Even when nothing differs, a small group is off by chance: that is the expected "
        "distance.",
    ),
    "distance": ("Distance", "Distance"),
    "expected": ("Attendue par hasard", "Expected by chance"),
    "p_adjusted": ("p corrigée", "Adjusted p"),
    "calibration": ("Un même score, une même fréquence ?", "Same score, same rate?"),
    "calibration_text": (
        "À score égal, la fréquence du résultat observé dans chaque groupe, et son écart à la référence.",
        "At the same score, how often the outcome was observed in each group, and the difference to the "
        "reference.",
    ),
    "bin": ("Score", "Score"),
    "subgroups": ("Recherche dans toutes les combinaisons", "Search of all combinations"),
    "subgroups_text": (
        "Groupes qui diffèrent de tous les autres, avec 5 % de fausses découvertes au plus en moyenne. "
        "« Ajoute » : ce que le dernier critère change par rapport au groupe plus large le plus proche.",
        "Groups that differ from everyone else, with at most 5 % false discoveries on average. “Adds”: what "
        "the last attribute changes compared with the nearest larger group.",
    ),
    "adds": ("Ajoute", "Adds"),
    "nothing_found": ("Aucun groupe trouvé.", "No group was found."),
    "reference": (
        "Les écarts et les rapports comparent chaque groupe à",
        "Differences and ratios compare each group with",
    ),
    "reading": ("Comment lire", "How to read"),
    "reading_1": (
        "« Non estimable » n’est pas zéro : il n’y a personne sur qui mesurer. « Masqué » : le groupe "
        "compte moins "
        "de {min_group} personnes.",
        "“Not estimable” is not zero: there is nobody to measure. “Hidden”: the group has fewer than "
        "{min_group} "
        "people.",
    ),
    "reading_2": (
        "Les intervalles à 95 % portent sur un groupe à la fois ; avec beaucoup de groupes, certains se "
        "trompent. "
        "Un écart ne dit pas sa cause.",
        "The 95 % intervals are for one group at a time; with many groups some of them are wrong. A gap "
        "does not "
        "tell its cause.",
    ),
    "more": (
        "{left} autres lignes : voir le fichier complet (--output, .csv ou .parquet).",
        "{left} more lines: see the whole file (--output, .csv or .parquet).",
    ),
    "drawn": ("Valeurs et intervalles à 95 %", "Values and 95 % intervals"),
    "made": (
        "Fait par « bobanalysis audit ». Cette page ne charge rien du réseau.",
        "Made by “bobanalysis audit”. This page loads nothing from the network.",
    ),
}


@dataclass(frozen=True)
class Section:
    """A title, sentences, and a table of texts that may have been cut.

    Attributes:
        title: of the section.
        text: sentences before the table.
        head: column titles; empty without a table.
        lines: the table.
        left: lines that the table would have had in addition.
        words: how many first columns are words rather than numbers.
        drawn: points to draw: label, value, low, high; values from 0 to 1 where ``share``.
        share: whether the drawn values are shares.
    """

    title: str
    text: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    lines: Sequence[tuple[str, ...]] = ()
    left: int = 0
    words: int = 1
    drawn: list[tuple[str, float, float | None, float | None]] = field(default_factory=list)
    share: bool = True


def word(key: str, lang: Lang) -> str:
    """Return a text of the page in a language.

    >>> word("none", "en")
    'not estimable'
    """
    return _polish(_WORDS[key][_FR if lang == "fr" else _EN], lang)


def share(value: float | None, lang: Lang) -> str:
    """Write a share in per cent.

    >>> share(0.1234, "en"), share(0.0001, "en"), share(None, "en")
    ('12.3%', '< 0.1%', '')
    """
    if value is None:
        return ""
    sign = THIN + "%" if lang == "fr" else "%"
    if 0 < value < 0.0005:
        return f"< {number(0.1, lang, 1)}{sign}"
    return number(100 * value, lang, 1) + sign


def number(value: float | None, lang: Lang, decimals: int = 0) -> str:
    """Write a number with its thousands parted; infinity as a sign.

    >>> number(-1234.5, "en", 1)
    '−1,234.5'
    """
    if value is None:
        return ""
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    if lang == "fr":
        text = text.replace(",", THIN).replace(".", ",")
    return text.replace("-", "−")


def sections(audit: Audit, lang: Lang, most: int = MOST_LINES) -> list[Section]:
    """Return what is to be told about an audit, in order, tables cut to ``most`` lines."""
    parts = [_read_as(audit, lang)]
    asked = audit.measures.filter(pl.col("metric") != "count").select("metric", "item")
    parts += [_measure(audit, m, item, lang, most) for m, item in asked.unique(maintain_order=True).rows()]
    if audit.gaps is not None:
        parts.append(_gaps(audit.gaps, lang))
    if audit.summary is not None:
        parts.append(_summary(audit.summary, lang))
    if audit.impact is not None:
        parts.append(_impact(audit, lang, most))
    if audit.distances is not None:
        parts.append(_distances(audit, audit.distances, lang, most))
    if audit.calibration is not None:
        parts.append(_calibration(audit, audit.calibration, lang, most))
    if audit.subgroups is not None:
        parts.append(_subgroups(audit.subgroups, lang, most))
    reading = word("reading_1", lang).format(min_group=audit.min_group)
    parts.append(Section(word("reading", lang), (reading, word("reading_2", lang))))
    return parts


def page(audit: Audit, lang: Lang = "fr") -> str:
    """Return the audit as one HTML page, in French and English, that loads nothing from anywhere.

    Args:
        audit: see :func:`bobanalysis.fairness.audit.audit_file`.
        lang: language shown first; the other is one click away.
    """
    bodies = "".join(_body(audit, each) for each in ("fr", "en"))
    checked = {each: " checked" if each == lang else "" for each in ("fr", "en")}
    title = html.escape(f"{word('title', lang)} {audit.path.name}")
    return f"""<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{_CSS}</style>
</head>
<body>
<input type="radio" name="lang" id="fr"{checked["fr"]}><label for="fr" lang="fr">Français</label>
<input type="radio" name="lang" id="en"{checked["en"]}><label for="en" lang="en">English</label>
{bodies}
</body>
</html>
"""


# --- sections -----------------------------------------------------------------------------------------------


def _read_as(audit: Audit, lang: Lang) -> Section:
    plan, at = audit.plan, _FR if lang == "fr" else _EN
    lines = [(word("file", lang), audit.path.name), (word("rows", lang), number(audit.rows, lang))]
    if audit.people != audit.rows:
        lines.append((word("people", lang), number(audit.people, lang)))
    lines.append((word("groups", lang), " × ".join(plan.groups)))
    roles = ("prediction", "outcome", "score", "weight", "count", "selected")
    lines += [(word(role, lang), getattr(plan, role)) for role in roles if getattr(plan, role)]
    notes = tuple(_polish(note[at], lang) for note in audit.notes)
    return Section(word("read_as", lang), notes, ("", ""), lines, words=2)


def _name(metric: str, item: str | None, lang: Lang) -> str:
    known = _METRICS.get(metric)
    name = metric if known is None else known[_FR if lang == "fr" else _EN]
    if item is None:
        return name
    return _polish(f"{name} : « {item} »" if lang == "fr" else f"{name}: “{item}”", lang)


def _measure(audit: Audit, metric: str, item: str | None, lang: Lang, most: int) -> Section:
    rows = audit.measures.filter(pl.col("metric") == metric, pl.col("item").eq_missing(item))
    groups, shares = audit.plan.groups, metric != "mean_score"
    shown = rows.head(most)
    known = _METRICS.get(metric)
    text = [_polish(known[2 if lang == "fr" else 3], lang)] if known else []
    against = rows["reference"][0]
    named = word("else", lang) if against == EVERYONE_ELSE else against
    text.append(_polish(f"{word('reference', lang)} {named}.", lang))
    head = (
        *groups,
        *(word(key, lang) for key in ("n", "value", "interval", "difference", "interval", "ratio")),
    )
    lines = [
        (
            *(_label(row[name], lang) for name in groups),
            number(row["n"], lang),
            _value(row["value"], row["suppressed"], shares, lang),
            _range(row["ci_low"], row["ci_high"], shares, lang),
            _gap(row["difference"], shares, lang),
            _range(row["difference_low"], row["difference_high"], shares, lang, points=True),
            number(row["ratio"], lang, 2),
        )
        for row in shown.iter_rows(named=True)
    ]
    drawn = [
        (" × ".join(_label(row[name], lang) for name in groups), row["value"], row["ci_low"], row["ci_high"])
        for row in rows.head(MOST_DRAWN).iter_rows(named=True)
        if row["value"] is not None
    ]
    left = rows.height - shown.height
    return Section(_name(metric, item, lang), tuple(text), head, lines, left, len(groups), drawn, shares)


def _gaps(gaps: pl.DataFrame, lang: Lang) -> Section:
    head = tuple(
        word(key, lang) for key in ("metric", "highest", "lowest", "difference", "simultaneous", "p")
    )
    lines = [
        (
            _name(row["metric"], None, lang),
            _label(row["high"], lang),
            _label(row["low"], lang),
            _gap(row["value"], True, lang),
            _range(row["ci_low"], row["ci_high"], True, lang, points=True),
            _p(row["p_value"], lang),
        )
        for row in gaps.iter_rows(named=True)
    ]
    return Section(word("gaps", lang), (word("gaps_text", lang),), head, lines, words=3)


def _summary(summary: pl.DataFrame, lang: Lang) -> Section:
    at = _FR if lang == "fr" else _EN
    head = tuple(word(key, lang) for key in ("metric", "difference", "ratio", "highest", "lowest"))
    rows = {row["measure"]: row for row in summary.iter_rows(named=True)}
    none = word("none", lang)
    lines = [
        (
            names[at],
            _gap(rows[f"{key}_difference"]["value"], True, lang) or none,
            number(rows[f"{key}_ratio"]["value"], lang, 2) or none,
            _label(rows[f"{key}_difference"]["highest"] or "", lang),
            _label(rows[f"{key}_difference"]["lowest"] or "", lang),
        )
        for key, names in _SUMMARIES.items()
        if f"{key}_difference" in rows
    ]
    return Section(word("summary", lang), (word("summary_text", lang),), head, lines)


def _impact(audit: Audit, lang: Lang, most: int) -> Section:
    table = audit.impact if audit.impact is not None else pl.DataFrame()
    text = [word("impact_text", lang), *([word("median_text", lang)] if audit.by_median else [])]
    keys = ("attributes", "group", "n", "share", "rate", "ratio", "interval", "flag")
    lines = []
    for row in table.head(most).iter_rows(named=True):
        flags = [
            word(key, lang)
            for key, on in (
                ("most", row["most_selected"]),
                ("below", row["below_four_fifths"]),
                ("small", row["below_two_percent"]),
            )
            if on
        ]
        is_unknown = row["share"] is None
        lines.append(
            (
                row["attributes"],
                _label(row["category"], lang),
                number(row["n"], lang),
                share(row["share"], lang),
                "" if is_unknown else _value(row["rate"], row["suppressed"], True, lang),
                number(row["impact_ratio"], lang, 3),
                _range(row["ratio_low"], row["ratio_high"], None, lang),
                ", ".join(flags),
            )
        )
    head = tuple(word(key, lang) for key in keys)
    return Section(word("impact", lang), tuple(text), head, lines, table.height - len(lines), 2)


def _distances(audit: Audit, table: pl.DataFrame, lang: Lang, most: int) -> Section:
    groups = audit.plan.groups
    lines = [
        (
            *(_label(row[name], lang) for name in groups),
            number(row["n"], lang),
            _value(row["total_variation"], row["suppressed"], True, lang),
            share(row["expected_by_chance"], lang),
            _p(row["p_adjusted"], lang),
        )
        for row in table.head(most).iter_rows(named=True)
    ]
    head = (*groups, *(word(key, lang) for key in ("n", "distance", "expected", "p_adjusted")))
    left = table.height - len(lines)
    return Section(word("distances", lang), (word("distances_text", lang),), head, lines, left, len(groups))


def _calibration(audit: Audit, table: pl.DataFrame, lang: Lang, most: int) -> Section:
    groups = audit.plan.groups
    rates = table.filter(metric="base_rate")
    lines = [
        (
            row["item"],
            *(_label(row[name], lang) for name in groups),
            number(row["n"], lang),
            _value(row["value"], row["suppressed"], True, lang),
            _range(row["ci_low"], row["ci_high"], True, lang),
            _gap(row["difference"], True, lang),
        )
        for row in rates.head(most).iter_rows(named=True)
    ]
    head = (word("bin", lang), *groups, *(word(key, lang) for key in ("n", "rate", "interval", "difference")))
    left = rates.height - len(lines)
    text = (word("calibration_text", lang),)
    return Section(word("calibration", lang), text, head, lines, left, 1 + len(groups))


def _subgroups(table: pl.DataFrame, lang: Lang, most: int) -> Section:
    found = table.filter(pl.col("found"))
    text = [word("subgroups_text", lang)]
    if found.is_empty():
        return Section(word("subgroups", lang), (*text, word("nothing_found", lang)))
    shares = float(found["value"].abs().max()) <= 1  # type: ignore[arg-type]
    lines = [
        (
            row["subgroup"],
            number(row["n"], lang),
            _value(row["value"], False, shares, lang),
            _gap(row["difference"], shares, lang),
            _range(row["difference_low"], row["difference_high"], shares, lang, points=True),
            _gap(row["adds"], shares, lang),
            _p(row["p_adjusted"], lang),
        )
        for row in found.head(most).iter_rows(named=True)
    ]
    keys = ("group", "n", "value", "difference", "interval", "adds", "p_adjusted")
    head = tuple(word(key, lang) for key in keys)
    return Section(word("subgroups", lang), tuple(text), head, lines, found.height - len(lines))


# --- parts of a line ----------------------------------------------------------------------------------------


def _label(value: str, lang: Lang) -> str:
    return " × ".join(word("unknown", lang) if part == UNKNOWN else part for part in str(value).split(" × "))


def _value(value: float | None, suppressed: bool, shares: bool, lang: Lang) -> str:
    if value is None:
        return word("hidden" if suppressed else "none", lang)
    return share(value, lang) if shares else number(value, lang, 2)


def _gap(value: float | None, shares: bool, lang: Lang) -> str:
    if value is None:
        return ""
    text = number(100 * value if shares else value, lang, 1 if shares else 2)
    unit = "\u00a0pts" if shares else ""
    return ("+" if value > 0 and text.strip("0.,") else "") + text + unit


def _range(
    low: float | None, high: float | None, shares: bool | None, lang: Lang, points: bool = False
) -> str:
    if low is None or high is None:
        return ""
    if shares is None:
        ends = [number(end, lang, 2) for end in (low, high)]
    elif shares:
        ends = [number(100 * end, lang, 1) for end in (low, high)]
    else:
        ends = [number(end, lang, 2) for end in (low, high)]
    between = " à " if lang == "fr" else " to "
    sign = "" if not shares or points else (THIN + "%" if lang == "fr" else "%")
    return between.join(ends) + sign


def _p(value: float | None, lang: Lang) -> str:
    if value is None:
        return ""
    return f"< {number(0.001, lang, 3)}" if value < 0.001 else number(value, lang, 3)


def _polish(text: str, lang: Lang) -> str:
    if lang == "fr":
        for mark in ":;!?»%":
            text = text.replace(f" {mark}", THIN + mark)
        return text.replace("« ", "«" + THIN).replace("'", "’")
    return text.replace(" %", "%")


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

# --- the page -----------------------------------------------------------------------------------------------


def _body(audit: Audit, lang: Lang) -> str:
    parts = [
        f'<main lang="{lang}" id="page-{lang}">',
        f'<p class="kicker">{html.escape(word("kicker", lang))}</p>',
        f"<h1>{html.escape(word('title', lang))}</h1>",
    ]
    for part in sections(audit, lang):
        parts.append(f"<section><h2>{html.escape(part.title)}</h2>")
        parts += [f"<p>{html.escape(sentence)}</p>" for sentence in part.text]
        if part.drawn:
            parts.append(_drawing(part, lang))
        if part.lines:
            parts.append(_table(part))
        if part.left:
            parts.append(f"<p>{html.escape(word('more', lang).format(left=number(part.left, lang)))}</p>")
        parts.append("</section>")
    parts.append(f"<footer><p>{html.escape(word('made', lang))}</p></footer></main>")
    return "\n".join(parts)


def _table(part: Section) -> str:
    def cells(line: Sequence[str], tag: str) -> str:
        out = []
        for at, text in enumerate(line):
            kind = ' class="n"' if at >= part.words else ""
            name = "th" if tag == "th" or at == 0 else "td"
            scope = ' scope="col"' if tag == "th" else ' scope="row"' if at == 0 else ""
            out.append(f"<{name}{scope}{kind}>{html.escape(text)}</{name}>")
        return "<tr>" + "".join(out) + "</tr>"

    head = f"<thead>{cells(part.head, 'th')}</thead>" if any(part.head) else ""
    body = "".join(cells(line, "td") for line in part.lines)
    around = f'<div class="table" tabindex="0" role="region" aria-label="{html.escape(part.title)}">'
    return f"{around}<table>{head}<tbody>{body}</tbody></table></div>"


def _drawing(part: Section, lang: Lang) -> str:
    """Points with their intervals on one axis from 0, as SVG."""
    left, width, step = 230, 700, 22
    ends = [end for _, value, low, high in part.drawn for end in (value, low, high) if end is not None]
    finite = [end for end in ends if abs(end) != float("inf")]
    top, bottom = max([*finite, 1e-9]), min([*finite, 0.0])
    ticks = _ticks(bottom, top)
    bottom, top = min(bottom, ticks[0]), max(top, ticks[-1])
    height = step * len(part.drawn) + 30

    def x(value: float) -> float:
        return left + (value - bottom) / (top - bottom) * (width - left - 40)

    out = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(part.title)}. '
        f'{html.escape(word("drawn", lang))}." font-size="13">'
    ]
    for tick in ticks:
        text = share(tick, lang) if part.share else number(tick, lang, 0 if top - bottom > 10 else 1)
        out.append(f'<line class="g" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="4" y2="{height - 22}"/>')
        out.append(
            f'<text x="{x(tick):.1f}" y="{height - 6}" text-anchor="middle">{html.escape(text)}</text>'
        )
    for at, (label, value, low, high) in enumerate(part.drawn):
        y = step * at + 16
        short = label if len(label) <= 32 else label[:31] + "…"
        out.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{html.escape(short)}</text>')
        if low is not None and high is not None:
            out.append(f'<line class="i" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}"/>')
        out.append(f'<circle cx="{x(value):.1f}" cy="{y}" r="4"/>')
    return "<figure>" + "".join(out) + "</svg></figure>"


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers from ``low`` to at least ``high``."""
    import math

    span = (high - low) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / 4))
    size = next(unit * by for by in (1, 2, 2.5, 5, 10) if span / (unit * by) <= 6)
    first, last = math.floor(low / size), math.ceil(high / size - 1e-9)
    return [round(size * at, 12) for at in range(first, last + 1)]


_CSS = """
:root{--ink:#1d1d1b;--quiet:#55554f;--rule:#d9d6cf;--wash:#f6f4ee;--accent:#9b2226}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem 1.25rem 3rem;color:var(--ink);background:#fff;
font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
overflow-wrap:break-word}
h1,h2{font-family:Charter,"Bitstream Charter",Georgia,serif;line-height:1.2}
h1{font-size:2.4rem;margin:0 0 1rem}h2{font-size:1.5rem;margin:3rem 0 .6rem}
p{max-width:42rem;margin:0 0 .8rem}
.kicker{color:var(--accent);font-weight:700;margin-top:2rem}
label{margin:0 1rem 0 .25rem;cursor:pointer}
#fr:not(:checked)~#page-fr,#en:not(:checked)~#page-en{display:none}
:focus-visible{outline:3px solid #0b4f8a;outline-offset:2px}
.table{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.94rem}
th,td{text-align:left;padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
thead th{font-weight:650;border-bottom:2px solid var(--ink)}tbody th{font-weight:500}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
figure{margin:1rem 0;max-width:46rem}svg{width:100%;height:auto;font-family:inherit}
svg text{fill:var(--ink)}svg circle{fill:var(--accent)}
svg .i{stroke:var(--accent);stroke-width:2}svg .g{stroke:var(--rule)}
footer{border-top:1px solid var(--rule);margin-top:3rem;padding-top:1rem;color:var(--quiet);font-size:.9rem}
@media print{input,label{display:none}}
"""


def show(audit: Audit, lang: Lang, screen: Any, most: int = 20) -> None:
    """Print an audit to a Rich console, tables cut to ``most`` lines."""
    from rich.markup import escape
    from rich.table import Table

    for part in sections(audit, lang, most):
        screen.print(f"\n[bold]{escape(part.title)}[/]", highlight=False)
        for sentence in part.text:
            screen.print(sentence, markup=False, highlight=False)
        if part.lines:
            table = Table(show_header=any(part.head), box=None, pad_edge=False, padding=(0, 2, 0, 0))
            for at, title in enumerate(part.head):
                table.add_column(escape(title), justify="left" if at < part.words else "right")
            for line in part.lines:
                table.add_row(*(escape(text) for text in line))
            screen.print(table)
        if part.left:
            more = word("more", lang).format(left=number(part.left, lang))
            screen.print(more, markup=False, highlight=False)
