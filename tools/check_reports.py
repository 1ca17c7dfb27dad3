"""Check that what is committed in reports/ is what the notebooks make: ``make check-reports``.

The last commit is cloned aside, every notebook is executed from nothing, the pages are made, and git says
what differs. Nothing in this folder changes. What is not committed yet is not checked, and is named.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def git(folder: Path, *words: str) -> str:
    """Return what git says in a folder."""
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def differences(clone: Path) -> str:
    """Return the files of reports/ that a build changed, made or left out, as git names them."""
    return git(clone, "status", "--porcelain", "--untracked-files=all", "reports")


def main(root: Path = ROOT, command: tuple[str, ...] = ("-m", "bobanalysis.build")) -> int:
    """Run the check; return 1 when a committed report is not what is made."""
    if pending := git(root, "status", "--porcelain", "src", "data", "notebooks", "reports"):
        print(f"Not committed, so not checked:\n{pending}")
    with tempfile.TemporaryDirectory(prefix="check-reports-") as folder:
        clone = Path(folder) / "bobanalysis"
        git(root, "clone", "--quiet", "--local", "--no-hardlinks", str(root), str(clone))
        own = {"PYTHONPATH": str(clone / "src")}  # before the project that the environment holds
        done = subprocess.run([sys.executable, *command], cwd=clone, env={**os.environ, **own}, check=False)
        if done.returncode:
            return done.returncode
        found = differences(clone)
        if found:
            print(f"\nCommitted reports are not those that the notebooks make:\n{found}")
            print(git(clone, "diff", "--stat", "reports"))
            return 1
    print("\nEvery committed report is what the notebooks make.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
