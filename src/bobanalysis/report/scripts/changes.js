// What decides: every answer of a profile is changed, one at a time, and the whole pipeline runs again.
var bobChanges = (function () {
"use strict";
var LONGEST = 60, OTHER_PLACES = 5;

// What is said of one item: a challenge, a score, the stars of an advice, the points of a strategy; null: not given.
function valueOf(told, key) {
  if (told.diagnosis_error) return "stops";
  if (key === "main_challenge") return told.main_challenge;
  if (key === "overall_score") return told.overall_score;
  var id = key.slice(key.indexOf(" ") + 1), at;
  if (key.indexOf("advice ") === 0) {
    at = told.advice.indexOf(id);
    return at < 0 ? null : told.stars[at];
  }
  at = told.strategies.filter(function (s) { return s.id === id; })[0];
  return at ? at.points : null;
}
function keysOf(told) {
  if (told.diagnosis_error) return ["main_challenge"];
  return ["main_challenge", "overall_score"].concat(told.strategies.map(function (s) { return "strategy " + s.id; }),
    told.advice.map(function (id) { return "advice " + id; }));
}
// The answers with one question answered otherwise.
function vary(answers, name, value) {
  var other = Object.assign({}, answers);
  other[name] = value;
  if (name === "search_length") { other.search_length_now = value; other.search_not_started = false; }
  if (name === "search_not_started" && value) other.search_length = other.search_length_now = -1;
  if (name === "rome_id") other.num_objectives = value ? 1 : 0;
  return other;
}
function range(low, high) {
  var all = [];
  for (var n = low; n <= high; n++) all.push(n);
  return all;
}
// Other answers to a question, those that say something before "no answer".
function others(field, answers, places, jobs) {
  var all = field.kind === "bool" ? [true, false]
    : field.name === "age" ? range(bobTry.data.ages[0], bobTry.data.ages[1]).concat(bobTry.data.defaults.age)
    : field.name === "departement_id" ? places.concat("") : field.name === "rome_id" ? jobs.concat("")
    : field.name === "search_length" ? range(0, LONGEST).concat(-1)
    : field.name === "total_interview_count" ? [-1].concat(range(1, LONGEST), 0)
    : field.options.map(function (o) { return o[0]; });
  var none = bobTry.data.defaults[field.name];
  return all.filter(function (v) { return v !== none; }).concat(field.kind === "bool" ? none : all.indexOf(none) < 0 ? [] : none)
    .filter(function (v) { return v !== answers[field.name]; });
}
// Look for what decides, one run at a time: the caller says when the next may come (a generator).
// possible(answers) tells which answers a person can give. It fills found as it goes: ages and places first.
function* look(answers, fields, places, jobs, possible, found) {
  var study = bobTry.study(bobTry.join(answers)), keys = keysOf(study.told), changed = {};
  found.ages = {}; found.places = {}; found.items = {}; found.done = found.done || {};
  keys.forEach(function (key) { changed[key] = {}; });
  if (answers.age <= bobTry.data.ages[1]) found.ages[answers.age] = study.told;
  if (answers.departement_id) found.places[answers.departement_id] = study.told;
  var total = {};
  for (var f = 0; f < fields.length; f++) {
    var field = fields[f], tried = others(field, answers, places, jobs);
    total[field.name] = 0;
    for (var n = 0; n < tried.length; n++) {
      var other = vary(answers, field.name, tried[n]);
      if (!possible(other)) continue;
      var told = bobTry.run(bobTry.join(other));
      if (field.name === "age" && tried[n] <= bobTry.data.ages[1]) found.ages[tried[n]] = told;
      if (field.name === "departement_id" && tried[n]) found.places[tried[n]] = told;
      if (tried[n] !== bobTry.data.defaults[field.name]) total[field.name] += 1;
      keys.forEach(function (key) {
        var value = valueOf(told, key);
        if (value === valueOf(study.told, key)) return;
        (changed[key][field.name] = changed[key][field.name] || []).push({ after: tried[n], value: value, main: told.main_challenge !== study.told.main_challenge, known: told.market_known });
      });
      yield field.name;
    }
    found.done[field.name] = true;
    yield field.name;
  }
  for (var k = 0; k < keys.length; k++) {
    found.items[keys[k]] = yield* explain(keys[k], study, answers, fields, changed[keys[k]], total);
  }
}
// Of the changes that alter an item: the nearest of each question, and the conditions that they turn.
// What alters advice or a strategy through another main challenge stands together: it is told of the diagnosis.
function* explain(key, study, answers, fields, changed, total) {
  var read = study.answer(key), alone = {}, told = [], through = [], values = [], after = key.indexOf(" ") > 0;
  for (var f = 0; f < fields.length; f++) {
    var field = fields[f], all = changed[field.name];
    if (!all) continue;
    if (after) {
      var other_main = all.filter(function (c) { return c.main; });
      if (other_main.length) through.push(field);
      values = values.concat(other_main);
      all = all.filter(function (c) { return !c.main; });
      if (!all.length) continue;
    }
    var elsewhere = field.name === "departement_id" || field.name === "rome_id";
    var with_figures = all.filter(function (c) { return c.known; }); // an unknown figure explains less than another figure
    var near = elsewhere ? (with_figures.length ? with_figures : all).slice(0, OTHER_PLACES) : nearest(field, answers[field.name], all);
    var turned = [];
    for (var n = 0; n < near.length; n++) {
      var other = bobTry.study(bobTry.join(vary(answers, field.name, near[n].after)));
      read.conditions.forEach(function (pair) {
        var now = other.holds(key, pair[0]);
        if (now !== null && now !== pair[1] && turned.indexOf(pair) < 0) turned.push(pair);
      });
      yield key;
    }
    var by_itself = turned.filter(function (pair) {
      if (!(pair[0] in alone)) alone[pair[0]] = study.decides(key, pair[0], pair[1]);
      return alone[pair[0]];
    });
    var real = all.filter(function (c) { return c.after !== bobTry.data.defaults[field.name] || field.kind === "bool"; });
    told.push({ field: field, conditions: by_itself.length ? by_itself : turned, changes: near,
      elsewhere: elsewhere && real.length ? { differ: real, total: total[field.name] } : null });
    yield key;
  }
  var first = read.conditions.map(function (pair) { return pair[0]; });
  function place(one) { return Math.min.apply(null, one.conditions.map(function (pair) { return first.indexOf(pair[0]); }).concat(first.length)); }
  told.sort(function (a, b) { return place(a) - place(b); });
  return through.length ? told.concat({ through: through, changes: values, conditions: [] }) : told;
}
// Of a number, the nearest change in each direction; else every change. "No answer" only where nothing else changes it.
function nearest(field, before, all) {
  var none = bobTry.data.defaults[field.name];
  var real = all.filter(function (c) { return c.after !== none || field.kind === "bool"; });
  var numeric = ["age", "search_length", "total_interview_count"].indexOf(field.name) >= 0;
  if (!real.length || !numeric) return real.length ? real : all;
  function size(v) { return field.name === "total_interview_count" ? Math.max(v, 0) : v; }
  return [-1, 1].map(function (way) {
    var side = real.filter(function (c) { return (size(c.after) - size(before)) * way > 0; });
    return side.sort(function (a, b) { return Math.abs(size(a.after) - size(before)) - Math.abs(size(b.after) - size(before)); })[0];
  }).filter(Boolean);
}
return { look: look, valueOf: valueOf, vary: vary };
})();
