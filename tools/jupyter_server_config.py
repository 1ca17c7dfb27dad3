"""Read by JupyterLab of this environment: a notebook that is opened and left alone is saved as it was.

Lab adds the version of Python of the machine to the metadata, and saves. `make setup` puts this file in
`.venv/etc/jupyter`.
"""

from __future__ import annotations

from typing import Any


def without_machine(model: dict[str, Any], **_: Any) -> None:
    """Keep of a notebook's metadata, before it is saved, what is the same on every machine."""
    if model["type"] == "notebook" and isinstance(model["content"], dict):
        metadata = model["content"].get("metadata", {})
        metadata["language_info"] = {"name": "python"}
        metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        for cell in model["content"].get("cells", ()):
            for volatile in ("execution", "trusted", "collapsed", "ExecuteTime"):
                cell.get("metadata", {}).pop(volatile, None)


if "get_config" in globals():  # Jupyter runs this file with it; a test only imports it
    globals()["get_config"]().FileContentsManager.pre_save_hook = without_machine
