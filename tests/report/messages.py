"""The texts of pages and code that ask for a translation."""

from typing import Any

import yaml

from bobanalysis.report.words import HERE


def used_messages() -> dict[str, str]:
    """Collect every text that asks for a translation: English text -> where it first stands."""
    import jinja2
    from babel.messages.extract import extract

    environment: Any = jinja2.Environment(
        extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    found: dict[str, str] = {}
    for path in sorted(p for p in (HERE / "templates").rglob("*") if p.suffix in (".html", ".svg")):
        for line, _, message in environment.extract_translations(path.read_text(encoding="utf-8")):
            texts = message if isinstance(message, tuple) else (message,)
            for text in texts:
                if text is not None:  # a text in a variable is collected where it is written
                    found.setdefault(str(text), f"{path.relative_to(HERE).as_posix()}:{line}")
    for path in sorted(HERE.glob("*.py")):
        with path.open("rb") as file:
            for line, text, *_ in extract("python", file, keywords={"_": None, "N_": None}):
                found.setdefault(str(text), f"{path.name}:{line}")
    for pages in yaml.safe_load((HERE / "pages.yaml").read_text("utf-8")).values():
        for _, title, section, *_ in pages:
            found |= {text: "pages.yaml" for text in (title, section) if text not in found}
    return found
