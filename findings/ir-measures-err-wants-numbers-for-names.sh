#!/usr/bin/env bash
# ir_measures 0.4.3: ERR and nDCG with exponential gains fail where a query is called "a", and are rounded to 5 digits.
#
# Both measures are handed to a Perl script (gdeval) that is shipped with the package. It takes names of queries to be
# numbers: a query called "a" makes it end with an error, and ir_measures raises CalledProcessError, which names neither
# the query nor the reason. The same data with a query called "1" give a value, to five decimals only: 0.06250 would be
# exact, and 1/48 = 0.0208333… comes out as 0.02083.
#
# Seen: CalledProcessError for query "a"; ERR@5 of query "1" = 0.02083 where 1/48 is meant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v perl >/dev/null || { echo "needs perl" >&2; exit 1; }
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ir_measures==0.4.3
"$folder/env/bin/python" - <<'PYTHON'
from subprocess import CalledProcessError

import ir_measures
from ir_measures import ERR, Qrel, ScoredDoc


def err(query):
    run = [ScoredDoc(query, name, 3.0 - rank) for rank, name in enumerate("xyz")]
    return ir_measures.calc_aggregate([ERR @ 5], [Qrel(query, "z", 1)], run)[ERR @ 5]


value = err("1")
print("query 1:", value)
assert value == 0.02083 and value != 1 / 48, "more digits now"
try:
    value = err("a")
except CalledProcessError as error:
    print("query a:", type(error).__name__)
else:
    raise AssertionError(f"query a has a value now: {value}")
PYTHON
echo "as described"
