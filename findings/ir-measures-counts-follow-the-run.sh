#!/usr/bin/env bash
# ir_measures 0.4.3: what is known of the judgements alone changes with the run, and a perfect answer ends the evaluation.
#
# The judgements hold two queries and three relevant documents; the run answers one query. NumRel ("number of relevant
# documents") leaves out those of the unanswered query, and NumQ ("number of queries") is 1, while AP is still averaged
# over two: dividing one by the other gives a wrong recall. Accuracy gives one value query by query, and yet its mean
# counts the second query as 0: the mean of the values printed is not the mean printed. Where every retrieved document
# is relevant, Accuracy raises ZeroDivisionError and takes all other measures of the call with it.
#
# Seen: NumRel 1 of 3, NumQ 1 of 2, AP 0.5; Accuracy 1.0 for its only query and 0.5 in the mean; ZeroDivisionError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ir_measures==0.4.3 pytrec_eval-terrier==0.5.11
"$folder/env/bin/python" - <<'PYTHON'
import ir_measures
from ir_measures import AP, Accuracy, NumQ, NumRel, Qrel, ScoredDoc

judged = [Qrel("1", "a", 1), Qrel("2", "b", 1), Qrel("2", "c", 1)]
run = [ScoredDoc("1", "a", 2.0), ScoredDoc("1", "x", 1.0)]
found = ir_measures.calc_aggregate([AP, Accuracy, NumRel, NumQ], judged, run)
by_query = {row.query_id: row.value for row in ir_measures.iter_calc([Accuracy], judged, run)}
print({str(measure): value for measure, value in found.items()}, "Accuracy by query:", by_query)
assert (found[AP], found[NumRel], found[NumQ]) == (0.5, 1, 1), "averages or counts have changed"
assert by_query == {"1": 1.0} and found[Accuracy] == 0.5, "Accuracy agrees with its values now"
try:
    value = ir_measures.calc_aggregate([AP, Accuracy], judged, [ScoredDoc("1", "a", 2.0)])
except ZeroDivisionError as error:
    print("all retrieved are relevant: ZeroDivisionError:", error)
else:
    raise AssertionError(f"a value now: {value}")
PYTHON
echo "as described"
