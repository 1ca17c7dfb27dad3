#!/usr/bin/env bash
# @etalab/decoupage-administratif 6.0.0: neither the start of a postcode nor the code of a place says which place it is.
#
# Three things that a search box or a join by code takes for granted do not hold in the official list of French places.
# 1. The first two digits of a postcode are not its département: 13780 is in Bouches-du-Rhône and in Var, 94390 (an
#    airport) in Essonne; sixteen postcodes belong to two départements each.
# 2. Codes are keys only within one file: "01" is the département Ain and the region Guadeloupe; eighteen codes are double.
# 3. Adding the inhabitants of all rows counts 3.5 million twice: Paris, Marseille and Lyon stand as a whole and as 45
#    arrondissements. The 109 "départements" are 101 and eight overseas collectivities.
#
# Seen: as stated, from the published package.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @etalab/decoupage-administratif@6.0.0 >/dev/null
node - <<'NODE'
const assert = require("node:assert");
const read = (name) => require(`${process.cwd()}/node_modules/@etalab/decoupage-administratif/data/${name}.json`);
const [communes, departements, regions] = ["communes", "departements", "regions"].map(read);
const places = new Map();
for (const one of communes)
  for (const code of one.codesPostaux ?? []) {
    if (!places.has(code)) places.set(code, new Set());
    places.get(code).add(one.departement ?? one.collectivite);
  }
const shared = [...places].filter(([, found]) => found.size > 1);
console.log("postcodes of two départements:", shared.map(([code, found]) => `${code} (${[...found].join(", ")})`).join("; "));
assert.equal(shared.length, 16);
assert.deepEqual([...places.get("13780")].sort(), ["13", "83"]);
assert.deepEqual([...places.get("94390")], ["91"]);
const both = regions.map((r) => r.code).filter((code) => departements.some((d) => d.code === code && d.nom !== regions.find((r) => r.code === code).nom));
console.log("codes of a region and of another place:", both.join(" "));
assert.equal(both.length, 18);
assert.equal(departements.find((d) => d.code === "01").nom, "Ain");
assert.equal(regions.find((r) => r.code === "01").nom, "Guadeloupe");
const inhabitants = (type) => communes.filter((one) => one.type === type).reduce((sum, one) => sum + (one.population ?? 0), 0);
console.log("counted twice:", inhabitants("arrondissement-municipal"), "of", inhabitants("commune-actuelle"));
assert.equal(communes.filter((one) => one.type === "arrondissement-municipal").length, 45);
assert.equal(inhabitants("arrondissement-municipal"), 3508945);
assert.equal(departements.length, 109);
assert.equal(departements.filter((d) => d.zone === "com").length, 8);
NODE
echo "as described"
