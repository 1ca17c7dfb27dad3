"""Sheets of texts: citizen questions, personal data, what others published, the public register, the release.

They are files of `data` in French and English: `ledger.yaml`, `privacy.yaml`, `published.yaml`,
`register.yaml` and `publication.yaml`. Their shape is that of the classes here; what a shape cannot say (a
status without evidence, a flow to
nowhere, languages that tell different numbers) is checked when they are read. In a text,
``{algorithm.in_use}`` stands for a finding and is written in by `fill`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar, dataclass_transform, get_args

from bobanalysis import text as formatter
from bobanalysis.data.registry import folder, read_raw
from bobanalysis.tables import InputError, load
from bobanalysis.text import LANGUAGES, Language, Text

Status = Literal["answered", "partly", "open"]
Confidence = Literal["high", "medium", "low"]
FieldStatus = Literal["filled", "not applicable", "not disclosed by the operator"]
Duty = Literal["binds", "voluntary"]
STATUSES: tuple[str, ...] = get_args(Status)
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
FIELD_STATUSES: tuple[str, ...] = get_args(FieldStatus)
FORMS = ("atrs", "crpa", "etalab", "model-card", "datasheet", "annex-iv")

_FINDING = re.compile(r"\{([a-z0-9_]+(?:\.[a-z0-9_]+)+)\}")
CODE = re.compile(r"(?P<path>[\w./-]+)(?:@(?P<commit>[0-9a-f]{7}))?(?P<lines>#L\d+(?:-L\d+)?)?")
"""A place in the published code, at another commit than the audited one if it says so."""

T = TypeVar("T")
Faults = Iterator[str]
Findings = Mapping[str, Mapping[str, Any]]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Shape:
    """What a file of texts holds: every kind of it is a frozen dataclass."""

    def __init_subclass__(cls) -> None:
        """Make it one."""
        dataclass(frozen=True)(cls)


class Named(Shape):
    """What has an id, by which other entries name it."""

    id: str


class Evidence(Shape):
    """What an answer rests on: where (`locator`: lines in the code, or an address), and how much was read."""

    kind: Literal["code", "page", "paper", "law"]
    ref: Text
    locator: str
    reading: Literal["passage", "page", "excerpt", "abstract", "listing", "reference"]
    shows: Text


class Lowered(Shape):
    """The earlier status or confidence of an answer whose evidence did not carry it."""

    status: Status | None = None
    confidence: Confidence | None = None


class Question(Named):
    """A question and its answer; `review` says why it was lowered, `evidence` names pieces of evidence.

    `held_by` says who could answer an open question. `allegation` tells that the question carries a suspicion
    or a judgement of those who asked it, which this project does not make its own.
    """

    theme: str
    question: Text
    status: Status
    confidence: Confidence
    answer: Text
    kinds: tuple[str, ...]
    evidence: tuple[str, ...]
    findings: tuple[str, ...]
    not_verified: Text | None = None
    review: Text | None = None
    lowered_from: Lowered | None = None
    allegation: bool = False
    held_by: Text | None = None


@dataclass(frozen=True)
class Theme(Text):
    """A theme of questions."""

    id: str = ""


class Audited(Shape):
    """What is said of the published code at one commit."""

    about: Text
    repository: str
    commit: str


class Questions(Audited):
    """All questions, in the order in which they are to be read, by theme; `first` names those most asked."""

    locators: Text
    themes: tuple[Theme, ...]
    first: tuple[str, ...]
    entries: tuple[Question, ...]
    evidence: Mapping[str, Evidence]


class PersonalField(Named):
    """A piece of personal data: what becomes of it, and the inputs and rules in use that read it."""

    name: Text
    tag: Literal["identifier", "none"]
    special_category: bool
    after_deletion: Literal["kept", "overwritten"]
    sent: tuple[str, ...]
    inputs: tuple[str, ...]
    rules: tuple[str, ...]
    locators: tuple[str, ...]
    note: Text | None = None
    no_locator: Text | None = None


class Node(Named):
    """A place in the data-flow diagram."""

    kind: Literal["person", "service", "store", "source", "processor"]
    name: Text


class Edge(Shape):
    """A flow between two places; `identifies` tells whether what flows points to a person."""

    origin: str
    target: str
    what: Text
    when: Text
    identifies: bool
    locators: tuple[str, ...]


class Flow(Shape):
    """The data-flow diagram."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Promise(Named):
    """What users were told (`said`) beside what the code shows."""

    said: Text
    shown: Text
    locators: tuple[str, ...]


