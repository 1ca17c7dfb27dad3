#!/usr/bin/env bash
# scipy 1.17.1: the hypergeometric law loses seven of its fifteen digits when the groups are as large as a country.
#
# Fisher's test of a small group among millions needs probabilities of this law. `hypergeom.pmf` makes them from
# logarithms of beta functions, whose size grows with the population, and loses one digit for every ten times as many
# people; `cdf` and `sf` add these up and lose as much. There is no warning, and no sign of it in the result: binomial
# and Poisson probabilities of the same size keep all their digits. Products of ratios of neighbouring probabilities do.
#
# Seen: 5 of 10 in a third of N, probability 0.137: relative error 3e-16 for ten thousand people, 5e-11 for a million,
#       2e-8 for a hundred million, 7e-8 for a thousand million.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings
from fractions import Fraction
from math import comb

from scipy.stats import binom, hypergeom

warnings.simplefilter("error")
drawn, seen, lost = 10, 5, []
for everybody in (10**4, 10**6, 10**8, 10**9):
    group = everybody // 3
    exact = Fraction(comb(drawn, seen))
    for k in range(seen):
        exact *= Fraction(group - k, everybody - k)
    for k in range(drawn - seen):
        exact *= Fraction(everybody - group - k, everybody - seen - k)
    single = hypergeom.pmf(seen, everybody, drawn, group)
    step = hypergeom.cdf(seen, everybody, drawn, group) - hypergeom.cdf(seen - 1, everybody, drawn, group)
    errors = [abs(float(Fraction(float(value)) / exact - 1)) for value in (single, step)]
    print(f"{everybody:>13,} people: pmf off by {errors[0]:.1e}, step of cdf by {errors[1]:.1e}")
    lost.append(errors)
    nearly = Fraction(comb(drawn, seen)) * Fraction(1, 3) ** seen * Fraction(2, 3) ** (drawn - seen)
    assert abs(float(Fraction(float(binom.pmf(seen, drawn, 1 / 3))) / nearly - 1)) < 1e-14
assert max(lost[0]) < 1e-13
assert min(lost[2]) > 1e-9, "a hundred million people keep their digits now"
assert min(lost[3]) > 1e-9, "a thousand million people keep their digits now"
PYTHON
echo "as described"
