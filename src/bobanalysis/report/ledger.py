"""The transparency ledger, the sheet on personal data, the algorithm register: read, checked, rendered.

Three files of texts in French and English: `data/ledger.yaml`, `data/privacy.yaml` and `data/register.yaml`.
Each is checked when it is read, and every fault found is told at once, by file, entry and field. In a text,
``{algorithm.in_use}`` stands for a finding and is written in by `fill`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bobanalysis import text as formatter
from bobanalysis.rules.variables import LOADER
from bobanalysis.text import LANGUAGES

Text = Mapping[str, str]
"""A text in two languages: {"fr": …, "en": …}."""

STATUSES = ("answered", "partly", "open")
CONFIDENCES = ("high", "medium", "low")
KINDS = ("code", "page", "paper", "law")
READINGS = ("passage", "page", "excerpt", "abstract", "listing", "reference")
FIELD_STATUSES = ("filled", "not applicable", "not disclosed by the operator")
DUTIES = ("binds", "voluntary")
FORMS = ("atrs", "crpa", "etalab", "model-card", "datasheet", "annex-iv")
TAGS = ("identifier", "none")
AFTER_DELETION = ("kept", "overwritten")
NODES = ("person", "service", "store", "source", "processor")

_FINDING = re.compile(r"\{([a-z0-9_]+(?:\.[a-z0-9_]+)+)\}")
_CODE = re.compile(r"[\w./-]+(@[0-9a-f]{7})?(#L\d+(-L\d+)?)?")


class LedgerError(ValueError):
    """A file of texts has faults; the message names file, entry and field of each."""


@dataclass(frozen=True)
class Evidence:
    """What an answer rests on: `locator` is a path and lines in the published code, or an address.

    `reading` says how much was read; `shows` says what it shows.
    """

    id: str
    kind: str
    ref: Text
    locator: str
    reading: str
    shows: Text


@dataclass(frozen=True)
class Entry:
    """A question and its answer.

    `lowered_from` holds the earlier status or confidence where the evidence did not carry it, and `review`
    says why. `allegation` tells that the question carries a suspicion or a judgement of those who asked it,
    which this project does not make its own.
    """

    id: str
    theme: str
    question: Text
    status: str
    confidence: str
    answer: Text
    kinds: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    findings: tuple[str, ...]
    not_verified: Text | None = None
    review: Text | None = None
    lowered_from: Mapping[str, str] | None = None
    allegation: bool = False


@dataclass(frozen=True)
class Ledger:
    """All entries, in the order in which they are to be read, by theme."""

    about: Text
    locators: Text
    repository: str
    commit: str
    themes: Mapping[str, Text]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class PersonalField:
    """A piece of personal data: what becomes of it, and the inputs and rules in use that read it."""

    id: str
    name: Text
    tag: str
    special_category: bool
    after_deletion: str
    sent: tuple[str, ...]
    inputs: tuple[str, ...]
    rules: tuple[str, ...]
    locators: tuple[str, ...]
    note: Text | None = None
    no_locator: Text | None = None


@dataclass(frozen=True)
class Node:
    """A place in the data-flow diagram."""

    id: str
    kind: str
    name: Text


@dataclass(frozen=True)
class Edge:
    """A flow between two places; `identifies` tells whether what flows points to a person."""

    origin: str
    target: str
    what: Text
    when: Text
    identifies: bool
    locators: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """What users were told (`said`) beside what the code shows, or a period of retention."""

    id: str
    said: Text
    shown: Text
    locators: tuple[str, ...]


@dataclass(frozen=True)
class Privacy:
    """The sheet on personal data."""

    about: Text
    repository: str
    commit: str
    fields: tuple[PersonalField, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    promises: tuple[Statement, ...]
    retention: tuple[Statement, ...]
    unknown: tuple[Text, ...]


@dataclass(frozen=True)
class RegisterField:
    """A field of the record: `text` is what it says, or why it is empty when `status` is not "filled"."""

    id: str
    status: str
    text: Text
    findings: tuple[str, ...] = ()
    ledger: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """A line of a form: its section, its label, and the field that answers it."""

    section: Text
    label: Text
    field: RegisterField


@dataclass(frozen=True)
class Form:
    """One of the six forms; `duty` says whether it binds Bob, `why` explains."""

    id: str
    title: Text
    duty: str
    why: Text
    items: tuple[Item, ...]
    not_verified: Text | None = None


@dataclass(frozen=True)
class Duty:
    """A rule of law or practice, and whether it binds the operator."""

    name: Text
    duty: str
    why: Text
    ledger: tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """The record of the algorithm."""

    about: Text
    duties: tuple[Duty, ...]
    fields: Mapping[str, RegisterField]
    forms: Mapping[str, Form]


# ---- texts -----------------------------------------------------------------------------------------------


def numbers(text: str, language: str) -> list[str]:
    """List the numbers of a text, written alike in both languages, sorted; findings in braces do not count.

    >>> numbers("1\u202f234,5 € en 2016", "fr") == numbers("€1,234.5 in 2016", "en") == ["1234.5", "2016"]
    True
    """
    text = _FINDING.sub("", text)
    if language == "fr":
        text = re.sub(r"(?<=\d)[\u202f\u00a0](?=\d)", "", text)
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    else:
        text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return sorted(re.findall(r"\d+(?:\.\d+)?", text))


def cited(text: Text) -> tuple[str, ...]:
    """Return the findings that a text cites, in order.

    >>> cited({"fr": "{a.b} et {c.d}", "en": "{a.b} and {c.d}"})
    ('a.b', 'c.d')
    """
    return tuple(dict.fromkeys(_FINDING.findall(text["en"])))


def fill(text: Text, findings: Mapping[str, Mapping[str, Any]], language: str) -> str:
    """Write a text in one language, with the findings that it cites as a reader would read them.

    Parameters: `text` in two languages; `findings`, those of `reports/findings.json` by id; `language`.
    Returns the text. Raises `LedgerError` when it cites a finding that does not exist.

    >>> half = {"a.b": {"value": 0.5, "unit": "share"}}
    >>> fill({"fr": "{a.b} des gens", "en": "{a.b} of people"}, half, "en")
    '50.0% of people'
    """

    def written(match: re.Match[str]) -> str:
        if (finding := findings.get(match[1])) is None:
            raise LedgerError(
                f"no finding is called {match[1]!r}, cited in {text['en'][:60]!r}; make reports"
            )
        return formatter.quantity(finding["value"], finding["unit"], language, bare=True)

    return _FINDING.sub(written, text[language])


def filled(name: str, findings: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return a whole file of texts with the findings written into it, in both languages.

    Parameters: `name`, "ledger", "privacy" or "register"; `findings`, as for `fill`. Returns what the YAML
    file holds, checked. Raises `LedgerError` for a fault of the file or a finding that does not exist.

    >>> sorted(filled("privacy", {}))[:3]
    ['about', 'commit', 'fields']
    """
    {"ledger": ledger, "privacy": privacy, "register": register}[name]()

    def written(part: Any) -> Any:
        if isinstance(part, dict) and set(part) == set(LANGUAGES):
            return {language: fill(part, findings, language) for language in LANGUAGES}
        if isinstance(part, dict):
            return {key: written(value) for key, value in part.items()}
        return [written(value) for value in part] if isinstance(part, list) else part

    return written(yaml.load(_path(f"{name}.yaml", None).read_text(encoding="utf-8"), Loader=LOADER))


