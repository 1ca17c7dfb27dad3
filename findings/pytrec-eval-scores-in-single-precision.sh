#!/usr/bin/env bash
# pytrec_eval-terrier 0.5.11: scores that differ in the eighth digit are equal, and the name of the document decides.
#
# A run gives "a" 1.00000001 and "b" 1.0. As doubles, "a" comes first. Scores are kept in single precision, in which
# both are 1.0, and equal scores are ordered by name, the last first: "b" comes first, and the reciprocal rank of "a" is
# 0.5. A difference of one in a million is kept. Probabilities near 1 and fused scores are often that close.
#
# Seen: reciprocal rank 0.5 for 1.00000001 against 1.0, and 1.0 for 1.000001 against 1.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pytrec_eval-terrier==0.5.11
"$folder/env/bin/python" - <<'PYTHON'
import pytrec_eval

evaluator = pytrec_eval.RelevanceEvaluator({"1": {"a": 1}}, {"recip_rank"})
for first, expected in ((1.00000001, 0.5), (1.000001, 1.0)):
    found = evaluator.evaluate({"1": {"a": first, "b": 1.0}})["1"]["recip_rank"]
    print(f"a {first!r}, b 1.0: reciprocal rank of a {found}")
    assert found == expected, "the precision of scores has changed"
PYTHON
echo "as described"
