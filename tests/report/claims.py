"""What the claims of a page rest on, found by evaluating their conditions alone.

A claim is a call of ``sure`` in a template. A page is rendered here without its sentences: what sets a
variable, a loop, a choice and the claims themselves are left. That takes milliseconds, so that every figure
that a claim reads can be altered in turn.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import jinja2
import polars as pl
from audited import words
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from readability import sentences

from bobanalysis.report.renderer import PageError, PageRenderer
from bobanalysis.report.words import HERE, environment

TEMPLATES = sorted(p.relative_to(HERE / "templates").as_posix() for p in HERE.glob("templates/**/*.html"))
FAR = 1e9
"""Above and below whatever a figure is compared with."""


# ---- templates


class WithoutSentences(NodeTransformer):
    """Leave of a template what decides whether its claims hold; a mark stands before each."""

    def visit_Template(self, node):
        macros = {m.name for m in node.find_all(nodes.Macro)} | {"sure", "caller"}
        names = (n for n in node.find_all(nodes.FromImport) for n in n.names)
        self.called = macros | {n[1] if isinstance(n, tuple) else n for n in names}
        self.modules = {n.target for n in node.find_all(nodes.Import)}
        self.name = node.name
        return self.generic_visit(node)

    def visit_Extends(self, node):
        return None

    def visit_Output(self, node):
        kept = []
        for part in node.nodes:
            needed = [call for call in calls(part) if self._needed(call)]
            if needed:
                line = nodes.Const(needed[0].lineno)
                told = [nodes.Const(self.name), line]
                mark = nodes.Call(nodes.Name("claim_of", "load"), told, [], None, None)
                mark.set_lineno(node.lineno).set_environment(node.environment)
                kept += [mark, part]
        return nodes.Output(kept, lineno=node.lineno).set_environment(node.environment) if kept else None

    def _needed(self, call):
        of = call.node
        if isinstance(of, nodes.Getattr):
            return isinstance(of.node, nodes.Name) and of.node.name in self.modules
        return isinstance(of, nodes.Name) and of.name in self.called


def calls(node):
    return [*([node] if isinstance(node, nodes.Call) else ()), *node.find_all(nodes.Call)]


class Skeletons(jinja2.Environment):
    """An environment that compiles templates without their sentences."""

    def compile(self, source, name=None, filename=None, raw=False, defer_init=False):
        if isinstance(source, str):
            source = self.parse(source, name, filename)
            source.name = name
            WithoutSentences().visit(source)
        return super().compile(source, name, filename, raw, defer_init)


@cache
def skeletons():
    made = environment("en").overlay(cache_size=400)
    made.__class__ = Skeletons
    return made


@cache
def parsed(template):
    text = (HERE / "templates" / template).read_text("utf-8")
    return environment("en").parse(text)


def templates_of(template):
    """A template and those that it is made from."""
    asked = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    names = [
        n.template.value for n in parsed(template).find_all(asked) if isinstance(n.template, nodes.Const)
    ]
    return [template, *(inner for name in names for inner in templates_of(name))]


@cache
def claims_in(template):
    """The claims of a template: their words, as far as they are written there, by line."""
    found = {}
    for call in parsed(template).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "sure":
            told = [c.value for c in call.args[1].find_all(nodes.Const)] or [
                getattr(call.args[1], "value", "")
            ]
            found[call.lineno] = " … ".join(map(str, told))
    return found


# ---- reading


class Row(dict):
    """A row of a table that tells which of its columns are read."""

    def __init__(self, values, table, log):
        super().__init__(values)
        self.table, self.log = table, log

    def __getitem__(self, column):
        if column in self:
            self.log(("column", self.table, column))
        return super().__getitem__(column)


@dataclass
class Told:
    """A claim as it was met: what was read for it, and what stops the page, empty where it holds."""

    claim: str
    template: str
    at: int
    reads: frozenset
    stopped: str


@dataclass
class Seen:
    told: list = field(default_factory=list)
    reads: set = field(default_factory=set)
    own: set = field(default_factory=set)
    at: tuple = ("", 0)


class Recording(PageRenderer):
    """A page without its sentences that notes what each of its claims reads, and goes on where one fails."""

    def __init__(self, content, page, menu):
        super().__init__(content, words("en"), page, menu)
        self.seen = Seen()
        self.wrapped = {}

    def run(self):
        try:
            self.html()
        except PageError as error:  # something that cannot be computed stops all that follows
            return [*self.seen.told, Told(str(error), *self.seen.at, frozenset(self.seen.own), str(error))]
        return self.seen.told

    def _made(self, template, **more):
        shown = {**self._common, **more, "claim_of": self.claim_of}
        return skeletons().get_template(template).render(shown)

    def claim_of(self, template, line):
        self.seen.own, self.seen.at = set(), (template, line)
        return ""

    def log(self, read):
        self.seen.own.add(read)
        self.seen.reads.add(read)

    def sure(self, holds, claim):
        stopped = ""
        try:
            super().sure(holds, claim)
        except PageError as error:
            stopped = str(error)
        self.seen.told.append(Told(claim, *self.seen.at, frozenset(self.seen.own), stopped))
        return ""

    def number(self, id, low=False, high=False, **more):
        self.log(("interval" if low or high else "finding", id, ""))
        return super().number(id, low, high, **more)

    def rows_of(self, table, key="rule"):
        if (table, key) not in self.wrapped:
            self.wrapped[table, key] = {
                name: [Row(row, table, self.log) for row in rows]
                for name, rows in super().rows_of(table, key).items()
            }
        return self.wrapped[table, key]

    def numbers(self, table, column, **keys):
        self.log(("column", table, column))
        return super().numbers(table, column, **keys)

    def _rows(self, table, keys):
        for column in keys:
            self.log(("column", table, column))
        return super()._rows(table, keys)

    def _unit(self, table, column):
        self.log(("column", table, column))
        return super()._unit(table, column)


# ---- altering


def alterations(content, read):
    """Name the ways in which something read can be altered."""
    what, id, column = read
    if what == "finding":
        found = content.merged["findings"][id]
        turned = ["turned"] if found["unit"] == "points" or (found["value"] or 0) < 0 else []
        return ["above", "below", *turned, "missing"]
    if what == "interval":
        return ["above", "below", "over all", "missing"]
    series = content.tables[id][column]
    ways = ["reversed", "missing"]
    return [*ways, "above", "below", "spread"] if series.dtype.is_numeric() else [*ways, "other"]


@contextmanager
def altered(content, read, how):
    """Alter one finding, the interval of one, or one column, and put it back."""
    what, id, column = read
    groups, content.groups = content.groups, {}
    if what == "column":
        store, frame = content.tables, content.tables[id]
        values = frame[column]
        ways = {
            "reversed": lambda: values.reverse(),
            "missing": lambda: pl.Series(column, [None] * len(values), values.dtype),
            "above": lambda: values + FAR,
            "below": lambda: values - FAR,
            "spread": lambda: values + FAR * pl.int_range(len(values), eager=True),
            "other": lambda: pl.Series(column, ["-777"] * len(values)),
        }
        new = frame.with_columns(ways[how]().alias(column))
    else:
        store, frame = content.merged["findings"], content.merged["findings"][id]
        value, ends = frame["value"], frame["interval"] or (0, 0)
        new = {
            **frame,
            "value": {"above": FAR, "below": -FAR, "turned": -(value or 0), "missing": None}.get(how, value),
            "interval": {
                "above": [FAR, FAR],
                "below": [-FAR, -FAR],
                "over all": [-FAR, FAR],
                "turned": [-end for end in reversed(ends)],
                "missing": None,
            }[how],
        }
    store[id] = new
    try:
        yield
    finally:
        store[id], content.groups = frame, groups


# ---- texts


def events(template):
    """What stands in a template in order: ("data", markup), ("text", words to translate), ("claim", "").

    Words behind a choice that reads a value are ("chosen", words).
    """

    def walk(node, text="text"):
        named = getattr(getattr(node, "node", None), "name", "") if isinstance(node, nodes.Call) else ""
        if isinstance(node, nodes.TemplateData):
            yield "data", node.data
        elif named in ("gettext", "_", "ngettext"):
            yield from ((text, c.value) for c in node.args if isinstance(c, nodes.Const))
        elif named == "sure":
            yield "claim", ""
        else:
            chosen = isinstance(node, nodes.If | nodes.CondExpr) and reads_a_value(node.test)
            for child in node.iter_child_nodes():
                yield from walk(child, "chosen" if chosen else text)

    return list(walk(parsed(template)))


def reads_a_value(test):
    """Tell whether a choice depends on more than a name: it compares, or looks something up."""
    values = (nodes.Compare, nodes.Call, nodes.Getattr, nodes.Getitem)
    return isinstance(test, values) or any(test.find_all(values))


def typed(template):
    """The texts that a template holds itself, outside tags, entities and expressions."""
    markup = "\0".join(what if kind == "data" else "" for kind, what in events(template))
    texts = [text for kind, text in events(template) if kind in ("text", "chosen")]
    return [re.sub(r"<[^>]*>|&#?\w+;|%\(\w+\)s", " ", text) for text in [*texts, *plain(markup).split("\0")]]


def plain(markup):
    """Markup without what stands in tags, which expressions may interrupt, and without styles and code."""
    markup = re.sub(r"<(style|script|code|svg)\b.*?</\1>", " ", markup, flags=re.S)
    return re.sub(r"<[^>]*>", " ", markup)


COMPARING = re.compile(
    r"\b(none|no one|nobody|everybody|everyone|anybody|always|never|(?<!at )most|(?<!at )least"
    r"|mostly|rarely|nearly"
    r"|more often|less often|(?:more|less|fewer|larger|smaller|higher|lower|older|younger|better|worse) than"
    r"|largest|smallest|highest|lowest|oldest|youngest|best|worst|twice|half|times as|rises?|falls?)\b",
    re.IGNORECASE,
)
"""Words with which a sentence says more than its figure."""


def bare_comparisons(template):
    """Sentences with a figure and a word that compares, in a part of the page without a claim before them."""
    near, found = False, []
    for kind, said in events(template):
        near = kind == "claim" or (near and not (kind == "data" and re.search(r"<(h\d|section)\b", said)))
        if kind == "text" and not near:
            told = sentences(re.sub(r"<[^>]*>", "", said))
            found += [s for s in told if "%(" in s and COMPARING.search(re.sub(r"%\(\w+\)s", "", s))]
    return found
