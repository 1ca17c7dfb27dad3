"""Charts and pages as pictures that can be passed on alone: with title, kind, sources and credit inside.

Text is wrapped by counting characters and never measured, so an SVG is the same to the byte everywhere. PNG
files are drawn with the fonts of a machine: they are made with the pages, not committed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from html import escape, unescape

from bobanalysis.data import sources
from bobanalysis.report.charts import CHARTS, STYLE, ChartKind
from bobanalysis.report.renderer import Content, Page
from bobanalysis.report.words import Words, environment
from bobanalysis.text import Language

MARGIN, SHARPNESS = 8, 2
"""Pixels beside the text of a picture, and of a PNG for each of a drawing."""


def charts(content: Content) -> Iterator[tuple[str, str]]:
    """Iterate over the charts that pages show: name of the file, SVG that says what it shows, from where."""
    for (name, language, narrow), (drawing, svg) in content.drawings.items():
        framed_chart = framed(svg, drawing.title, credit(content, CHARTS[name], content.words(language)))
        yield f"{name}{'-narrow' if narrow else ''}-{language}", framed_chart


def framed(svg: str, title: str, credit: str) -> str:
    """Put the title above a chart and its credit below, for a reader who sees the file alone.

    Parameters: `svg` as `charts.svg` writes it, whose drawing keeps its place; `title` and `credit` are
    broken into lines that fit its width.
    """
    width, height = (float(n) for n in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    heads, feet = _lines(title, width, 16, 0.6), _lines(credit, width, 10, 0.53)
    above, below = 22 * len(heads) + 12, 13 * len(feet) + 12
    root, rest = svg.split(">", 1)
    root = re.sub(r' (width|height|viewBox)="[^"]*"', "", root)
    whole = height + above + below
    root += f' width="{width:g}" height="{whole:g}" viewBox="0 {-above} {width:g} {whole:g}">'
    names, drawing = re.split(r"(?<=</desc>)", rest, maxsplit=1)
    ground = f'<rect y="{-above}" width="{width:g}" height="{whole:g}" fill="#ffffff"/>'
    texts = _text(heads, 22 - above, 22, 'font-size="16" font-weight="bold" fill="#1d1d1b"')
    texts += _text(feet, height + 14, 13, 'font-size="10" fill="#55554f"')
    return root + names + ground + drawing.replace("</svg>", f"{texts}</svg>")


def _lines(text: str, width: float, size: int, wide: float) -> list[str]:
    """Break text into lines; a character is `wide` times as wide as high, or less."""
    return textwrap.wrap(text, int((width - 2 * MARGIN) / size / wide), break_long_words=False)


def _text(lines: Sequence[str], top: float, step: int, look: str) -> str:
    look = f'font-family="{STYLE["font"]}" {look}'
    rows = ((top + i * step, escape(line, quote=False)) for i, line in enumerate(lines))
    return "".join(f'<text x="{MARGIN}" y="{y:g}" {look}>{text}</text>' for y, text in rows)


def credit(content: Content, chart: ChartKind, words: Words) -> str:
    """Say of which kind a chart is, of when its data are, where from, and whom to name.

    The first of its tables gives kind and years.
    """
    metas = [content.merged["tables"][id] for id in chart.tables]
    known = dict.fromkeys([*(id for meta in metas for id in meta["sources"]), *chart.shapes])
    said = [words.name("kinds", metas[0]["kind"]).capitalize()]
    said += [words._("Data of:") + " " + words.period(metas[0]["vintage"])]
    if titles := " · ".join(words.say(sources()[id].title) for id in known):
        said += [words._("Sources:") + " " + titles]
    return words.polish(". ".join(said) + ". " + words._("Chart: bobanalysis, CC BY 4.0."))


def png(svg: str, sharpness: int = SHARPNESS) -> bytes:
    """Draw an SVG as a PNG, by default of twice its size."""
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(svg, scale=sharpness)
    return drawn


def social(html: str, page: Page, language: Language) -> bytes:
    """Draw the picture that is shown where the address of a page is shared: 1,200 by 630 pixels.

    Parameters: `html` of the page, whose title is shown; `page`; `language`.
    """
    title = unescape(re.findall(r"<title>(.*?) – bobanalysis</title>", html, re.S)[0])
    shown = {"lines": textwrap.wrap(title, 30), "section": page.section, "font": STYLE["font"]}
    return png(environment(language).get_template("parts/social.svg").render(shown), sharpness=1)
