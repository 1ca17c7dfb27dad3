#!/usr/bin/env bash
# statsmodels 0.15.0: the pseudo R squared of a GLM on a table of counts is not that of the people it counts.
#
# A table with `freq_weights` stands for that many equal rows, and coefficients, standard errors, log-likelihood, AIC
# and BIC are indeed those of the rows written out. `pseudo_rsquared()` (Cox and Snell, the default) divides the
# log-likelihood of all the people by the number of rows of the table instead of the number of people: a fit looks far
# better, the more so the coarser the table is. It passes without a warning.
#
# Seen: 40 rows that stand for 118 people: 0.70 from the table, 0.33 from the people; all else agrees.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import statsmodels.api as sm

rng = np.random.default_rng(1)
x = rng.normal(size=40)
group = rng.random(40) < 0.5
y = (rng.random(40) < 1 / (1 + np.exp(-x))).astype(float)
count = rng.integers(1, 6, 40)
design = sm.add_constant(np.column_stack([x, group]))
row = np.repeat(np.arange(40), count)
binomial = sm.families.Binomial()
with warnings.catch_warnings():
    warnings.simplefilter("error")
    table = sm.GLM(y, design, family=binomial, freq_weights=count).fit()
    people = sm.GLM(y[row], design[row], family=binomial).fit()
    r2 = table.pseudo_rsquared(), people.pseudo_rsquared()
print("rows", len(y), "people", count.sum(), "pseudo R squared", *np.round(r2, 4))
for same in ("params", "bse", "llf", "aic", "bic_llf"):
    np.testing.assert_allclose(getattr(table, same), getattr(people, same), rtol=1e-8)
expected = 1 - np.exp(2 * (people.llnull - people.llf) / count.sum())
np.testing.assert_allclose(r2[1], expected)
assert r2[0] > 2 * r2[1], "the table's value is that of the people now"
np.testing.assert_allclose(r2[0], 1 - np.exp(2 * (people.llnull - people.llf) / len(y)))
PYTHON
echo "as described"
