#!/usr/bin/env bash
# fairlearn 0.15.0: a group without one true positive case has a true positive rate of 0, and it widens the gap.
#
# Nobody in group b should have been selected (no positive label), so the rate "of those, how many were" has no value.
# fairlearn gives 0 for it, and 0 for the rate of false negatives as well, though the two add to one wherever they
# exist. Nothing warns; `equalized_odds_difference` and `equal_opportunity_difference` then report a gap of 0.5 between
# groups whose other rate is the same. aequitas 1.1.0 leaves the rate undefined.
#
# Seen: both rates of b are 0.0, both differences are 0.5, no warning; aequitas gives NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check fairlearn==0.15.0 aequitas==1.1.0
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import pandas as pd
from fairlearn import metrics as m

label = [1, 1, 0, 0, 0, 0, 0, 0]
decision = [1, 0, 1, 0, 1, 0, 1, 0]
group = list("aaaabbbb")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    frame = m.MetricFrame(metrics={"tpr": m.true_positive_rate, "fnr": m.false_negative_rate, "fpr": m.false_positive_rate},
                          y_true=label, y_pred=decision, sensitive_features=group)
    odds = m.equalized_odds_difference(label, decision, sensitive_features=group)
    opportunity = m.equal_opportunity_difference(label, decision, sensitive_features=group)
print(frame.by_group, "equalized odds:", odds, "equal opportunity:", opportunity)
b = frame.by_group.loc["b"]
assert (b["tpr"], b["fnr"], b["fpr"]) == (0, 0, 0.5), "fairlearn says undefined now"
assert odds == opportunity == 0.5

warnings.simplefilter("ignore")
from aequitas.group import Group

table, _ = Group().get_crosstabs(pd.DataFrame({"score": decision, "label_value": label, "group": group}))
print(table[["attribute_value", "tpr", "fnr", "fpr"]])
assert table.set_index("attribute_value").loc["b", ["tpr", "fnr"]].isna().all()
PYTHON
echo "as described"
