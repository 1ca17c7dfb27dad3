"""Whatever a file holds, a reader reads it or refuses it with a sentence, and no row is lost without a word.

Files begin whole and are damaged in random ways: bytes that are gone, doubled, foreign or packed; cells and
values of JSON that are of another kind. `make test` looks at few examples of each; `make test-slow` at many.
"""

import copy
import gzip
import io
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bobanalysis.algorithms.described import described
from bobanalysis.audit.person import NOW, Person, read_person
from bobanalysis.audit.scoring import score_file
from bobanalysis.bob import Bob, Market
from bobanalysis.bob.conformance import conformance, read_vectors
from bobanalysis.bob.market import COLLECTIONS
from bobanalysis.bob.records import RECORDS
from bobanalysis.data import official, registry
from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run
from bobanalysis.fairness.audit import audit_file
from bobanalysis.rules import Dictionary
from bobanalysis.tables import InputError, open_table
from bobanalysis.validation import read_people
from toy import TOY

ROOT = Path(__file__).parents[2]
MANY = settings.get_current_profile_name() == "random"
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, *[Phase.shrink] * MANY]
fuzzed = settings(
    max_examples=500 if MANY else 20, phases=PHASES, deadline=None, suppress_health_check=list(HealthCheck)
)

# ---- damage

CELLS = (
    "",
    "NA",
    "*",
    "-",
    "nan",
    "inf",
    "-1",
    "1e400",
    "0x10",
    "1,5",
    "9" * 30,
    "é",
    "🙂",
    '"',
    "a\x00b",
    "=1+1",
)
CELLS += ("\u202f", "\ufeff", "'", ";;", "\t", "oui", "[]", "{}", "null", "2024-02-30", "\r")
BYTES = (
    b"\x00",
    b"\xff\xfe",
    b"\xe9",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b'"',
    b";",
    b",",
    b"\t",
    b"PAR1",
    b"\x1f\x8b",
)


@st.composite
def damaged(draw: Any, good: bytes) -> bytes:
    """A file with up to four accidents."""
    content = good
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        to = min(at + draw(st.integers(1, 40)), len(content))
        what = draw(st.sampled_from(("gone", "cut", "twice", "foreign", "text", "cell", "packed", "noise")))
        if what == "gone":
            content = content[:at] + content[to:]
        elif what == "cut":
            content = content[:at]
        elif what == "twice":
            content = content[:to] + content[at:]
        elif what == "foreign":
            content = content[:at] + draw(st.sampled_from(BYTES)) + content[at:]
        elif what == "text":
            content = content[:at] + draw(st.text(max_size=8)).encode("utf-8", "surrogatepass") + content[to:]
        elif what == "cell":  # from one mark to the next
            ends = [p for p in (content.find(m, at) for m in (b";", b",", b"\n", b" ")) if p >= 0]
            content = content[:at] + draw(st.sampled_from(CELLS)).encode() + content[min(ends, default=to) :]
        elif what == "packed":
            content = gzip.compress(content, mtime=0)
        else:
            content = draw(st.binary(max_size=60))
    return content


ODD = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(CELLS)),
    *(st.just([]), st.just({}), st.just([[1]]), st.just([None]), st.just({"a": [1, "b"]}), st.just(2**70)),
)


@st.composite
def altered(draw: Any, good: Any) -> Any:
    """JSON in which up to three values, wherever they are, are gone or of another kind."""
    made = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        places: list[tuple[Any, Any]] = []
        todo = [made]
        while todo:
            node = todo.pop()
            keys = (
                list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
            )
            places += [(node, key) for key in keys]
            todo += [node[key] for key in keys]
        if not places:
            return draw(ODD)
        node, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            node[key] = copy.deepcopy(draw(ODD))
        else:
            del node[key]
    return made


def survives(read: Callable[[], Any]) -> None:
    """Read; what is refused is refused by an error of the project, with a sentence."""
    said = "nothing was refused"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read()
        except (InputError, FileNotFoundError) as error:
            said = str(error)
        except ValueError as error:  # as commands tell it, but for those of Python
            said = str(error) * (type(error) is ValueError)
    assert len(said) > 10


def put(content: bytes, name: str) -> Path:
    """A file of that name in a folder of its own, over what an earlier example left."""
    path = FOLDER / name
    path.write_bytes(content)
    return path


FOLDER = Path(tempfile.mkdtemp(prefix="fuzzing-"))


@pytest.fixture(scope="module", autouse=True)
def _tidy():
    FOLDER.mkdir(exist_ok=True)
    yield
    shutil.rmtree(FOLDER, ignore_errors=True)


# ---- people

PEOPLE = [
    {"age": 25 + n, "region": n % 4 + 1, "years_worked": n, "trained": n % 2 == 0, "person_id": f"p{n}"}
    for n in range(6)
]
FRAME = pl.DataFrame(PEOPLE)