class Retention(Named):
    """How long something is kept."""

    what: Text
    period: Text
    locators: tuple[str, ...]


class Privacy(Audited):
    """The sheet on personal data."""

    fields: tuple[PersonalField, ...]
    flow: Flow
    promises: tuple[Promise, ...]
    retention: tuple[Retention, ...]
    unknown: tuple[Text, ...]


class Stated(Named):
    """A figure as a document states it: `id` of the finding that holds it, `evidence` in the questions."""

    value: int | float
    evidence: str


class Shown(Named):
    """What pieces of evidence show."""

    evidence: tuple[str, ...]


class Funder(Shown):
    """A sum that was shown: `given` when, of what nature; `know` says what it overlaps with."""

    given: Literal["seed", "later"]
    nature: Literal["public", "private", "mixed"]
    euros: int
    know: Text


class Event(Shown):
    """What happened `when` (a day, a month or a year)."""

    when: str
    what: Text


class Partner(Shown):
    """A body that was asked about: `what` it is, what it `gave` or did, what is `unknown`."""

    name: Text
    what: Text
    gave: Text
    unknown: Text
    questions: tuple[str, ...]


class Published(Shape):
    """What others published on the service, and who stood behind it."""

    about: Text
    figures: tuple[Stated, ...]
    funders: tuple[Funder, ...]
    events: tuple[Event, ...]
    partners: tuple[Partner, ...]

    def stated(self, id: str) -> int | float:
        """Return a figure that a document states."""
        return next(figure.value for figure in self.figures if figure.id == id)

    def sum(self, **kept: str) -> int:
        """Add up the sums of the funders that have these fields, such as ``nature="public"``."""
        return sum(f.euros for f in self.funders if all(getattr(f, k) == v for k, v in kept.items()))


class Cited(Shape):
    """A finding that a field cites."""

    finding: str


class RegisterField(Shape):
    """A field of the register: `text` where it is "filled", else the `reason` why it is empty."""

    status: FieldStatus
    text: Text | None = None
    reason: Text | None = None
    findings: tuple[Cited, ...] = ()
    ledger: tuple[str, ...] = ()

    @property
    def says(self) -> Text:
        """Return what the field says."""
        return self.text or self.reason  # type: ignore[return-value]


class Item(Shape):
    """A line of a form: its section, its label, and the name of the field that answers it."""

    section: Text
    label: Text
    field: str


class Binding(Shape):
    """What may bind the operator: `duty` says whether it does, `why` explains."""

    duty: Duty
    why: Text


class Form(Binding):
    """One of the six forms."""

    title: Text
    items: tuple[Item, ...]
    not_verified: Text | None = None


class DutyOfLaw(Binding):
    """A rule of law or practice."""

    name: Text
    ledger: tuple[str, ...]


class Register(Shape):
    """The record of the algorithm, and the forms that draw on it."""

    about: Text
    duties: tuple[DutyOfLaw, ...]
    forms: Mapping[str, Form]
    fields: Mapping[str, RegisterField] = field(default_factory=dict)


class Correction(Shape):
    """An error corrected after publication: the day, the page, what it said and what it says now."""

    date: str
    page: str
    was: Text
    now: Text


class Reply(Named):
    """Whom this audit concerns, what is to be asked, the days of question and answer, and the answer.

    `ledger` names the citizen questions, still open, that stand behind the list.
    """

    whom: Text
    questions: tuple[Text, ...]
    ledger: tuple[str, ...]
    asked: str = ""
    answered: str = ""
    answer: Text | None = None


class Publication(Shape):
    """What belongs to a release and not to a build; an empty field says that there is no such thing yet."""

    version: str
    date: str
    commit: str
    site: str
    repository: str
    contact: str
    authors: tuple[Text, ...]
    corrections: tuple[Correction, ...]
    replies: tuple[Reply, ...]


# ---- reading ---------------------------------------------------------------------------------------------


def citizen_questions(path: Path | str | None = None) -> Questions:
    """Read the citizen questions and their answers.

    Args:
        path: the file; `data/ledger.yaml` when it is left out.

    Raises:
        InputError: names file, entry and field of every fault.

    Example:
        >>> citizen_questions().entries[0].id
        'which-algorithms'
    """
    return _read(Questions, path_of("ledger", path), _faults_of_questions)


