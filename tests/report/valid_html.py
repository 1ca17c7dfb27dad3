"""What is wrong with a page as HTML: what a parser has to guess, and elements where they may not stand."""

from collections import Counter

from justhtml import JustHTML

PHRASES = {
    *("a", "abbr", "b", "button", "code", "em", "h1", "h2", "h3", "h4", "i", "label", "legend", "p", "pre"),
    *("small", "span", "strong", "sub", "summary", "sup"),
}
"""Elements that hold words and no blocks. A link stands in sentences here."""
BLOCKS = {
    *("article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure", "footer", "form"),
    *("h1", "h2", "h3", "h4", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"),
}
HEADINGS = {"h1", "h2", "h3", "h4"}
PARENTS = {
    "li": {"ul", "ol", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"thead", "tbody", "tfoot"},
    "th": {"tr"},
    "td": {"tr"},
    "caption": {"table"},
    "figcaption": {"figure"},
    "summary": {"details"},
    "legend": {"fieldset"},
    "option": {"select", "optgroup", "datalist"},
    "source": {"picture", "audio", "video"},
    "style": {"head", "noscript"},
    "meta": {"head"},
}
ONLY = {"ul": {"li", "script"}, "ol": {"li", "script"}, "dl": {"dt", "dd", "div", "script"}}
FIRST = {"summary", "legend", "caption"}
ACTS = {"a", "button", "input", "label", "select", "summary", "textarea"}
"""What a reader can act on, which must not stand inside another such thing."""


def faults(source):
    """Return every fault of a page, a line each, the first of a kind first."""
    page = JustHTML(source, collect_errors=True, sanitize=False)
    found = [f"line {error.line}: {error.code}" for error in page.errors]
    ids = Counter()
    walk(page.root, [], found, ids)
    return found + [f"id {name!r} stands {n} times" for name, n in ids.items() if n > 1]


def walk(node, around, found, ids):
    for child in getattr(node, "children", None) or ():
        name, parent = child.name, around[-1] if around else ""
        if name.startswith(("#", "!")):
            if name == "#text" and parent in ONLY and str(child.data).strip():
                found.append(f"words in <{parent}> outside of its items")
            continue
        ids.update([child.attrs["id"]] if (child.attrs or {}).get("id") else [])
        if name in PARENTS and parent not in PARENTS[name] and "svg" not in around:
            found.append(f"<{name}> in <{parent}>")
        if parent in ONLY and name not in ONLY[parent]:
            found.append(f"<{name}> in <{parent}>, which holds items only")
        if parent in PHRASES and name in BLOCKS and not (parent == "summary" and name in HEADINGS):
            found.append(f"<{name}> in <{parent}>, which holds words only")
        if name in ACTS and [e for e in around if e in ACTS and not (e == "label" and name != "a")]:
            found.append(f"<{name}> inside something else to act on")
        if name in FIRST and child is not next(c for c in node.children if not c.name.startswith("#")):
            found.append(f"<{name}> is not the first in <{parent}>")
        if name == "img" and "alt" not in child.attrs:
            found.append("<img> without alt")
        if name != "svg":  # inside a drawing other rules hold
            walk(child, [*around, name], found, ids)
        else:
            ids.update(
                e.attrs["id"] for e in everything(child) if (getattr(e, "attrs", None) or {}).get("id")
            )


def everything(node):
    for child in getattr(node, "children", None) or ():
        yield child
        yield from everything(child)