def as_parquet(frame: pl.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


KINDS = {
    "csv": FRAME.write_csv().encode(),
    "semicolons.csv": FRAME.write_csv(separator=";").encode("utf-8-sig"),
    "parquet": as_parquet(FRAME),
    "json": json.dumps(PEOPLE).encode(),
    "jsonl": FRAME.write_ndjson().encode(),
}


def counted(path: Path) -> None:
    """Every row is kept or rejected, once."""
    for batch in read_people(path, TOY.variables, requirements=TOY.requirements):
        assert batch.read == batch.valid.height + batch.rejected["row"].n_unique()
        TOY.compute(batch.valid)


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", KINDS)
def test_people_are_kept_or_rejected_whatever_their_file_holds(kind: str):
    @fuzzed
    @given(damaged(KINDS[kind]))
    def check(content: bytes) -> None:
        survives(lambda: counted(put(content, f"people.{kind}")))

    check()


@fuzzed
@given(altered(PEOPLE))
def test_people_in_json_are_kept_or_rejected_whatever_its_values_are(people: Any):
    survives(lambda: counted(put(json.dumps(people).encode(), "people.json")))


BOB = Bob(Market.empty())
USER = json.loads((ROOT / "data" / "examples" / "person.json").read_text())


@fuzzed
@given(altered([USER, USER]))
def test_records_of_bob_are_kept_or_rejected_whatever_their_values_are(users: Any):
    def read() -> None:
        path = put(json.dumps(users).encode(), "users.json")
        for batch in read_people(path, BOB.variables, now="2022-06-29", records=RECORDS):
            assert batch.read == batch.valid.height + batch.rejected["row"].n_unique()

    survives(read)


@fuzzed
@given(
    st.one_of(damaged(json.dumps(USER).encode()), altered(USER).map(lambda made: json.dumps(made).encode()))
)
def test_one_person_is_read_or_refused(content: bytes):
    for name in ("person.json", "person.yaml"):
        path = put(content, name)
        survives(lambda path=path: Person.of(read_person(path), BOB, file=path.name))


@fuzzed
@given(
    damaged(b"age: 30\nprojects: &p [{kind: FIND_A_JOB, createdAt: 2022-06-01}]\nfrustrations: [INTERVIEW]\n")
)
@example(b"? 30\n: 5\n")
def test_one_person_in_yaml_is_read_or_refused(content: bytes):
    path = put(content, "person.yaml")
    survives(lambda: Person.of(read_person(path), BOB, file=path.name))


@fuzzed
@given(damaged(KINDS["semicolons.csv"]))
def test_rows_of_a_table_are_numbered_once(content: bytes):
    def read() -> None:
        seen: list[int] = []
        for batch in open_table(put(content, "table.csv")).batches():
            seen += [*batch.rows.to_list(), *batch.rejects["row"].unique().to_list()]
        assert sorted(seen) == list(range(1, len(seen) + 1))

    survives(read)


# ---- tables to audit

HIRED = FRAME.select("region", "age", hired="trained", score="years_worked")


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_table_to_audit_is_read_or_refused(kind: str):
    table = pl.concat([HIRED] * 4)
    good = table.write_csv(separator=";").encode() if kind == "csv" else table.write_ndjson().encode()

    @settings(fuzzed, max_examples=500 if MANY else 10)  # each takes a tenth of a second
    @given(damaged(good))
    def check(content: bytes) -> None:
        path = put(content, f"hired.{kind}")
        survives(lambda: audit_file(path, by=["region"], prediction="hired", skip_bad_rows=True))

    check()


# ---- rankings

RUN = "".join(f"q{q} Q0 d{d} {d} {9 - d} bob\n" for q in range(3) for d in range(1, 4)).encode()
QRELS = b"".join(b"q%d 0 d%d 1\n" % (q, q + 1) for q in range(3))
TABLE = b"query;item;rank;score;relevance\nq1;d1;1;2,5;1\nq2;d2;1;1,5;0\n"
READERS = {"run.trec": (read_run, RUN), "qrels.trec": (read_qrels, QRELS)}
READERS |= {"run.csv": (read_run, TABLE), "qrels.csv": (read_qrels, TABLE)}
READERS |= {"groups.csv": (read_groups, TABLE), "items.csv": (read_items, TABLE)}


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", READERS)
def test_runs_judgements_groups_and_items_are_read_or_refused(name: str):
    reader, good = READERS[name]

    @fuzzed
    @given(damaged(good))
    def check(content: bytes) -> None:
        survives(lambda: reader(put(content, name)))

    check()


# ---- markets, vectors, descriptions of an algorithm, official files


def a_few(collection: str) -> list[Any]:
    found: list[Any] = []
    packed = ROOT / "tests" / "vectors" / "market" / f"{collection}.json.gz"
    if packed.exists():
        found = json.loads(gzip.decompress(packed.read_bytes()))[:2]
    return found


DOCUMENTS = {name: a_few(name) for name in COLLECTIONS}


def market_folder(name: str, documents: Any) -> Path:
    """Write documents, if they are some, into a new folder."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for kind, content in documents.items() if isinstance(documents, dict) else ():
        (folder / f"{kind}.json").write_text(json.dumps(content))
    return folder


@fuzzed
@given(altered(DOCUMENTS))
@example(DOCUMENTS | {"job_group_info": [[1]]})
def test_a_market_is_read_or_refused_whatever_its_values_are(documents: Any):
    folder = market_folder("market", documents)
    survives(lambda: Market.from_documents(folder))


@settings(fuzzed, max_examples=300 if MANY else 3)
@given(altered(DOCUMENTS))
def test_people_are_scored_on_a_market_or_it_is_refused(documents: Any):
    folder = market_folder("scored", documents)
    people = put(json.dumps([USER, USER]).encode(), "users.json")

    def score() -> None:
        score_file(people, folder / "out.csv", Bob(Market.from_documents(folder)), now=NOW)

    survives(score)


@pytest.mark.hypothesis
@pytest.mark.parametrize("packed", [False, True])
def test_a_market_whose_bytes_are_damaged_is_refused(packed: bool):
    folder = FOLDER / f"market-{packed}"
    folder.mkdir(exist_ok=True)
    for name, content in DOCUMENTS.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    good = json.dumps(DOCUMENTS["job_group_info"]).encode()

    @fuzzed
    @given(damaged(gzip.compress(good, mtime=0) if packed else good))
    def check(content: bytes) -> None:
        (folder / ("job_group_info.json" + ".gz" * packed)).write_bytes(content)
        survives(lambda: Market.from_documents(folder))

    check()


VECTOR = {
    "id": "v1", "now": "2022-06-29T00:00:00", "market": "empty", "user": USER,
    "expected": {"scores": {}, "diagnostic": {}, "advices": [], "strategies": []},
}  # fmt: skip


@fuzzed
@given(
    st.one_of(
        damaged(json.dumps(VECTOR).encode() + b"\n"), altered(VECTOR).map(lambda v: json.dumps(v).encode())
    )
)
def test_recorded_vectors_are_read_or_refused(content: bytes):
    survives(lambda: read_vectors(put(content, "vectors.jsonl")))
    survives(lambda: read_vectors(put(content, "vectors.jsonl.gz")))


@pytest.mark.slow
@settings(fuzzed, max_examples=60)
@given(altered(VECTOR))
def test_recorded_vectors_are_compared_or_refused(vector: Any):
    survives(lambda: conformance(put(json.dumps(vector).encode(), "vectors.jsonl")))


SOURCES = (ROOT / "data" / "sources.yaml").read_bytes()
SOURCES = SOURCES[: SOURCES.index(b"\n\n", 5_000)]


@fuzzed
@given(damaged(SOURCES))
@example(SOURCES.replace(b"e", b"\xe9", 1))
@example(b"sources: [one]")
def test_the_registry_of_sources_is_read_or_refused(content: bytes):
    put(content, "sources.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOBANALYSIS_DATA", str(FOLDER))
        survives(registry.sources)


DICTIONARY = (ROOT / "tests" / "toy.yaml").read_bytes()
WORDS = (ROOT / "src" / "bobanalysis" / "algorithms" / "duo" / "words.yaml").read_bytes()


@fuzzed
@given(damaged(DICTIONARY))
def test_a_dictionary_of_inputs_is_read_or_refused(content: bytes):
    survives(lambda: Dictionary.from_yaml(put(content, "dictionary.yaml")))


@fuzzed
@given(damaged(WORDS))
def test_the_words_of_an_algorithm_are_read_or_refused(content: bytes):
    survives(lambda: described(put(content, "words.yaml"), TOY.dictionary, {}))


HEADER = "Date;Code commune;Type de données;Catégorie;Sexe;Tranche d'âge;Nombre de demandeurs d'emploi"
COMMUNES = f"{HEADER}\n2024-T4;01001;Brutes;ABC;Total;Total;65\n2024-T4;33063;Brutes;ABC;Hommes;Total;*\n"


@fuzzed
@given(damaged(COMMUNES.encode("utf-8-sig")))
def test_the_communes_of_dares_are_read_or_refused(content: bytes):
    survives(lambda: official.dares_communes(put(content, "defm.csv")))


def workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Territoire - Figure 1"
    book.active.append(["Code", "Nom", 1])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


BOOK = workbook()


@pytest.mark.hypothesis
@pytest.mark.parametrize("loader", [official.insee_unemployment_by_age, official.insee_unemployment_rate])
def test_workbooks_of_insee_are_read_or_refused(loader: Any):
    @fuzzed
    @given(damaged(BOOK))
    def check(content: bytes) -> None:
        survives(lambda: loader(put(content, "book.xlsx")))

    check()