def privacy(path: Path | str | None = None) -> Privacy:
    """Read the sheet on personal data (`data/privacy.yaml`), with its flows; see `citizen_questions`.

    Example:
        >>> next(f for f in privacy().fields if f.id == "birth-year").inputs
        ('age',)
    """
    return _read(Privacy, path_of("privacy", path), _faults_of_privacy)


def published(path: Path | str | None = None) -> Published:
    """Read what others published (`data/published.yaml`): figures, money, events; see `citizen_questions`.

    Example:
        >>> published().sum(given="seed") == published().stated("money.seed")
        True
    """
    return _read(Published, path_of("published", path), _faults_of_published)


def register(path: Path | str | None = None) -> Register:
    """Read the register (`data/register.yaml`, schema `data/register.schema.json`); see `citizen_questions`.

    Example:
        >>> register().fields["training"].status
        'not applicable'
    """
    return _read(Register, path_of("register", path), _faults_of_register)


def record(algorithm: str) -> Register | None:
    """Read the register record of an algorithm other than Bob (`data/registers`), or None; see `register`.

    Example:
        >>> record("ams").fields["code"].status
        'not disclosed by the operator'
    """
    path = path_of(f"registers/{algorithm}", None)
    return _read(Register, path, _faults_of_record) if path.exists() else None


def publication(path: Path | str | None = None) -> Publication:
    """Read what belongs to a release (`data/publication.yaml`); see `citizen_questions`.

    Example:
        >>> publication().authors[0].en
        'bobanalysis contributors'
    """
    return _read(Publication, path_of("publication", path), _faults_of_publication)


@cache
def _read(kind: type[T], path: Path, check: Callable[[Any], Faults]) -> T:
    raw = read_raw(path)
    if kind is Privacy:  # a field cannot be called "from" in Python
        names = {"from": "origin", "to": "target"}
        edges = [{names.get(key, key): value for key, value in e.items()} for e in raw["flow"]["edges"]]
        raw = {**raw, "flow": {**raw["flow"], "edges": edges}}
    found = load(kind, raw, path.name)
    stop_on([*faults_of_texts(found), *check(found)], path.name)
    return found


def stop_on(faults: list[str], file: str) -> None:
    """Raise an InputError that tells the first twenty faults of a file, if there are any."""
    if faults:
        more = [f"… and {len(faults) - 20} more"] if len(faults) > 20 else []
        raise InputError("\n".join([*(f"{file}: {fault}" for fault in faults[:20]), *more]))


def path_of(name: str, path: Path | str | None) -> Path:
    """Return a path, or that of a file of the data folder when it is left out."""
    return Path(path) if path else folder() / f"{name}.yaml"


# ---- texts -----------------------------------------------------------------------------------------------


