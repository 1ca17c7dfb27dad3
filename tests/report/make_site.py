"""Make the site of the tests in a folder, which appears as a whole: ``python make_site.py FOLDER``."""

import gc
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

import invented_notebooks
from audited import BOB, OTHERS
from invented_findings import write_invented

from bobanalysis.report.site import render

if __name__ == "__main__":
    gc.set_threshold(20_000, 20, 100)  # as in the tests
    folder = Path(sys.argv[1])
    earlier = sorted(folder.parent.glob("*[0-9a-f]"), key=lambda path: path.stat().st_mtime)
    for old in earlier[:-1]:
        shutil.rmtree(old, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(prefix="making-", dir=folder.parent) as aside:
            new = Path(aside) / "new"
            (new / "build").mkdir(parents=True)
            write_invented(new / "build")
            invented_notebooks.write(new / "build")
            render(new / "build", new / "reports", algorithm=BOB, others=OTHERS)
            new.rename(folder)
    except BaseException:
        folder.with_suffix(".failed").write_text(traceback.format_exc(), encoding="utf-8")
        raise
