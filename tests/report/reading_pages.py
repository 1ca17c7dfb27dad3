"""Reading pages as a reader does: elements in order, and runs of words."""

import re
from functools import cache
from html.parser import HTMLParser

SILENT = {"script", "style", "head"}
VOID = {"meta", "link", "br", "img", "input", "hr", "wbr"}


@cache
def parse_all(folder):
    """Parse every page of a folder but those of algorithms beside, once in a process: path -> page."""
    found = [*folder.glob("*.html"), *folder.glob("fr/**/*.html"), *folder.glob("en/**/*.html")]
    return {p.relative_to(folder).as_posix(): Parsed(p.read_text("utf-8")) for p in found}


OURS = ("*.html", "fr/**/*.html", "en/**/*.html")
EVERY = (*OURS, "*/fr/**/*.html", "*/en/**/*.html")
"""Pages of the site, and those of algorithms beside too."""


def one_of_each(folder, parts=OURS):
    """One page of each kind, by its path: of those made from one template one; languages take turns."""
    kinds = {}
    for path in sorted({p.relative_to(folder).as_posix() for part in parts for p in folder.glob(part)}):
        kind = re.sub(r"(^|/)(fr|en)/", r"\1", path)
        kind = re.sub(r"(register-|rules/|places/|regions/|notebooks/|findings/).*", r"\1", kind)
        kinds.setdefault(kind, []).append(path)
    turns = ((sorted(paths), i % 2) for i, (_, paths) in enumerate(sorted(kinds.items())))
    return [paths[-1] if last else paths[0] for paths, last in turns]


class Parsed(HTMLParser):
    """The elements of a page in order, and its texts with the elements around each."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.source, self.open, self.elements, self.texts = source, [], [], []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        element = (tag, dict(attributes))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, text):
        if (text.strip() or text == " ") and not any(tag in SILENT for tag, _ in self.open):
            self.texts.append((text, list(self.open)))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def blocks(parsed, language):
    """Join the texts of each paragraph, item, cell or heading: what a reader sees as one run of words."""
    holders = {
        "p",
        "li",
        "td",
        "th",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "summary",
        "figcaption",
        "text",
        "title",
        "desc",
    }
    joined = {}
    for text, around in parsed.texts:
        if any(attributes.get("lang", language) != language for tag, attributes in around if tag != "html"):
            continue
        if any(tag in ("code",) for tag, _ in around):
            continue
        key = next((id(element[1]) for element in reversed(around) if element[0] in holders), None)
        joined[key] = joined.get(key, "") + text
    return [re.sub(r"[ \n]+", " ", text) for text in joined.values()]


def prose(parsed, language):
    """The sentences of a page: its paragraphs, items and descriptions that end as a sentence does.

    Labels, tables, code, drawings, notes on figures and the frame of the page are left out.
    """
    apart = {"table", "nav", "footer", "header", "svg", "summary", "code", "h1", "h2", "h3", "small", "sup"}
    joined = {}
    for text, around in Parsed(parsed.source.replace("<br>", "¶")).texts:
        tags = [tag for tag, _ in around]
        other = any(a.get("lang", language) != language for tag, a in around if tag != "html")
        if "main" not in tags or other or apart & set(tags):
            continue
        holder = next((e for e in reversed(around) if e[0] in ("p", "li", "dd")), None)
        if holder:
            joined[id(holder[1])] = joined.get(id(holder[1]), "") + text
    lines = [line for text in joined.values() for line in text.split("¶")]
    runs = [re.sub(r"[ \n]+", " ", line).strip() for line in lines]
    return [run for run in runs if re.search(r"[.!?…][»”)\u202f]*$", run)]
