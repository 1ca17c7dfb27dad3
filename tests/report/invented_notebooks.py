"""Executed notebooks of the test site: small ones under the names of two that recorded figures."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TABLE = (
    '<div><style>.x {}</style><table border="1"><thead><tr><th>age</th></tr></thead>'
    "<tbody><tr><td>16</td></tr></tbody></table></div>"
)
CHART = (
    '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" class="marks" width="40" height="20" '
    'viewBox="0 0 40 20">'
    '<defs><clipPath id="clip0"><path d="M0,0h40v20h-40Z"/></clipPath></defs>'
    '<g clip-path="url(#clip0)"><path d="M0.123456,1L2,3"/></g></svg>'
)
CELLS = [
    ("title", "# 05 · Age, invented\n\nAfter `03_diagnosis_by_age_and_place` and `99_never`.", None),
    ("heading", "## What changes\n\nA *paragraph* & a list:\n\n- one\n- two", None),
    ("setup", "from bobanalysis.report import findings\n\nbook = findings.Notebook('05_age')", []),
    ("people", "book.record('advice_age.people', 800)\nprint('<b>800</b>')", ["<b>800</b>\n"]),
    ("changed", "for row in rows:\n    book.record(f\"advice_age.changed_{row['outcome']}\", 1)", [TABLE]),
    ("chart", "draw()", [CHART]),
    ("tables", 'book.table("advice_age.changed", told)', []),
]


def output(shown):
    if shown.startswith("<svg"):
        return new_output(
            "execute_result", {"image/svg+xml": shown, "text/plain": "alt.Chart(...)"}, execution_count=1
        )
    if shown.startswith("<div"):
        return new_output("execute_result", {"text/html": shown, "text/plain": "shape"}, execution_count=1)
    return new_output("stream", name="stdout", text=shown)


def cell(id, source, outputs):
    if outputs is None:
        return new_markdown_cell(source, id=id)
    return new_code_cell(source, id=id, outputs=[output(shown) for shown in outputs])


def write(build):
    """Leave two executed copies; of the others a build holds none."""
    (build / "notebooks").mkdir(parents=True, exist_ok=True)
    for name, title in (("05_age", "05 · Age, invented"), ("06_place", "06 · Place, invented")):
        cells = [(id, source.replace("05 · Age, invented", title), made) for id, source, made in CELLS]
        book = new_notebook(cells=[cell(*each) for each in cells])
        nbformat.write(book, build / "notebooks" / f"{name}.ipynb")
