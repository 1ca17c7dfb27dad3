"""Download official files to a cache on this machine, and prove on every use that they are still what was
downloaded.

The sha256 and the date of the download are written beside a file; later uses compare with that, so a silent
change is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bobanalysis.data.registry import DataError, folder, source
from bobanalysis.tables import write_text

ACCESS_TEXT = {
    "account": "needs an account with its producer",
    "restricted": "is open only to researchers with an agreement",
    "closed": "is not published at an address we know",
}


def cache_folder() -> Path:
    """Return the folder of downloaded files: $BOBANALYSIS_CACHE, or that of the operating system."""
    import pooch

    return Path(os.environ.get("BOBANALYSIS_CACHE") or pooch.os_cache("bobanalysis"))


def fetch(
    identifier: str,
    part: str | None = None,
    *,
    refresh: bool = False,
    say: Callable[[str], object] = lambda text: None,
) -> Path:
    """Get an official file, from the cache if it is there.

    Parameters: `identifier`, id of a source; `part`, which of its files (the newest when None); `refresh`,
    download again even if it is there; `say`, a function that is told what is downloaded and what changed.
    Returns the path of the file. Raises `DataError` when it cannot be had or is not what it was; the text
    names the shipped tables that serve instead.
    """
    import pooch

    entry = source(identifier)
    shipped = ", ".join((entry.id,) if entry.table else entry.shipped_as)
    where = folder() / "reference"
    instead = f". Without it, the shipped tables serve: {shipped} (in {where})" if shipped else ""
    if entry.access != "download" or not entry.parts:
        why = ACCESS_TEXT.get(entry.access, "has no official file to download")
        raise DataError(f"{entry.id} {why}; see {entry.landing}{instead}")
    part = part or entry.parts[-1]
    if part not in entry.parts:
        raise DataError(f"{entry.id} has no file {part!r}; it has {', '.join(entry.parts)}")
    url = entry.files[part]
    target = cache_folder() / entry.id / f"{part}-{_name(url)}"
    record = target.with_name(target.name + ".json")
    before = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if target.exists() and before and not refresh:
        if (found := pooch.file_hash(str(target))) != before["sha256"]:
            raise DataError(
                f"{target}: sha256 is {found}, the record of the download says {before['sha256']}; "
                f"delete the file, then run `bobanalysis data fetch {entry.id}` again"
            )
        return target
    say(f"downloading {url}")
    _download(url, target, instead)
    digest = pooch.file_hash(str(target))
    if before and before["sha256"] != digest:
        say(f"{url} has changed since {before['downloaded']}: sha256 was {before['sha256']}, is {digest}")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    write_text(json.dumps({"url": url, "sha256": digest, "downloaded": now}, indent=1) + "\n", record)
    return target


def _name(url: str) -> str:
    split = urlsplit(url)
    name = Path(split.path).name or "file"
    plain = not split.query or "." in name
    return name if plain else f"{name}-{hashlib.sha256(split.query.encode()).hexdigest()[:8]}"


def _download(url: str, target: Path, instead: str) -> None:
    import pooch

    # Under another name first: what stood there stays if the download fails.
    incoming = target.with_name(target.name + ".part")
    incoming.unlink(missing_ok=True)
    pooch.get_logger().setLevel("ERROR")
    loader = pooch.HTTPDownloader(timeout=60)
    try:
        pooch.retrieve(url, None, fname=incoming.name, path=incoming.parent, downloader=loader)
    except OSError as error:  # as the errors of requests are
        short = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{url}: could not be downloaded ({short}){instead}") from None
    incoming.replace(target)
