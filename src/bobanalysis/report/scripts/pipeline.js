// The published pipeline for one person: diagnosis, then ranked advice, then strategies.
// It reads bobRules (compiled from the rules) and bobData (the published tables, the market), both written above.
var bobTry = (function () {
"use strict";
var data = bobData, LACKS_DATA = 0.1, SECONDARY = 10, TIPS = "specific-to-job";

function starts(text, prefix) { return text.slice(0, prefix.length) === prefix; }

function refusalInWords(refusal, person) {
  return refusal.kind + ": " + refusal.details.map(function (d) { return bobRules.fill(d, person); }).join(", ");
}

function diagnosed(reader, person) {
  var refusal = reader.refusal("overall_score"), failed = refusal !== null;
  function shown(value) { return failed || value === undefined ? null : value; }
  var told = {
    main_challenge: shown(reader.value("main_challenge")),
    overall_row: failed ? null : data.overall[reader.value("overall_row")],
    overall_score: shown(reader.value("overall_score")),
    market_known: person.market_offers_per_10_candidates !== 0,
    diagnosis_error: failed ? refusalInWords(refusal, person) : null
  };
  data.challenges.forEach(function (c) { told[c.column] = shown(reader.value(c.column)); });
  return told;
}

function stars(reader, id) {
  var refusal = reader.refusal("advice " + id);
  if (refusal) return refusal.kind === "missing" && refusal.details.length ? LACKS_DATA : 0;
  return reader.value("advice " + id);
}

// Best first: by score, then by id, both descending.
function before(a, b) { return a.score !== b.score ? a.score > b.score : a.id > b.id; }

function ranked(reader, failed) {
  var all = data.advice.map(function (m) { return { id: m.id, score: failed ? 0 : stars(reader, m.id) }; });
  var given = {}, everyOneScores = all.every(function (a) { return a.score !== 0; });
  all.forEach(function (a) { given[a.id] = a.score > 0 || (a.score < 0 && everyOneScores) ? a : null; });
  var asked = Object.assign({}, given), changed = true;
  while (changed) {
    changed = false;
    data.excluded.forEach(function (pair) {
      var id = pair[0], own = asked[id];
      var beaten = own && pair[1].some(function (other) { return given[other] && before(given[other], own); });
      var kept = own && !beaten ? own : null;
      if (given[id] !== kept) { given[id] = kept; changed = true; }
    });
  }
  return all.map(function (a) { return given[a.id]; }).filter(Boolean)
    .sort(function (a, b) { return before(a, b) ? -1 : 1; });
}

function pieces(strategy, advice, tips) {
  var own = [];
  strategy.advice.forEach(function (prefix) { // the best ranked advice whose id starts with the text (C25)
    own.push(advice.filter(function (a) { return starts(a.id, prefix); })[0]);
  });
  if (tips >= 0 && data.tips[tips].indexOf(strategy.id) >= 0) {
    own.push(advice.filter(function (a) { return a.id === TIPS; })[0]);
  }
  return stable(own.filter(Boolean), function (a) { return a.score; }).map(function (a) { return a.id; });
}

// Sort downwards; what is equal keeps its order.
function stable(items, key) {
  return items.map(function (item, n) { return { item: item, key: key(item), n: n }; })
    .sort(function (a, b) { return b.key - a.key || a.n - b.n; }).map(function (x) { return x.item; });
}

function proposed(reader, told, advice) {
  if (told.main_challenge === null) return [];
  var tips = reader.value("job tips"), found = [];
  data.strategies.forEach(function (s) {
    if (s.challenges.indexOf(told.main_challenge) < 0) return;
    var score = reader.value("strategy " + s.id), own = pieces(s, advice, tips);
    if (score === 0 || !own.length) return;
    var points = Math.min(score * 100 / 3, 100 - told.overall_score);
    if (points < 0) throw new Error("strategy " + s.id + " has negative points");
    found.push({ id: s.id, points: Math.trunc(points), is_secondary: points <= SECONDARY, advice: own });
  });
  return stable(found, function (s) { return s.points; });
}

// Run the pipeline on a row that holds every input; keep what tells the reasons.
function study(row) {
  var person = Object.assign({}, row), first = bobRules.read(person);
  var told = diagnosed(first, person), main = first.value("main_challenge");
  var after = Object.assign({}, person, { diagnostic_category: main });
  if (told.overall_score !== null) after.diagnostic_overall_score = told.overall_score;
  var second = bobRules.read(after), advice = ranked(second, told.diagnosis_error !== null);
  told.advice = advice.map(function (a) { return a.id; });
  told.stars = advice.map(function (a) { return Math.fround(a.score); });
  told.strategies = proposed(second, told, advice);
  function later(name) { return starts(name, "advice ") || starts(name, "strategy "); }
  function answer(name) { return (later(name) ? second : first).answer(name); }
  function holds(name, k) { return (later(name) ? second : first).holds(k); }
  // Tell whether the contrary of one condition, of those that were read, changes what a rule answers.
  function decides(name, k, held) {
    function said(reader) {
      var refusal = reader.refusal(name);
      return refusal ? refusal.kind + refusal.details.join() : String(reader.value(name));
    }
    var forced = {};
    forced[k] = !held;
    return said(bobRules.read(later(name) ? after : person, null, forced)) !== said(later(name) ? second : first);
  }
  return { told: told, answer: answer, holds: holds, decides: decides };
}

var columns = {}; // of the market, by name and job: read once
function local(name, job, place) {
  var key = name + " " + job;
  if (!columns[key]) columns[key] = (data.market.local[name][job] || "").split(",");
  var text = columns[key][place] || "";
  return text === "" ? data.defaults[name] : Number(text);
}

// Fill a person's answers with what is not asked, and with the figures of their job and place.
function join(answers) {
  var row = Object.assign({}, data.defaults, answers);
  var place = data.market.places.indexOf(row.departement_id), job = row.rome_id;
  Object.keys(data.market.local).forEach(function (name) { row[name] = local(name, job, place); });
  var known = data.market.jobs.rows[job];
  data.market.jobs.columns.forEach(function (name, k) { row[name] = known ? known[k] : data.defaults[name]; });
  var served = data.associations.rows[row.departement_id] || data.associations.elsewhere;
  data.associations.columns.forEach(function (name, k) { row[name] = served[k]; });
  return row;
}

return { data: data, study: study, join: join, run: function (row) { return study(row).told; } };
})();
