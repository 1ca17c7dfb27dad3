#!/usr/bin/env bash
# great-tables 1.1.0: locale "fr" changes the separators of numbers and leaves their signs where English has them.
#
# French writes "12,3 %" and "1 234,50 €", with a no-break space before a sign that follows the number. With locale="fr"
# the decimal comma and the narrow space between thousands are there, but the percent sign clings to the number and the
# euro sign stands in front of it. Babel 2.19.0, with the same locale data (CLDR), writes both as French does.
#
# Seen: "12,3%" and a euro sign before the amount; Babel: "12,3 %", "1 234,50 €", with no-break spaces.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check great-tables==1.1.0 pandas babel==2.19.0
"$folder/env/bin/python" - <<'PYTHON'
import html
import re

import pandas as pd
from babel.numbers import format_currency, format_percent
from great_tables import GT

table = GT(pd.DataFrame({"share": [0.1234], "money": [1234.5]}))
table = table.fmt_percent("share", decimals=1, locale="fr").fmt_currency("money", currency="EUR", locale="fr")
cells = [html.unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", table.as_raw_html())]
babel = [format_percent(0.123, locale="fr", decimal_quantization=False), format_currency(1234.5, "EUR", locale="fr")]
print("great-tables", [ascii(cell) for cell in cells], "Babel", [ascii(cell) for cell in babel])
assert cells == ["12,3%", "\u20ac1\u202f234,50"], "great-tables places the signs otherwise now"
assert babel == ["12,3\u00a0%", "1\u202f234,50\u00a0\u20ac"]
PYTHON
echo "as described"
