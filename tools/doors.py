"""Find the door of every function: the notebook, command, page or tutorial that reaches it.

    python -m tools.doors            what each public function is reached from
    python -m tools.doors --unused   what only tests reach

Roots are the notebooks, the commands, the build, the tools and the code in documents. What a module does when
it is imported counts as reached once the module is; a function behind a decorator that registers it too, and
a protocol. A method counts when its class does and its name is used anywhere in reached code or in a
template, or when a class above it calls methods by the names of classes. A function counts whose name a YAML
file gives to a module that looks it up in ``globals()``.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools import code_reader as code

SILENT = {"cache", "cached_property", "contextmanager", "property", "staticmethod", "classmethod", "overload"}
SILENT |= {
    "dataclass",
    "lru_cache",
    "total_ordering",
    "wraps",
    "singledispatchmethod",
    "singledispatch",
    "final",
}
SILENT |= {"setter", "runtime_checkable"}
"""Decorators that register nothing."""

OWN_BASES = {"Protocol", "Generic", "Enum", "StrEnum", "IntEnum", "NamedTuple", "TypedDict", "object", "ABC"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Bound = dict[str, tuple[str, str | None]]


@dataclass
class Part:
    """A function, a class without its methods, a method, or what a module does when it is imported."""

    name: str
    module: str
    uses: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    registered: bool = False
    method_of: str | None = None
    always: bool = False


class Reader:
    """All parts of the package by dotted name, and what each uses."""

    def __init__(self, known: Mapping[str, Path] | None = None) -> None:
        """Read the modules of the package (name -> file)."""
        self.modules = known or code.modules()
        self.trees = {name: ast.parse(file.read_text("utf-8")) for name, file in self.modules.items()}
        self.bound: dict[str, Bound] = {}
        for name, file in self.modules.items():
            found = code.bindings(self.trees[name], name, file.name == "__init__.py")
            self.bound[name] = {local: (source, part) for local, source, part in found}
        self.parts: dict[str, Part] = {}
        self.own = {name: _definitions(tree) for name, tree in self.trees.items()}
        self.above: dict[str, list[str]] = defaultdict(list)
        self.calls_by_class: set[str] = set()
        for name, tree in self.trees.items():
            self._read(name, tree)
        self._called_by_class()

    def _called_by_class(self) -> None:
        """Mark the methods that a visitor calls by the name of the class that it meets."""
        classes = {f"_{name.rsplit('.', 1)[1].lower()}" for name, part in self.parts.items() if "." in name}
        for part in self.parts.values():
            if part.method_of and part.name.rsplit(".", 1)[1] in classes:
                part.always = part.always or bool(self._all_above(part.method_of) & self.calls_by_class)

    def _all_above(self, name: str) -> set[str]:
        return {name}.union(*(self._all_above(base) for base in self.above[name]))

    def _read(self, module: str, tree: ast.Module) -> None:
        loaded = self._part(module, module)
        if any(isinstance(n, ast.Call) and _dotted(n.func) == "globals" for n in ast.walk(tree)):
            words = set()
            for path in self.modules[module].parent.glob("*.yaml"):
                words |= {*re.findall(r"\w+", path.read_text("utf-8"))}
            loaded.uses |= {f"{module}.{name}" for name in self.own[module] & words}
        for node in _statements(tree.body):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(f"{module}.{node.name}", module, node, loaded)
            elif isinstance(node, ast.ClassDef):
                self._class(f"{module}.{node.name}", module, node, loaded)
            else:
                self._use(loaded, node)

    def _part(self, name: str, module: str, **more: Any) -> Part:
        self.parts[name] = self.parts.get(name) or Part(name, module, **more)
        return self.parts[name]

    def _function(self, name: str, module: str, node: Function, loaded: Part, **more: Any) -> None:
        registered = node.name == "__getattr__" or any(_last(d) not in SILENT for d in node.decorator_list)
        part = self._part(name, module, registered=registered, **more)
        inside = {local: (source, name) for local, source, name in self._imports(module, node)}
        for child in [*node.body, node.args, *([node.returns] if node.returns else [])]:
            self._use(part, child, inside)
        for decorator in node.decorator_list:
            self._use(loaded, decorator)

    def _class(self, name: str, module: str, node: ast.ClassDef, loaded: Part) -> None:
        bases = [_last(base) for base in node.bases]
        registered = "Protocol" in bases or any(_last(d) not in SILENT for d in node.decorator_list)
        part = self._part(name, module, registered=registered)
        self.above[name] = [found for base in node.bases if (found := self.resolve(module, _dotted(base)))]
        if any(_calls_by_class(child) for child in ast.walk(node)):
            self.calls_by_class.add(name)
        outside = "Protocol" in bases or any(
            _last(base) not in OWN_BASES and not self.resolve(module, _dotted(base)) for base in node.bases
        )
        for child in [*node.bases, *node.keywords, *node.decorator_list]:
            self._use(part, child)
        for child in _statements(node.body):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                always = outside or child.name.startswith(("__", "visit_", "_visit_", "_repr_"))
                self._function(f"{name}.{child.name}", module, child, part, method_of=name, always=always)
            else:
                self._use(part, child)

    def _imports(self, module: str, tree: ast.AST) -> Iterator[tuple[str, str, str | None]]:
        package = self.modules.get(module, code.SRC).name == "__init__.py"
        return code.bindings(tree, module, package)

    def _use(self, part: Part, tree: ast.AST, inside: Bound | None = None) -> None:
        for _, source, name in self._imports(part.module, tree):
            part.loads.add(f"{source}.{name}" if f"{source}.{name}" in self.modules else source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                part.words.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                part.words.add(node.value)
            if isinstance(node, ast.Attribute | ast.Name):
                if found := self.resolve(part.module, _dotted(node), inside=inside):
                    part.uses.add(found)

    def resolve(
        self, module: str, dotted: str | None, depth: int = 0, inside: Bound | None = None
    ) -> str | None:
        """Give the full name of what ``dotted`` means in a module, None when it is not of the package."""
        first, _, rest = (dotted or "").partition(".")
        bound = {**self.bound.get(module, {}), **(inside or {})}
        if not first or depth > 9:
            return None
        if first in self.own.get(module, ()) and first not in (inside or {}):
            return f"{module}.{dotted}" if f"{module}.{dotted}" in self.parts else f"{module}.{first}"
        if first in bound:
            source, name = bound[first]
            target = f"{source}.{name}" if name else (source if first == source.split(".")[-1] else first)
            return self._follow(target + (f".{rest}" if rest else ""), depth)
        return None

    def _follow(self, target: str, depth: int) -> str | None:
        """Give what a full name means: what a package binds goes before its module of the same name."""
        parts = target.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module, rest = ".".join(parts[:cut]), ".".join(parts[cut:])
            if module in self.modules and (found := self.resolve(module, rest, depth + 1)):
                return found
        return None

    def reach(self, roots: Collection[Part]) -> set[str]:
        """Return the names of all parts that the parts ``roots`` reach."""
        reached: set[str] = set()
        words: set[str] = set()
        todo: list[Part] = []
        by_class: dict[str, list[Part]] = defaultdict(list)
        by_name: dict[str, list[Part]] = defaultdict(list)
        by_module: dict[str, list[Part]] = defaultdict(list)
        for part in self.parts.values():
            if part.method_of:
                by_class[part.method_of].append(part)
                by_name[part.name.rsplit(".", 1)[1]].append(part)
            elif part.registered and not part.module.endswith(".cli"):
                by_module[part.module].append(part)

        def add(name: str) -> None:
            if name in self.parts and name not in reached:
                reached.add(name)
                todo.append(self.parts[name])

        def load(module: str) -> None:
            if module == "bobanalysis.cli":
                return  # it names all commands; each is a root of its own
            if module in self.modules and module not in reached:
                add(module)
                load(module.rpartition(".")[0])
                for part in by_module[module]:
                    add(part.name)

        for part in roots:
            add(part.name) if part.name in self.parts else todo.append(part)
        while todo:
            part = todo.pop()
            for module in (part.module, *part.loads):
                load(module)
            for name in part.uses:
                add(name)
            for method in by_class.get(part.name, ()):
                last = method.name.rsplit(".", 1)[1]
                if method.always or method.registered or last in words:
                    add(method.name)
            if part.method_of:
                add(part.method_of)
            for word in part.words - words:
                words.add(word)
                for method in by_name.get(word, ()):
                    if method.method_of in reached:
                        add(method.name)
        return reached

    def outside(self, name: str, source: str) -> Part:
        """Read code that stands outside the package: a notebook, a document, a tool."""
        tree = ast.parse(source)
        self.bound[name] = {local: (module, part) for local, module, part in code.bindings(tree, name, False)}
        self.own[name] = set()
        part = Part(name, name)
        self._use(part, tree)
        return part


def _definitions(tree: ast.Module) -> set[str]:
    return {
        n.name
        for n in _statements(tree.body)
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def _statements(body: Collection[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a body, those below if, try and with too."""
    for node in body:
        if isinstance(node, ast.If) and _dotted(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            continue
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)
        else:
            yield node


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (front := _dotted(node.value)):
        return f"{front}.{node.attr}"
    return _dotted(node.value) if isinstance(node, ast.Subscript) else None


