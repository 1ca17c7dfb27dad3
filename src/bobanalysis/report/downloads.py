"""What can be taken from the site: findings, tables with names beside codes, a dictionary, all in one file.

`tables/ID.csv` is what a notebook recorded, byte for byte. `tables/fr/ID.csv` and `tables/en/ID.csv` say the
same to people: labels as heads, a name beside each code. The French one is for Excel as it is set in France:
semicolons, decimal commas, and a mark at the beginning that says UTF-8.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bobanalysis.data import folder, sources
from bobanalysis.report import sheets
from bobanalysis.report.charts import region_names
from bobanalysis.report.findings import cell, csv_text, dump
from bobanalysis.report.renderer import TEXTS, Content
from bobanalysis.report.words import Words, vocabulary
from bobanalysis.tables import load_yaml
from bobanalysis.text import LANGUAGES, Text, capital

ARCHIVE = "bobanalysis-data.zip"
EXPLAINED = load_yaml(dict[str, dict[str, Any]], Path(__file__).with_name("codes.yaml"))
"""What codes mean by their columns, and which columns a topic of the vocabulary explains."""


def files(content: Content) -> dict[str, str]:
    """Return the files of figures by their paths: findings, tables in each form, the dictionary."""
    heads, rows = finding_rows(content)
    made = {
        "findings.json": dump(content.merged),
        "findings.csv": csv_text(heads, rows),
        "findings.schema.json": (folder() / "findings.schema.json").read_text(encoding="utf-8"),
        "dictionary.csv": csv_text(*dictionary(content)),
        **{f"tables/{id}.csv": text for id, text in content.csv.items()},
    }
    known = explained(content)
    for language in LANGUAGES:
        reader = Reader(content, content.words(language), known)
        made[f"tables/{language}/findings.csv"] = reader.findings(heads, rows)
        made |= {f"tables/{language}/{id}.csv": reader.table(id) for id in content.csv}
    return made


def archive(texts: Mapping[str, str]) -> bytes:
    """Return a zip of texts, the same bytes from the same texts: sorted, all of the same date."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for path, text in sorted(texts.items()):
            entry = zipfile.ZipInfo(f"bobanalysis/{path}")
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            file.writestr(entry, text, zipfile.ZIP_DEFLATED, 9)
    return made.getvalue()


def finding_rows(content: Content) -> tuple[list[str], list[list[Any]]]:
    """Return heads and rows of the list of findings, with interval and range over choices."""
    rows = []
    for id, f in content.merged["findings"].items():
        ends = [*(f["interval"] or (None, None)), *(content.ends(id) or (None, None))]
        counted = None if f["n"] is None else f.get("n_of", "people")
        row = [id, f["value"], f["unit"], f["kind"], *ends, f["n"], counted, f["vintage"]]
        label = f["label"] or dict.fromkeys(LANGUAGES, "")
        rows.append([*row, " ".join(f["sources"]), label["fr"], label["en"], f["notebook"]])
    return [name for name in vocabulary()["columns_of_findings"] if name != "label"], rows