def numbers(text: str, language: str) -> list[str]:
    """List the numbers of a text, written alike in both languages, sorted; findings in braces do not count.

    Example:
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


def cited(text: Text | Mapping[str, str]) -> tuple[str, ...]:
    """Return the findings that a text cites, in order.

    Example:
        >>> cited({"fr": "{a.b} et {c.d}", "en": "{a.b} and {c.d}"})
        ('a.b', 'c.d')
    """
    return tuple(dict.fromkeys(_FINDING.findall(text.get("en") or "")))


def faults_of_texts(part: Any, where: str = "") -> Faults:
    """Iterate over the faults of all texts in a sheet: blank, ill set, or other numbers in each language."""
    if isinstance(part, Text):
        for lang in LANGUAGES:
            if not part.get(lang).strip():
                yield f"{where}.{lang}: blank"
            problems = formatter.faults(_FINDING.sub("0", part.get(lang)), lang)
            yield from (f"{where}.{lang}: {problem}" for problem in problems)
        for what, of in (("numbers", numbers), ("findings", lambda text, _: sorted(_FINDING.findall(text)))):
            fr, en = (of(part.get(lang), lang) for lang in LANGUAGES)
            if fr != en:
                yield f"{where}: {what} differ: fr {fr}, en {en}"
    elif dataclasses.is_dataclass(part):
        for f in dataclasses.fields(part):
            yield from faults_of_texts(getattr(part, f.name), f"{where}, field {f.name}".lstrip(", "))
    elif isinstance(part, Mapping | tuple):
        numbered = ((getattr(value, "id", number), value) for number, value in enumerate(part, 1))
        for key, value in part.items() if isinstance(part, Mapping) else numbered:
            yield from faults_of_texts(value, f"{where} {key!r}".removeprefix("field "))


def fill(text: Text | Mapping[str, str], findings: Findings, language: Language) -> str:
    """Write a text in one language, with the findings that it cites as a reader would read them.

    Args:
        text: in both languages.
        findings: those of `reports/findings.json`, by id.
        language: "fr" or "en".

    Raises:
        InputError: the text cites a finding that does not exist.

    Example:
        >>> half = {"a.b": {"value": 0.5, "unit": "share"}}
        >>> fill({"fr": "{a.b} des gens", "en": "{a.b} of people"}, half, "en")
        '50.0% of people'
    """

    def written(match: re.Match[str]) -> str:
        if (finding := findings.get(match[1])) is None:
            why = f"no finding is called {match[1]!r}, cited in {str(text.get('en'))[:60]!r}; make reports"
            raise InputError(why)
        return formatter.quantity(finding["value"], finding["unit"], language, bare=True)

    return _FINDING.sub(written, text.get(language) or "")


def filled(name: str, findings: Findings) -> Any:
    """Return a whole file of texts with the findings written into it, in both languages.

    Args:
        name: "ledger", "privacy", "published" or "register".
        findings: as for `fill`.

    Raises:
        InputError: a fault of the file, or a finding that does not exist.

    Example:
        >>> sorted(filled("privacy", {}))[:3]
        ['about', 'commit', 'fields']
    """
    readers = {"ledger": citizen_questions, "privacy": privacy, "published": published, "register": register}
    readers[name]()

    def written(part: Any) -> Any:
        if isinstance(part, dict) and set(part) == set(LANGUAGES):
            return {language: fill(part, findings, language) for language in LANGUAGES}
        if isinstance(part, dict):
            return {key: written(value) for key, value in part.items()}
        return [written(value) for value in part] if isinstance(part, list) else part

    return written(read_raw(path_of(name, None)))


# ---- what a shape cannot say -----------------------------------------------------------------------------


def twice(items: tuple[Any, ...], what: str) -> Faults:
    """Iterate over the ids that stand twice."""
    ids = [item.id for item in items]
    yield from (f"{what} {id!r}: stands twice" for id in dict.fromkeys(ids) if ids.count(id) > 1)


def _unknown(names: tuple[str, ...], known: Any, what: str) -> Faults:
    yield from (f"{what} {name!r}" for name in names if name not in known)


def _bad_locators(locators: tuple[str, ...], where: str) -> Faults:
    for locator in (locator for locator in locators if not CODE.fullmatch(locator)):
        yield f"{where}, field locators: {locator!r} is no path in the code with #L lines"


def _faults_of_questions(found: Questions) -> Faults:
    yield from twice(found.entries, "entry")
    yield from _unknown(found.first, {e.id for e in found.entries}, "first: no entry is called")
    for entry in found.entries:
        yield from (f"entry {entry.id!r}, field {fault}" for fault in _faults_of_question(entry, found))
    used = {name for entry in found.entries for name in entry.evidence}
    yield from (f"evidence {name!r}: no entry uses it" for name in found.evidence if name not in used)


def _faults_of_question(entry: Question, found: Questions) -> Faults:
    yield from _unknown((entry.theme,), {t.id for t in found.themes}, "theme: no theme is called")
    yield from _unknown(entry.evidence, found.evidence, "evidence: no evidence is called")
    if (entry.held_by is None) == (entry.status == "open"):
        yield "held_by: an open question, and no other, says who could answer it"
    if not entry.evidence and entry.status != "open":
        yield f"evidence: empty, though the question is {entry.status}"
    if set(entry.kinds) != {found.evidence[e].kind for e in entry.evidence if e in found.evidence}:
        yield f"kinds: {list(entry.kinds)} are not the kinds of its evidence"
    for name in (*cited(entry.answer), *(cited(entry.review) if entry.review else ())):
        if name not in entry.findings:
            yield f"findings: {name!r} is cited and not listed"
    if entry.lowered_from and not entry.review:
        yield "review: missing: say why it was lowered"
    for name, scale in (("status", STATUSES), ("confidence", CONFIDENCES)):
        before, now = getattr(entry.lowered_from, name, None), getattr(entry, name)
        if before and scale.index(before) >= scale.index(now):
            yield f"lowered_from: {name} was {before}, is {now}: not lower"


def _faults_of_privacy(found: Privacy) -> Faults:
    places = {n.id for n in found.flow.nodes}
    listed = {"node": found.flow.nodes, "field": found.fields, "promise": found.promises}
    for what, items in (listed | {"retention": found.retention}).items():
        yield from twice(items, what)  # type: ignore[arg-type]
    for edge in found.flow.edges:
        where = f"edge {edge.origin!r} → {edge.target!r}"
        yield from _unknown((edge.origin,), places, f"{where}, field from: no node is called")
        yield from _unknown((edge.target,), places, f"{where}, field to: no node is called")
        yield from _bad_locators(edge.locators, where)
        if not edge.locators:
            yield f"{where}, field locators: empty: a flow needs a place in the code"
    for alone in sorted(places - {end for e in found.flow.edges for end in (e.origin, e.target)}):
        yield f"node {alone!r}: nothing flows from it or to it"
    for piece in found.fields:
        yield from _unknown(piece.sent, places, f"field {piece.id!r}, field sent: no node is called")
        if not piece.locators and not piece.no_locator:
            yield f"field {piece.id!r}, field locators: empty: give a place in the code, or say no_locator"
    located: tuple[Any, ...] = (*found.fields, *found.promises, *found.retention)
    for item in located:
        yield from _bad_locators(item.locators, repr(item.id))


def _faults_of_published(found: Published) -> Faults:
    known = citizen_questions()
    for part in ("figures", "funders", "events", "partners"):
        items = getattr(found, part)
        yield from twice(items, part)
        for item in items:
            cites = (item.evidence,) if isinstance(item, Stated) else item.evidence
            yield from _unknown(cites, known.evidence, f"{part} {item.id!r}: no evidence is called")
            if not cites:
                yield f"{part} {item.id!r}: give the evidence that shows it"
    asked = {e.id for e in known.entries}
    for partner in found.partners:
        yield from _unknown(partner.questions, asked, f"partners {partner.id!r}: no question is called")
    for id, given in (("money.seed", "seed"), ("money.later", "later"), ("money.total_shown", "")):
        if found.stated(id) != (added := found.sum(**{"given": given} if given else {})):
            yield f"figures {id!r}: the source states {found.stated(id)}, its parts make {added}"
    for before, after in pairwise(found.events):
        if before.when > after.when:
            yield f"events {after.id!r}: stands after {before.id!r}, which came later"
    for event in found.events:
        if not re.fullmatch(r"20\d\d(-[01]\d(-[0-3]\d)?)?", event.when):
            yield f"events {event.id!r}, when: {event.when!r} is no day, month or year"


def _faults_of_register(found: Register) -> Faults:
    yield from (f"form {name!r}: missing" for name in FORMS if name not in found.forms)
    yield from (f"form {n!r}: unknown; known: {', '.join(FORMS)}" for n in found.forms if n not in FORMS)
    yield from _faults_of_record(found)


def _faults_of_record(found: Register) -> Faults:
    asked = {item.field for form in found.forms.values() for item in form.items}
    yield from _unknown(tuple(sorted(asked)), found.fields, "field field: the record has no field")
    yield from (f"field {name!r}: no form asks for it" for name in found.fields if name not in asked)
    for name, one in found.fields.items():
        says = "text" if one.status == "filled" else "reason"
        if getattr(one, says) is None or (one.text and one.reason):
            yield f"field {name!r}, field {says}: missing or blank"
        elif {f.finding for f in one.findings} != set(cited(one.says)):
            yield f"field {name!r}, field findings: not those cited: {list(cited(one.says))}"


def _faults_of_publication(found: Publication) -> Faults:
    yield from twice(found.replies, "reply")
    days = {"release": found.date} | {f"correction {c.page!r}": c.date for c in found.corrections}
    for one in found.replies:
        days |= {f"reply {one.id!r}, {w}": day for w in ("asked", "answered") if (day := getattr(one, w))}
        if bool(one.answer) != bool(one.answered) or (one.answered and not one.asked):
            yield f"reply {one.id!r}: an answer has its day and the day of the question; give all or none"
        if not one.questions:
            yield f"reply {one.id!r}, field questions: empty: say what is to be asked"
        known = {entry.id for entry in citizen_questions().entries if entry.status == "open"}
        yield from _unknown(one.ledger, known, f"reply {one.id!r}, field ledger: no open question is called")
    for where, day in days.items():
        if not re.fullmatch(r"\d{4}-[01]\d-[0-3]\d", day):
            yield f"{where}: {day!r} is not a day such as 2026-01-31"
    if found.commit and not re.fullmatch(r"[0-9a-f]{40}", found.commit):
        yield f"commit: {found.commit!r} is not the forty digits of a commit; empty where none is known"
