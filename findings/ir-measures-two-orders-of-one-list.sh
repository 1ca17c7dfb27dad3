#!/usr/bin/env bash
# ir_measures 0.4.3: one list, two orders: measures of one call disagree on which of two equal scores comes first.
#
# Two documents with the same score, the relevant one first in the run and in the alphabet. Reciprocal rank is left to
# trec_eval's code, which puts the later name first: 0.5. Judged@1 is computed by ir_measures itself, which keeps the
# other order: the judged document is first, 1.0. Read together, the document at rank 1 is judged, and the only judged
# document is at rank 2.
#
# Seen: RR 0.5, Judged@1 1.0, in one call, from one run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ir_measures==0.4.3 pytrec_eval-terrier==0.5.11
"$folder/env/bin/python" - <<'PYTHON'
import ir_measures
from ir_measures import RR, Judged, Qrel, ScoredDoc

judged = [Qrel("1", "x", 1)]
run = [ScoredDoc("1", "x", 1.0), ScoredDoc("1", "y", 1.0)]
found = ir_measures.calc_aggregate([RR, Judged @ 1], judged, run)
print({str(measure): value for measure, value in found.items()})
assert found[RR] == 0.5, "reciprocal rank puts the earlier name first now"
assert found[Judged @ 1] == 1.0, "both measures have one order now"
PYTHON
echo "as described"
