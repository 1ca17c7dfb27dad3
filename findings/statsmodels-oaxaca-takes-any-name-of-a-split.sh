#!/usr/bin/env bash
# statsmodels 0.15.0: OaxacaBlinder's two_fold() takes any name of a split, and gives the pooled one for it.
#
# The split of Neumark (1988) leaves the indicator of the group out of the pooled regression, that of Jann (2008) keeps
# it. statsmodels spells the former "nuemark". Whoever asks for "neumark", as the author is called, or "Cotton", or
# "no such split", gets the result of "pooled": no error, no warning. In wages that depend on schooling and on the group
# the explained part is then another number than the one asked for.
#
# Seen: "neumark" and "no such split" equal "pooled"; "nuemark" equals Neumark's own formula, and not "neumark".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy pandas
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import statsmodels
from statsmodels.stats.oaxaca import OaxacaBlinder

rng = np.random.default_rng(0)
group = np.repeat([1.0, 0.0], 200)
school = rng.normal(12 + 2 * group, 2)
wage = 5 + school + 3 * group + rng.normal(size=400)

with warnings.catch_warnings():
    warnings.simplefilter("error")
    model = OaxacaBlinder(wage, np.column_stack([group, school]), 0, hasconst=False)
    names = ("pooled", "neumark", "no such split", "Cotton", "cotton", "nuemark")
    explained = {name: float(model.two_fold(two_fold_type=name).params[1]) for name in names}
print("statsmodels", statsmodels.__version__, explained)

apart = school[group == 1].mean() - school[group == 0].mean()
formula = apart * np.polyfit(school, wage, 1)[0]
print("Neumark's formula:", formula)
assert explained["neumark"] == explained["no such split"] == explained["Cotton"] == explained["pooled"]
assert np.isclose(explained["nuemark"], formula)
assert abs(explained["neumark"] - formula) > 0.5 and abs(explained["Cotton"] - explained["cotton"]) > 1e-4
PYTHON
echo "as described"