def dictionary(content: Content) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of the dictionary: a row for each column of each table, in both languages."""
    both = [f"{of}_{language}" for of in ("title", "label", "unit") for language in LANGUAGES]
    heads = ["table", *both[:2], "column", *both[2:4], "unit", *both[4:], "kind", "vintage", "sources"]
    units, rows = vocabulary()["units"], list[list[str]]()
    for id, table in content.merged["tables"].items():
        origin = [table["kind"], table["vintage"], " ".join(table["sources"])]
        for column in table["columns"]:
            label, unit = column["label"], units[column["unit"]]
            said = [column["name"], label["fr"], label["en"], column["unit"], unit.fr, unit.en]
            rows.append([id, table["title"]["fr"], table["title"]["en"], *said, *origin])
    return heads, rows


def explained(content: Content) -> dict[str, dict[str, Any]]:
    """Return what codes mean: the name of a column -> code -> its text in each language.

    A table explains the keys of its first column where a text in French and one in English stand beside them.
    """
    known: dict[str, dict[str, Any]] = {name: {**texts} for name, texts in EXPLAINED["codes"].items()}
    for name, topic in EXPLAINED["topics"].items():
        known[name] = {**vocabulary()[topic], **known.get(name, {})}
    fields, dictionary = sheets.privacy().fields, content.algorithm.dictionary
    known["from"] = known["to"] = {node.id: node.name for node in sheets.privacy().flow.nodes}
    known["field"] = {field.id: field.name for field in fields}
    known["group"] = {code: Text(name, name) for code, name in region_names().items()}
    known["input"] = known["variable"] = {name: dictionary[name].label for name in dictionary}
    for text in content.csv.values():
        heads, *rows = csv.reader(io.StringIO(text))
        for fr, en in (("fr", "en"), ("answer_fr", "answer_en")):
            if {fr, en} <= {*heads}:
                said = {row[0]: {"fr": row[heads.index(fr)], "en": row[heads.index(en)]} for row in rows}
                known.setdefault(heads[0], {}).update(said)
    return known


@dataclass(frozen=True)
class Reader:
    """Write tables for people, in one language."""

    content: Content
    words: Words
    known: Mapping[str, Mapping[str, Any]]

    def table(self, id: str) -> str:
        """Write a table: labels as heads, and after each code its name."""
        _, *rows = csv.reader(io.StringIO(self.content.csv[id]))
        heads, filled = list[str](), list[list[str]]()
        for at, column in enumerate(self.content.merged["tables"][id]["columns"]):
            values, head = [row[at] for row in rows], capital(self.words.say(column["label"]))
            if names := self._names(column, {*values} - {""}):
                heads.append(self.words._("{label} (code)").format(label=head))
                filled.append(values)
            heads.append(head)
            plain = self._number if column["unit"] not in TEXTS else str
            filled.append([names.get(value, value) if names else plain(value) for value in values])
        return self._text(heads, zip(*filled, strict=True))

    def findings(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
        """Write the list of findings: units, kinds and sources by their names, one label."""
        said, units = self.words.names("columns_of_findings"), self.words.names("units")
        shown = [name for name in said if not name.startswith("label_")]
        titles = {id: self.words.say(source.title) for id, source in sources().items()}
        lines = []
        for row in (dict(zip(names, row, strict=True)) for row in rows):
            if row["n_of"]:
                counted = self.words.name("counted", row["n_of"])
                row["n_of"] = counted.format(n=self.words.number(row["n"]))
            row |= {"label": row[f"label_{self.words.language}"], "unit": units[row["unit"]]}
            named = " | ".join(titles[id] for id in row["sources"].split())
            row |= {"kind": self.words.name("kinds", row["kind"]), "sources": named}
            row["vintage"] = self.words.period(row["vintage"])
            lines.append([v if isinstance(v := row[n], str) else self._number(cell(v)) for n in shown])
        return self._text([capital(said[name]) for name in shown], lines)

    def _names(self, column: Mapping[str, Any], values: set[str]) -> dict[str, str]:
        """Return the names of the codes in a column; none where few codes have one."""
        name, unit = column["name"], column["unit"]
        if "names" in column:
            return {key: self.words.say(text) for key, text in column["names"].items()}
        if values and (unit in TEXTS[1:] or values <= {"true", "false"}):
            return {value: self.words.shown(value, unit) for value in values}
        known = self.known.get(name, {}) if unit == "code" else {}
        if name == "rule":
            known = {key: rule.title for key, rule in self.content.algorithm.rules.items() if rule.title}
        found = {value: self.words.say(known[value]) for value in values if value in known}
        return found if 2 * len(found) > len(values) else {}

    def _number(self, text: str) -> str:
        return text.replace(".", ",") if self.words.language == "fr" else text

    def _text(self, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
        french, out = self.words.language == "fr", io.StringIO()
        writer = csv.writer(out, delimiter=";" if french else ",", lineterminator="\n")
        writer.writerows([[*heads], *rows])
        return "\ufeff" * french + out.getvalue()