def _calls_by_class(node: ast.AST) -> bool:
    """Tell ``getattr(self, f"_{…}")``."""
    return (
        isinstance(node, ast.Call)
        and _dotted(node.func) == "getattr"
        and _dotted(node.args[0]) == "self"
        and isinstance(node.args[1], ast.JoinedStr)
    )


def _last(node: ast.AST) -> str:
    dotted = _dotted(node.func if isinstance(node, ast.Call) else node) or ""
    return dotted.rsplit(".", 1)[-1]


def cells(path: Path) -> str:
    """Return the code of a notebook, without lines that are commands of Jupyter."""
    book = json.loads(path.read_text("utf-8"))
    lines = "\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code").split("\n")
    return "\n".join(line for line in lines if not line.startswith(("%", "!")))


def blocks(path: Path, language: str = "python") -> list[str]:
    """Return the blocks of code in a document, one after the other."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", path.read_text("utf-8"), re.M | re.S)
    return [re.sub(rf"^{indent}", "", block, flags=re.M) for indent, block in found]


def roots(reader: Reader) -> dict[str, list[Part]]:
    """Return what readers use: name of the door -> parts of the package or code outside it."""
    found = {}
    for kind, folder in (("notebook", "notebooks"), ("tutorial", "docs/tutorials")):
        for path in sorted((code.ROOT / folder).glob("*.ipynb")):
            found[f"{kind} {path.stem}"] = [reader.outside(f"{kind} {path.stem}", cells(path))]
    for path in [code.ROOT / "README.md", *sorted((code.ROOT / "docs").glob("*.md"))]:
        if blocks(path):
            found[path.name] = [reader.outside(path.name, "\n".join(blocks(path)))]
    for path in sorted((code.ROOT / "tools").rglob("*.py")):
        found[f"tools/{path.name}"] = [reader.outside(f"tools/{path.name}", path.read_text("utf-8"))]
    for name, part in reader.parts.items():
        if part.registered and part.module.endswith(".cli"):
            found[f"command {name.rsplit('.', 1)[1]}"] = [part]
    placed = {
        node.value for node in ast.walk(reader.trees["bobanalysis.cli"]) if isinstance(node, ast.Constant)
    }
    rooms = [reader.parts.get(str(place).replace(":", ".")) for place in placed]
    found["the commands"] = [reader.parts["bobanalysis.cli"], *(part for part in rooms if part)]
    found["the build"] = [reader.parts["bobanalysis.build"]]
    found["the pages"] = [
        reader.parts[name]
        for name in reader.parts
        if name.startswith("bobanalysis.report.") and name.endswith(".render")
    ]
    listed = code.ROOT / "src/bobanalysis/report/pages.yaml"
    for named in re.findall(r"\w+:\w+", listed.read_text("utf-8") if listed.exists() else ""):
        place = f"bobanalysis.report.{named.replace(':', '.')}"
        found["the pages"] += [part for name, part in reader.parts.items() if name == place]
    words = set()
    for path in (code.PACKAGE / "report").rglob("*"):
        if path.suffix in (".html", ".jinja", ".svg", ".txt"):
            words |= set(
                re.findall(
                    r"\b[a-z_]+\b", " ".join(re.findall(r"\{[{%].*?[}%]\}", path.read_text("utf-8"), re.S))
                )
            )
    found["the pages"][0].words |= words
    return found


def unused(reader: Reader | None = None, waiting: Collection[str] = ()) -> list[str]:
    """Return the functions, classes and methods that no door reaches: dotted names."""
    reader = reader or Reader()
    start = [part for group in roots(reader).values() for part in group]
    reached = reader.reach(start + [reader.parts[name] for name in waiting if name in reader.parts])
    return sorted(reader.parts.keys() - reached - reader.modules.keys())


def doors(reader: Reader | None = None) -> dict[str, list[str]]:
    """Return the doors of every public function and class: dotted name -> names of doors."""
    reader = reader or Reader()
    found = defaultdict(list)
    for door, parts in roots(reader).items():
        for name in reader.reach(parts):
            if name not in reader.modules and not any(p.startswith("_") for p in name.split(".")[1:]):
                found[name].append(door)
    return dict(sorted(found.items()))


if __name__ == "__main__":
    waiting = yaml.safe_load((code.ROOT / "tests" / "project" / "waiting.yaml").read_text("utf-8")) or {}
    if "--unused" in sys.argv:
        print(*unused(waiting=waiting), sep="\n")
    else:
        for name, those in doors().items():
            print(f"{name.removeprefix('bobanalysis.')}: {', '.join(those)}")
