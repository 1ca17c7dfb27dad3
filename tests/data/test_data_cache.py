"""Downloads are kept, proved, and told about; without a network the shipped tables are named."""

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bobanalysis.data import DataError, fetch, registry
from bobanalysis.data.registry import Source
from bobanalysis.text import Text

CONTENT = b"a;b\n1;2\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which this machine serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "file.csv").write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/file.csv"
    server.shutdown()
    server.server_close()


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put one source in the place of the registry, and the cache in an empty folder."""
    monkeypatch.setenv("BOBANALYSIS_CACHE", str(tmp_path / "cache"))

    said = Text("x", "x")

    def put(url: str, **more: Any) -> None:
        entry = Source(
            id="thing", title=said, producer=said, vintage=said, licence=said,
            landing="https://example.org", columns={}, files={"2024": f"{url}.old", "2025": url}, **more,
        )  # fmt: skip
        monkeypatch.setattr(registry, "sources", lambda: {"thing": entry})

    return put


def test_a_file_is_downloaded_once_with_its_hash_and_date_beside_it(served: Any, register: Any):
    folder, url = served
    register(url)
    path = fetch("thing")
    (folder / "file.csv").unlink()
    assert fetch("thing") == path
    assert path.read_bytes() == CONTENT
    record = json.loads(path.with_name(path.name + ".json").read_text())
    assert record["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert record["downloaded"].startswith("20")


def test_a_cached_file_that_was_changed_is_noticed(served: Any, register: Any):
    register(served[1])
    path = fetch("thing")
    path.write_bytes(CONTENT[:4])
    with pytest.raises(DataError, match=r"the record of the download says .*; delete the file"):
        fetch("thing")


def test_a_file_that_its_producer_changed_is_told_when_it_is_refreshed(served: Any, register: Any):
    folder, url = served
    register(url)
    fetch("thing")
    (folder / "file.csv").write_bytes(CONTENT * 2)
    told: list[str] = []
    assert fetch("thing", refresh=True, say=told.append).read_bytes() == CONTENT * 2
    assert "has changed since" in told[-1]


def test_without_a_network_the_shipped_tables_are_named(register: Any):
    register("http://127.0.0.1:9/file.csv", shipped_as=("departements",))
    with pytest.raises(DataError, match="the shipped tables serve: departements"):
        fetch("thing")


def test_an_address_that_is_gone_is_named(served: Any, register: Any):
    register(served[1].replace("file", "gone"))
    with pytest.raises(DataError, match=r"gone.csv: could not be downloaded"):
        fetch("thing")


def test_an_unknown_part_names_those_that_exist(served: Any, register: Any):
    register(served[1])
    with pytest.raises(DataError, match="no file '2019'; it has 2024, 2025"):
        fetch("thing", "2019")


@pytest.mark.parametrize("access", ["account", "restricted", "closed"])
def test_a_source_that_is_not_open_says_so(served: Any, register: Any, access: str):
    register(served[1], access=access)
    with pytest.raises(DataError, match=r"thing (needs an account|is open only|is not published)"):
        fetch("thing")