# ---- checks ----------------------------------------------------------------------------------------------


class _Checker:
    """Collects the faults of one file, each with its entry and field."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []

    def fault(self, where: str, what: str) -> None:
        self.faults.append(f"{self.path.name}: {where}: {what}")

    def load(self) -> dict[str, Any]:
        try:
            content = yaml.load(self.path.read_text(encoding="utf-8"), Loader=LOADER)
        except FileNotFoundError as error:
            raise LedgerError(
                f"{self.path} does not exist; set BOBANALYSIS_DATA to the data folder"
            ) from error
        except yaml.YAMLError as error:
            raise LedgerError(f"{self.path.name} is not YAML: {error}") from error
        if not isinstance(content, dict):
            raise LedgerError(f"{self.path.name}: the file holds {type(content).__name__}, not fields")
        return content

    def keys(self, where: str, found: Any, must: Iterable[str], may: Iterable[str] = ()) -> bool:
        """Check the names of the fields; what misses one cannot be read further."""
        if not isinstance(found, dict):
            self.fault(where, f"holds {found!r}, not fields")
            return False
        must = tuple(must)
        missing = [k for k in must if found.get(k) is None]
        for name in missing:
            self.fault(f"{where}, field {name}", "missing or blank")
        unknown = sorted(found.keys() - {*must, *may})
        for name in unknown:
            self.fault(f"{where}, field {name}", f"unknown; known: {', '.join((*must, *may))}")
        return not missing and not unknown

    def one_of(self, where: str, value: Any, allowed: Collection[str]) -> None:
        if value not in allowed:
            self.fault(where, f"{value!r} is none of {', '.join(allowed)}")

    def text(self, where: str, value: Any) -> Text:
        """Check that both languages are there, say the same numbers and findings, and are well set."""
        blank = {"fr": "", "en": ""}
        if not isinstance(value, dict) or set(value) != {"fr", "en"}:
            self.fault(where, f"{value!r} is not a text with fr and en")
            return blank
        for language in LANGUAGES:
            if not isinstance(value[language], str) or not value[language].strip():
                self.fault(f"{where}.{language}", "blank")
                return blank
            for problem in formatter.faults(_FINDING.sub("0", value[language]), language):
                self.fault(f"{where}.{language}", problem)
        counts = [numbers(value[language], language) for language in LANGUAGES]
        if counts[0] != counts[1]:
            self.fault(where, f"numbers differ: fr {counts[0]}, en {counts[1]}")
        quoted = [sorted(_FINDING.findall(value[language])) for language in LANGUAGES]
        if quoted[0] != quoted[1]:
            self.fault(where, f"findings differ: fr {quoted[0]}, en {quoted[1]}")
        return value

    def code_locators(self, where: str, found: Any) -> tuple[str, ...]:
        for locator in found:
            if not _CODE.fullmatch(locator):
                self.fault(where, f"{locator!r} is no path in the code with #L lines")
        return tuple(found)

    def done(self) -> None:
        if self.faults:
            more = f"\n… and {len(self.faults) - 20} more" if len(self.faults) > 20 else ""
            raise LedgerError("\n".join(self.faults[:20]) + more)


def checker(path: Path) -> _Checker:
    """Return what reads and checks a file of texts in two languages; see `glossary` for its use."""
    return _Checker(path)


def _path(name: str, path: Path | str | None) -> Path:
    from bobanalysis.data.registry import root

    return Path(path) if path else root() / name


def _unique(check: _Checker, items: Iterable[Mapping[str, Any]], what: str) -> Iterator[Mapping[str, Any]]:
    seen = set()
    for item in items:
        name = item.get("id") if isinstance(item, dict) else None
        if name in seen:
            check.fault(f"{what} {name!r}", "stands twice")
        seen.add(name)
        yield item


# ---- the ledger ------------------------------------------------------------------------------------------

_ENTRY = ("id", "theme", "question", "status", "confidence", "answer", "kinds", "evidence", "findings")


def ledger(path: Path | str | None = None) -> Ledger:
    """Read the transparency ledger.

    Parameters: `path` of the file; `data/ledger.yaml` when it is left out. Returns the ledger. Raises
    `LedgerError` that names file, entry and field of every fault.

    >>> ledger().entries[0].id
    'which-algorithms'
    """
    return _ledger(_path("ledger.yaml", path))


@cache
def _ledger(path: Path) -> Ledger:
    check = _Checker(path)
    content = check.load()
    if not check.keys(
        "top", content, ("about", "locators", "repository", "commit", "themes", "entries", "evidence")
    ):
        check.done()
    evidence = {}
    for name, item in content["evidence"].items():
        where = f"evidence {name!r}"
        if not check.keys(where, item, ("kind", "ref", "locator", "reading", "shows")):
            continue
        check.one_of(f"{where}, field kind", item["kind"], KINDS)
        check.one_of(f"{where}, field reading", item["reading"], READINGS)
        check.text(f"{where}, field ref", item["ref"])
        check.text(f"{where}, field shows", item["shows"])
        evidence[name] = Evidence(id=name, **item)
    themes = {t["id"]: {"fr": t["fr"], "en": t["en"]} for t in content["themes"]}
    entries = [_entry(check, e, themes, evidence) for e in _unique(check, content["entries"], "entry")]
    for unused in evidence.keys() - {e.id for entry in entries if entry for e in entry.evidence}:
        check.fault(f"evidence {unused!r}", "no entry uses it")
    check.done()
    return Ledger(
        check.text("about", content["about"]),
        check.text("locators", content["locators"]),
        content["repository"],
        content["commit"],
        themes,
        tuple(e for e in entries if e),
    )


def _entry(
    check: _Checker, raw: Mapping[str, Any], themes: Collection[str], known: Mapping[str, Evidence]
) -> Entry | None:
    where = f"entry {raw.get('id')!r}"
    if not check.keys(where, raw, _ENTRY, ("not_verified", "review", "lowered_from", "allegation")):
        return None
    check.one_of(f"{where}, field theme", raw["theme"], themes)
    check.one_of(f"{where}, field status", raw["status"], STATUSES)
    check.one_of(f"{where}, field confidence", raw["confidence"], CONFIDENCES)
    for name in ("question", "answer", "not_verified", "review"):
        if name in raw:
            check.text(f"{where}, field {name}", raw[name])
    if not raw["evidence"] and raw["status"] != "open":
        check.fault(f"{where}, field evidence", f"empty, though the question is {raw['status']}")
    for name in raw["evidence"]:
        if name not in known:
            check.fault(f"{where}, field evidence", f"no evidence is called {name!r}")
    found = tuple(known[name] for name in raw["evidence"] if name in known)
    if set(raw["kinds"]) != {e.kind for e in found}:
        check.fault(f"{where}, field kinds", f"{raw['kinds']} are not the kinds of its evidence")
    for name in cited(raw["answer"]) + (cited(raw["review"]) if "review" in raw else ()):
        if name not in raw["findings"]:
            check.fault(f"{where}, field findings", f"{name!r} is cited and not listed")
    _lowered(check, where, raw)
    parts = {**raw, "kinds": tuple(raw["kinds"]), "evidence": found, "findings": tuple(raw["findings"])}
    return Entry(**parts)


def _lowered(check: _Checker, where: str, raw: Mapping[str, Any]) -> None:
    scales = {"status": STATUSES, "confidence": CONFIDENCES}
    for name, before in raw.get("lowered_from", {}).items():
        if name not in scales or before not in scales[name] or raw[name] not in scales[name]:
            check.fault(f"{where}, field lowered_from", f"{name}: {before!r} is no status or confidence")
        elif scales[name].index(before) >= scales[name].index(raw[name]):
            check.fault(f"{where}, field lowered_from", f"{name} was {before}, is {raw[name]}: not lower")
        if "review" not in raw:
            check.fault(f"{where}, field review", "missing: say why it was lowered")


# ---- personal data ---------------------------------------------------------------------------------------

_PERSONAL = ("id", "name", "tag", "special_category", "after_deletion", "sent", "inputs", "rules", "locators")
_EDGE = ("from", "to", "what", "when", "identifies", "locators")


def privacy(path: Path | str | None = None) -> Privacy:
    """Read the sheet on personal data, with its flows.

    Parameters: `path` of the file; `data/privacy.yaml` when it is left out. Returns the sheet. Raises
    `LedgerError` that names file, entry and field of every fault.

    >>> next(f for f in privacy().fields if f.id == "birth-year").inputs
    ('age',)
    """
    return _privacy(_path("privacy.yaml", path))


@cache
def _privacy(path: Path) -> Privacy:
    check = _Checker(path)
    content = check.load()
    top = ("about", "repository", "commit", "fields", "flow", "promises", "retention", "unknown")
    if not check.keys("top", content, top) or not check.keys("flow", content["flow"], ("nodes", "edges")):
        check.done()
    nodes = []
    for raw in _unique(check, content["flow"]["nodes"], "node"):
        if check.keys(where := f"node {raw.get('id')!r}", raw, ("id", "kind", "name")):
            check.one_of(f"{where}, field kind", raw["kind"], NODES)
            nodes.append(Node(raw["id"], raw["kind"], check.text(f"{where}, field name", raw["name"])))
    places = {n.id for n in nodes}
    edges = [_edge(check, raw, places) for raw in content["flow"]["edges"]]
    for alone in places - {end for e in edges if e for end in (e.origin, e.target)}:
        check.fault(f"node {alone!r}", "nothing flows from it or to it")
    fields = [_personal(check, raw, places) for raw in _unique(check, content["fields"], "field")]
    promises = _statements(check, content["promises"], "promise", "said", "shown")
    retention = _statements(check, content["retention"], "retention", "what", "period")
    about = check.text("about", content["about"])
    unknown = tuple(check.text(f"unknown, line {i}", t) for i, t in enumerate(content["unknown"], 1))
    check.done()
    return Privacy(
        about,
        content["repository"],
        content["commit"],
        tuple(f for f in fields if f),
        tuple(nodes),
        tuple(e for e in edges if e),
        promises,
        retention,
        unknown,
    )


def _edge(check: _Checker, raw: Mapping[str, Any], places: Collection[str]) -> Edge | None:
    where = f"edge {raw.get('from')!r} → {raw.get('to')!r}"
    if not check.keys(where, raw, _EDGE):
        return None
    for end in ("from", "to"):
        if raw[end] not in places:
            check.fault(f"{where}, field {end}", f"no node is called {raw[end]!r}")
    texts = {name: check.text(f"{where}, field {name}", raw[name]) for name in ("what", "when")}
    locators = check.code_locators(f"{where}, field locators", raw["locators"])
    if not locators:
        check.fault(f"{where}, field locators", "empty: a flow needs a place in the code")
    return Edge(raw["from"], raw["to"], **texts, identifies=raw["identifies"], locators=locators)


def _personal(check: _Checker, raw: Mapping[str, Any], places: Collection[str]) -> PersonalField | None:
    where = f"field {raw.get('id')!r}"
    if not check.keys(where, raw, _PERSONAL, ("note", "no_locator")):
        return None
    check.one_of(f"{where}, field tag", raw["tag"], TAGS)
    check.one_of(f"{where}, field after_deletion", raw["after_deletion"], AFTER_DELETION)
    for name in ("name", "note", "no_locator"):
        if name in raw:
            check.text(f"{where}, field {name}", raw[name])
    for place in raw["sent"]:
        if place not in places:
            check.fault(f"{where}, field sent", f"no node is called {place!r}")
    if not raw["locators"] and "no_locator" not in raw:
        check.fault(f"{where}, field locators", "empty: give a place in the code, or no_locator and why")
    check.code_locators(f"{where}, field locators", raw["locators"])
    parts: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
    return PersonalField(**parts)


def _statements(
    check: _Checker, raws: Iterable[Mapping[str, Any]], what: str, said: str, shown: str
) -> tuple[Statement, ...]:
    made = []
    for raw in _unique(check, raws, what):
        where = f"{what} {raw.get('id')!r}"
        if check.keys(where, raw, ("id", said, shown, "locators")):
            texts = [check.text(f"{where}, field {name}", raw[name]) for name in (said, shown)]
            locators = check.code_locators(f"{where}, field locators", raw["locators"])
            made.append(Statement(raw["id"], texts[0], texts[1], locators))
    return tuple(made)


@cache
def _reads() -> Mapping[str, frozenset[str]]:
    from bobanalysis.bob import catalogue
    from bobanalysis.recommenders.reach import in_use
    from bobanalysis.rules import inputs

    return {name: frozenset(v.name for v in inputs(catalogue()[name].expr)) for name in sorted(in_use())}


def rules_in_use() -> tuple[str, ...]:
    """Return the names of the rules that the diagnosis, advice, strategies or actions reach, sorted.

    >>> "advice-senior" in rules_in_use()
    True
    """
    return tuple(_reads())


def rules_reading(inputs: Collection[str]) -> tuple[str, ...]:
    """Return the rules in use that read one of the inputs, directly or through another rule, sorted.

    >>> rules_reading(["gender"])
    ('advice-association-help', 'for-long-term-mom', 'for-women')
    """
    return tuple(name for name, read in _reads().items() if read & set(inputs))


# ---- the register ----------------------------------------------------------------------------------------


def register(path: Path | str | None = None) -> Register:
    """Read the algorithm register.

    Parameters: `path` of the file; `data/register.yaml` when it is left out. Its shape is also written as a
    JSON schema, `data/register.schema.json`. Returns the record. Raises `LedgerError` that names file, entry
    and field of every fault.

    >>> register().fields["training"].status
    'not applicable'
    """
    return _register(_path("register.yaml", path))


@cache
def _register(path: Path) -> Register:
    check = _Checker(path)
    content = check.load()
    if not check.keys("top", content, ("about", "duties", "forms", "fields")):
        check.done()
    fields = {}
    for name, raw in content["fields"].items():
        if field := _field(check, name, raw):
            fields[name] = field
    forms = {}
    for name in FORMS:
        if name not in content["forms"]:
            check.fault(f"form {name!r}", "missing")
        elif form := _form(check, name, content["forms"][name], fields):
            forms[name] = form
    for name in content["forms"].keys() - set(FORMS):
        check.fault(f"form {name!r}", f"unknown; known: {', '.join(FORMS)}")
    for name in fields.keys() - {item.field.id for form in forms.values() for item in form.items}:
        check.fault(f"field {name!r}", "no form asks for it")
    duties = []
    for number, raw in enumerate(content["duties"], 1):
        if check.keys(where := f"duty {number}", raw, ("name", "duty", "why", "ledger")):
            check.one_of(f"{where}, field duty", raw["duty"], DUTIES)
            texts = [check.text(f"{where}, field {k}", raw[k]) for k in ("name", "why")]
            duties.append(Duty(texts[0], raw["duty"], texts[1], tuple(raw["ledger"])))
    about = check.text("about", content["about"])
    check.done()
    return Register(about, tuple(duties), fields, forms)


def _field(check: _Checker, name: str, raw: Mapping[str, Any]) -> RegisterField | None:
    where = f"field {name!r}"
    says = "text" if isinstance(raw, dict) and raw.get("status") == "filled" else "reason"
    if not check.keys(where, raw, ("status", says), ("findings", "ledger")):
        return None
    check.one_of(f"{where}, field status", raw["status"], FIELD_STATUSES)
    text = check.text(f"{where}, field {says}", raw[says])
    listed = tuple(f["finding"] for f in raw.get("findings", ()))
    if set(listed) != set(cited(text)):
        check.fault(f"{where}, field findings", f"{list(listed)} are not those cited: {list(cited(text))}")
    return RegisterField(name, raw["status"], text, listed, tuple(raw.get("ledger", ())))


def _form(
    check: _Checker, name: str, raw: Mapping[str, Any], fields: Mapping[str, RegisterField]
) -> Form | None:
    where = f"form {name!r}"
    if not check.keys(where, raw, ("title", "duty", "why", "items"), ("not_verified",)):
        return None
    check.one_of(f"{where}, field duty", raw["duty"], DUTIES)
    for part in ("title", "why", "not_verified"):
        if part in raw:
            check.text(f"{where}, field {part}", raw[part])
    items = []
    for number, item in enumerate(raw["items"], 1):
        line = f"{where}, item {number}"
        if check.keys(line, item, ("section", "label", "field")):
            texts = [check.text(f"{line}, field {k}", item[k]) for k in ("section", "label")]
            if item["field"] in fields:
                items.append(Item(texts[0], texts[1], fields[item["field"]]))
            else:
                check.fault(f"{line}, field field", f"the record has no field {item['field']!r}")
    return Form(name, raw["title"], raw["duty"], raw["why"], tuple(items), raw.get("not_verified"))


def render_register(
    record: Register, form: str, findings: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Render the record as one of the six forms, in both languages.

    Parameters: `record`; `form`, one of `FORMS`; `findings`, those of `reports/findings.json` by id, written
    into the texts (left in braces when None). Returns a mapping with `form`, `title`, `duty`, `why`,
    `not_verified` and `items`; each item has `section`, `label`, `status`, `text`, `findings`, `ledger`, in
    the order of the form. Raises `LedgerError` for an unknown form or finding.

    >>> sheet = render_register(register(), "crpa")
    >>> sheet["duty"], sheet["items"][0]["section"]["en"]
    ('voluntary', 'L311-3-1')
    """
    if form not in record.forms:
        raise LedgerError(f"no form is called {form!r}; known: {', '.join(FORMS)}")
    chosen = record.forms[form]
    written: Callable[[Text], Text] = (
        (lambda text: text)
        if findings is None
        else lambda text: {language: fill(text, findings, language) for language in LANGUAGES}
    )
    return {
        "form": form,
        "title": chosen.title,
        "duty": chosen.duty,
        "why": chosen.why,
        "not_verified": chosen.not_verified,
        "items": [
            {
                "section": item.section,
                "label": item.label,
                "status": item.field.status,
                "text": written(item.field.text),
                "findings": list(item.field.findings),
                "ledger": list(item.field.ledger),
            }
            for item in chosen.items
        ],
    }
