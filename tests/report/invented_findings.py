"""What the pages under test are made from: what is published, and on top what the texts of today need.

Published are the records of the last execution of the notebooks. Quirks, questions and rules may have come
since: each of today has an invented record, which says nothing about Bob.
"""

import json
import shutil
from pathlib import Path

import invented_ledger
import invented_quirks
import invented_rules
from recorder import Invented

PUBLISHED = Path(__file__).parents[2] / "reports"
PARTS = ("findings", "tables")


def write_published(build):
    """Put what notebooks recorded below what is invented here, each in the file of its notebook."""
    files = [json.loads(path.read_text("utf-8")) for path in (build / "findings").glob("*.json")]
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))
    for name in published["notebooks"]:
        record = {"notebook": name}
        for part in PARTS:
            own = {id: entry for id, entry in published[part].items() if entry["notebook"] == name}
            invented = {
                id: {**file[part].pop(id), "notebook": name}
                for file in files
                for id in own
                if id in file[part]
            }
            record[part] = own | invented
            for id in own.keys() - invented.keys() if part == "tables" else ():
                shutil.copyfile(PUBLISHED / "tables" / f"{id}.csv", build / "tables" / f"{id}.csv")
        (build / "findings" / f"{name}.json").write_text(json.dumps(record), "utf-8")
    for file in files:
        (build / "findings" / f"{file['notebook']}.json").write_text(json.dumps(file), "utf-8")


def write_invented(build):
    """Record everything the pages ask for; return a recorder for what a test adds."""
    explained = Invented("13_invented", build=build)
    invented_rules.write(explained)
    invented_quirks.write(explained)
    invented_ledger.write(build)
    write_published(build)
    return Invented("99_invented", build=build)
