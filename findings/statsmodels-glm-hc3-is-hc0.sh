#!/usr/bin/env bash
# statsmodels 0.15.0: a GLM (and Logit) that is asked for HC1, HC2 or HC3 standard errors gives HC0, without a word.
#
# HC3 divides each residual by one minus its leverage, so that standard errors of small samples are larger than HC0's.
# OLS does so. GLM(...).fit(cov_type="HC3") accepts the name, reports cov_type "HC3", and returns the HC0 matrix to the
# last digit. Who trusts the label publishes intervals that are too short: here by a few per cent with 60 rows.
#
# Seen: four equal rows for GLM, three for Logit, two that differ for OLS; HC3 by its formula is larger.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy scipy pandas
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import statsmodels.api as sm

rng = np.random.default_rng(0)
x = sm.add_constant(rng.normal(size=(60, 3)))
y = (rng.random(60) < 1 / (1 + np.exp(-x @ [0.2, 1, 0, 0]))).astype(float)
glm = sm.GLM(y, x, family=sm.families.Binomial())
found = {how: glm.fit(cov_type=how) for how in ("HC0", "HC1", "HC2", "HC3")}
for how, result in found.items():
    print("GLM  ", result.cov_type, result.bse.round(6))
    assert result.cov_type == how
    assert np.array_equal(result.bse, found["HC0"].bse), "statsmodels tells them apart now"
logit = {how: sm.Logit(y, x).fit(disp=0, cov_type=how).bse for how in ("HC0", "HC1", "HC3")}
print("Logit", *(value.round(6) for value in logit.values()))
assert all(np.array_equal(value, logit["HC0"]) for value in logit.values())
ols = {how: sm.OLS(y, x).fit(cov_type=how).bse for how in ("HC0", "HC3")}
print("OLS  ", *(value.round(6) for value in ols.values()))
assert (ols["HC3"] > ols["HC0"]).all()

mean = found["HC0"].fittedvalues
slope = mean * (1 - mean)
bread = np.linalg.inv((x * slope[:, None]).T @ x)
leverage = slope * ((x @ bread) * x).sum(axis=1)
moved = (x * ((y - mean) / (1 - leverage))[:, None]) @ bread
by_formula = np.sqrt(np.diag(moved.T @ moved))
print("HC3 by its formula", by_formula.round(6))
assert (by_formula > 1.02 * found["HC3"].bse).all()
PYTHON
echo "as described"
