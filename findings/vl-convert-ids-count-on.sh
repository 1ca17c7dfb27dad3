#!/usr/bin/env bash
# vl-convert-python 1.9.0: the same chart gives another SVG the second time, and ids of two processes collide on a page.
#
# Gradients and clips get an id from a counter that runs on through the process. One specification converted twice is
# therefore two different files, so a report cannot be compared byte by byte unless every chart has its own process.
# And then every chart's first gradient is `gradient_0`: of two charts written into one HTML page the second legend
# takes the first one's colours, since an id is looked up in the whole document.
#
# Seen: gradient_0, then gradient_1 in the next call; gradient_0 again in a new process, for other colours.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check vl-convert-python==1.9.0
cat > "$folder/chart.py" <<'PYTHON'
import re
import sys

import vl_convert

def chart(scheme):
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": [{"region": "A", "rate": 1}, {"region": "B", "rate": 5}]},
        "mark": "bar",
        "encoding": {"x": {"field": "region", "type": "nominal"},
                     "color": {"field": "rate", "type": "quantitative", "scale": {"scheme": scheme}}},
    }

for scheme in sys.argv[1:]:
    svg = vl_convert.vegalite_to_svg(chart(scheme))
    print(*re.findall(r'id="(gradient_\d+)"', svg), re.search(r'stop-color="([^"]+)"', svg)[1])
PYTHON
first=$("$folder/env/bin/python" "$folder/chart.py" blues blues)
second=$("$folder/env/bin/python" "$folder/chart.py" reds)
echo "one process, the same chart twice:"; echo "$first"; echo "another process, other colours:"; echo "$second"
[ "$(echo "$first" | cut -d' ' -f1 | tr '\n' ' ')" = "gradient_0 gradient_1 " ]
[ "${second%% *}" = "gradient_0" ]
[ "$(echo "$first" | head -1)" != "$second" ]
echo "as described"
