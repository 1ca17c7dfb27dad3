"""No YAML file says a thing twice: of two entries of one key, a reader of YAML keeps the later in silence."""

import pytest
import yaml

from tools import code_reader as code

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILES = sorted(path for folder in ("data", "src") for path in (code.ROOT / folder).rglob("*.yaml"))


def twice(text):
    """List the keys that stand twice in one mapping, with their lines."""
    found, waiting = [], [yaml.compose(text, Loader=LOADER)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            seen = {}
            for key, value in node.value:
                waiting += [key, value]
                if isinstance(key, yaml.ScalarNode):
                    before = seen.setdefault((key.tag, key.value), key.start_mark.line)
                    if before != key.start_mark.line:
                        found.append(f"{key.value!r} in lines {before + 1} and {key.start_mark.line + 1}")
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
    return sorted(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(code.ROOT).as_posix())
def test_no_key_stands_twice(path):
    assert twice(path.read_text("utf-8")) == []


def test_a_key_that_stands_twice_is_found_at_any_depth():
    text = "a: 1\nb:\n  - {c: 1}\n  - c: 2\n    d: 3\n    c: 4\na: 5\n"
    assert twice(text) == ["'a' in lines 1 and 7", "'c' in lines 4 and 6"]
    assert twice("a: 1\nb: {a: 2}\n1: x\n'1': y\n") == []
