"""Say in words what the registry holds about a source."""

from __future__ import annotations

from bobanalysis.data.registry import source


def describe(identifier: str) -> str:
    """Say in text what the registry holds about a source.

    Raises `DataError` for an id that is not in the registry.

    >>> print(describe("bob_users_dep_2017").splitlines()[0])
    bob_users_dep_2017 – Users of Bob by département, 27 November 2017
    """
    entry = source(identifier)
    lines = [f"{entry.id} – {entry.title['en']}", f"  fr         {entry.title['fr']}"]
    told = {
        name: getattr(entry, name)
        for name in ("producer", "vintage", "licence", "landing", "access", "reached")
    }
    lines += [f"  {name:<10} {value}" for name, value in told.items() if value]
    lines += [f"  file       {part}: {url}" for part, url in entry.files.items()]
    if entry.table:
        lines.append(f"  table      {entry.table}, {entry.rows:,} rows, sha256 {entry.sha256}")
    if entry.shipped_as:
        lines.append(f"  shipped as {', '.join(entry.shipped_as)}")
    lines += ["", "Columns"]
    for column in entry.columns.values():
        order = f" [{', '.join(column.order)}]" if column.order else ""
        lines.append(f"  {column.name} ({column.type}, {column.unit}): {column.text['en']}{order}")
    if entry.quirks:
        lines += ["", "Quirks", *(f"  – {quirk['en']}" for quirk in entry.quirks)]
    if entry.checks:
        lines += ["", "Checks"]
        lines += [f"  {name}: {settings}" for test in entry.checks for name, settings in test.items()]
    return "\n".join(lines)
