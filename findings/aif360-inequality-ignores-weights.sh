#!/usr/bin/env bash
# AIF360 0.6.1: indices of inequality leave the weights out that every other measure of the same object uses.
#
# A row of weight 3 stands for three people. Selection rates and odds differences are those of the three people written
# out; `generalized_entropy_index`, `theil_index` and `coefficient_of_variation` are those of the unweighted rows. A
# survey, or a table of counts, then shows weighted gaps beside unweighted inequality, without a word.
#
# Seen: average odds difference -0.667 from weights and from rows alike; entropy index 0.235 from weights (as without
# any), 0.160 from the rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check aif360==0.6.1
"$folder/env/bin/python" 2>/dev/null - <<'PYTHON'
import numpy as np
import pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric

people = pd.DataFrame({"label": [1, 0, 1, 0, 0, 0, 1, 1], "sex": [1, 1, 1, 1, 0, 0, 0, 0],
                       "weight": [1.0, 2, 1, 1, 1, 3, 1, 1]})
decision = np.array([1, 0, 1, 1, 0, 0, 0, 0.0])


def measures(frame, decision):
    data = BinaryLabelDataset(df=frame, label_names=["label"], protected_attribute_names=["sex"],
                              instance_weights_name="weight")
    decided = data.copy()
    decided.labels = decision[:, None]
    found = ClassificationMetric(data, decided, unprivileged_groups=[{"sex": 0}], privileged_groups=[{"sex": 1}])
    return np.array([found.average_odds_difference(), found.generalized_entropy_index(), found.theil_index(),
                     found.coefficient_of_variation()])


row = np.repeat(np.arange(8), people["weight"].astype(int))
written_out = people.loc[row].assign(weight=1.0).reset_index(drop=True)
weighted, out = measures(people, decision), measures(written_out, decision[row])
unweighted = measures(people.assign(weight=1.0), decision)
print("odds, entropy, Theil, variation: weighted", weighted.round(3), "written out", out.round(3), "unweighted", unweighted.round(3))
assert np.isclose(weighted[0], out[0]) and not np.isclose(weighted[0], unweighted[0])
assert np.allclose(weighted[1:], unweighted[1:]), "the indices use the weights now"
assert (abs(weighted[1:] - out[1:]) > 0.01).all()
PYTHON
echo "as described"
