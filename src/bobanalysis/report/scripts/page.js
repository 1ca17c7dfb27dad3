// The page: questions, answers, reasons. Nothing is sent and nothing is stored.
(function () {
"use strict";
var box = document.getElementById("try"), embedded = document.getElementById("try-words");
if (!box || !embedded) return;
var words = JSON.parse(embedded.textContent), text = words.texts, data = bobTry.data, lang = words.language;
var LOW = data.ages[0], HIGH = data.ages[1];

function at(id) { return document.getElementById("try-" + id); }
function make(tag, attributes, children) {
  var element = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (name) {
    if (attributes[name] !== false) element.setAttribute(name, attributes[name] === true ? "" : attributes[name]);
  });
  [].concat(children === undefined ? [] : children).forEach(function (child) { element.append(child); });
  return element;
}
function put(id, children) { at(id).replaceChildren.apply(at(id), [].concat(children)); }
function number(value) { return value.toLocaleString(lang).replace("-", "\u2212"); }
function fill(key, values) {
  return text[key].replace(/\{(\w+)\}/g, function (whole, name) { return values[name]; });
}
function plain(words) { return words.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase(); }
function capital(words) { return words.charAt(0).toUpperCase() + words.slice(1); }

// --- questions: each control reads its answer into an object, and is set from one

var controls = [];
function defaultOf(name) { return data.defaults[name]; }

function select(name, label, options, note) {
  var list = make("select", { id: "try-" + name }, options.map(function (o) { return make("option", { value: o[0] }, o[1]); }));
  controls.push({
    get: function (answers) { answers[name] = typeof defaultOf(name) === "string" ? list.value : Number(list.value); },
    set: function (answers) { list.value = String(answers[name]); }
  });
  return make("p", { "class": "field" }, [make("label", { "for": list.id }, label), list].concat(note || []));
}
function count(name, label, get, set) {
  var input = make("input", { id: "try-" + name, type: "number", min: 0, max: 600, step: 1, inputmode: "numeric",
    placeholder: text["no answer"] });
  controls.push({
    get: function (answers) {
      var value = input.value.trim() === "" || !isFinite(input.valueAsNumber) ? null : Math.max(0, Math.trunc(input.valueAsNumber));
      get(answers, value);
    },
    set: function (answers) { var value = set(answers); input.value = value === null ? "" : String(value); }
  });
  return make("p", { "class": "field" }, [make("label", { "for": input.id }, label), input]);
}
function check(name, label, get, set) {
  var input = make("input", { id: "try-" + name, type: "checkbox" });
  controls.push({
    get: function (answers) { if (get) get(answers, input.checked); else answers[name] = input.checked; },
    set: function (answers) { input.checked = set ? set(answers) : answers[name]; }
  });
  return make("p", { "class": "field tick" }, [input, make("label", { "for": input.id }, label)]);
}
function jobs(label) {
  var every = Object.keys(words.jobs).map(function (code) { return [code, words.jobs[code] + " (" + code + ")"]; })
    .sort(function (a, b) { return a[1].localeCompare(b[1], "fr"); });
  var options = [["", text["no job"]]].concat(every);
  var field = select("rome_id", label, options), list = field.querySelector("select");
  var search = make("input", { id: "try-find", type: "search", autocomplete: "off" });
  var said = make("span", { "class": "hint", id: "try-found", role: "status" });
  search.addEventListener("input", function (event) {
    event.stopPropagation(); // finding is not answering
    var wanted = plain(search.value).split(/\s+/).filter(Boolean), chosen = list.value;
    var kept = options.filter(function (o) {
      return o[0] === chosen || wanted.every(function (w) { return plain(o[1]).indexOf(w) >= 0; });
    });
    list.replaceChildren.apply(list, kept.map(function (o) { return make("option", { value: o[0] }, o[1]); }));
    list.value = chosen;
    said.textContent = wanted.length ? fill("jobs found", { n: number(kept.length) }) : "";
  });
  field.prepend(make("label", { "for": search.id }, text["filter jobs"]), search, said);
  list.setAttribute("lang", "fr");
  return field;
}
function question(field) {
  var name = field.name, label = capital(field.label);
  if (name === "age" || name === "departement_id") return null; // stand above, in the page
  if (name === "rome_id") return jobs(label);
  if (name === "search_length") {
    var months = count(name, text["months searched"], function (answers, n) {
      answers.search_length = answers.search_length_now = n === null ? -1 : n;
    }, function (answers) { return answers.search_length < 0 ? null : answers.search_length; });
    var idle = check("search_not_started", text["not started"], function (answers, is) {
      answers.search_not_started = is;
      if (is) answers.search_length = answers.search_length_now = -1;
    });
    return [idle, months].reverse();
  }
  if (name === "total_interview_count") {
    return count(name, text["interviews"], function (answers, n) { answers[name] = n === null ? 0 : n || -1; },
      function (answers) { return answers[name] === 0 ? null : Math.max(0, answers[name]); });
  }
  if (name === "network_estimate") {
    return select(name, text["network"], [[0, text["no answer"]], [1, text["network weak"]], [2, text["network medium"]],
      [3, text["network strong"]]]);
  }
  if (field.kind === "bool") return check(name, label);
  return select(name, label, field.options);
}

function build() {
  var places = [["", text["no place"]]].concat(Object.keys(words.places).sort().map(function (d) {
    return [d, d + " \u2013 " + words.places[d]];
  }));
  at("place").append(select("departement_id", capital(label("departement_id")), places));
  var slider = at("age"), unknown = at("no-age");
  slider.min = LOW; slider.max = HIGH;
  controls.push({
    get: function (answers) { answers.age = unknown.checked ? defaultOf("age") : Number(slider.value); },
    set: function (answers) {
      unknown.checked = answers.age > HIGH;
      if (!unknown.checked) slider.value = answers.age;
    }
  });
  words.fields.forEach(function (group, k) {
    var asked = group.fields.map(question).reduce(function (all, q) { return all.concat(q || []); }, []);
    at("questions").append(make("details", { open: k < 2, "class": "group" },
      [make("summary", {}, group.title), make("div", { role: "group", "aria-label": group.title }, asked)]));
  });
}
function label(name) {
  var found = "";
  words.fields.forEach(function (g) { g.fields.forEach(function (f) { if (f.name === name) found = f.label; }); });
  return found;
}
function answersGiven() {
  var answers = {};
  controls.forEach(function (c) { c.get(answers); });
  answers.num_objectives = answers.rome_id ? 1 : 0;
  answers.employment_cdi = data.start.employment_cdi;
  answers.num_employment_types = data.start.num_employment_types;
  return answers;
}
function answer(values) {
  var all = Object.assign({}, data.defaults, values);
  controls.forEach(function (c) { c.set(all); });
  again();
}

// --- reasons

function statements(pairs) {
  var shown = {};
  return pairs.map(function (pair) { return words.conditions[pair[0]][pair[1] ? 0 : 1]; })
    .filter(function (s) { var first = !shown[s]; shown[s] = true; return first; });
}
function heldFirst(pairs) { // what held says more than what did not
  return pairs.filter(function (p) { return p[1]; }).concat(pairs.filter(function (p) { return !p[1]; }));
}
// What decides: the contrary of one of these would change the answer. The rest was read, and did not decide alone.
function sides(study, name, pairs) {
  var decisive = study.decisive(name, pairs), said = statements(heldFirst(decisive));
  return { decisive: said, read: statements(heldFirst(pairs)).filter(function (s) { return said.indexOf(s) < 0; }) };
}
function lists(found) {
  var parts = [];
  if (found.decisive.length) parts.push(make("div", { "class": "decisive" }, [make("p", {}, text["true here"]), listOf(found.decisive)]));
  if (found.read.length) parts.push(make("div", { "class": "read" }, [make("p", {}, text["also read"]), listOf(found.read)]));
  return parts;
}
function listOf(items) { return make("ul", {}, items.map(function (s) { return make("li", {}, s); })); }
function reasons(study, name) {
  var found = study.answer(name), rule = words.rules[name], parts = [];
  var said = sides(study, name, found.deciding);
  var told = found.because.map(function (code) { return words.reasons[code]; });
  var short = told.length ? told : found.row !== null || !found.table ? said.decisive.slice(0, 3) : [];
  if (found.refusal) short = [text["lacks"]];
  else if (!found.conditions.length) short = [text["everybody"]];
  else if (!short.length) short = [found.table && found.row === null ? text["otherwise"] : text["together"]];
  parts.push(make("p", { "class": "why" }, capital(short.join(lang === "fr" ? "\u202f; " : "; "))));
  var inside = lists(said);
  if (rule) inside.push(make("p", {}, [text["published rule"] + " ", make("a", { "href": rule[2] }, [make("code", {}, rule[0])]), " ", make("code", {}, rule[1])]));
  parts.push(make("details", { "class": "fold", "data-key": name }, [make("summary", {}, text["rule in full"]), make("div", {}, inside)]));
  return parts;
}

// --- answers

function challenge(id) { return words.challenges[id].label; }
function summary(told) {
  return told.diagnosis_error ? text["stops at"] : challenge(told.main_challenge) + " \u00b7 " +
    fill("overall score", { n: number(told.overall_score), total: number(100) });
}
function diagnosis(study, answers, row) {
  var told = study.told;
  at("now").textContent = summary(told);
  if (told.diagnosis_error) {
    var lacks = told.diagnosis_error.indexOf("projects.0.kind") >= 0;
    put("diagnosis", make("p", { "class": "answer" }, lacks ? text["stopped missing"] : fill("stopped", { error: told.diagnosis_error })));
    return;
  }
  var main = study.answer("main_challenge"), score = study.answer("overall_score");
  var why = statements(main.deciding), seen = {};
  main.conditions.forEach(function (pair) { seen[pair[0]] = true; });
  var row_of = sides(study, "overall_score", score.deciding.filter(function (pair) { return !seen[pair[0]]; }));
  var parts = [
    make("p", { "class": "answer" }, [make("strong", {}, challenge(told.main_challenge)), " ", words.challenges[told.main_challenge].told])
  ];
  parts.push(main.row === null
    ? make("details", { "class": "fold", "data-key": "main" }, [make("summary", {}, text["no challenge"]), listOf(why)])
    : make("div", { "class": "why" }, lists(sides(study, "main_challenge", main.deciding))));
  parts.push(make("p", {}, [make("strong", {}, fill("overall score", { n: number(told.overall_score), total: number(100) })), ". " + text["score is written"]]));
  if (row_of.decisive.length || row_of.read.length) parts.push(make("div", { "class": "why" }, lists(row_of)));
  if (answers.rome_id && answers.departement_id) {
    parts.push(make("p", { "class": "hint" }, told.market_known
      ? fill("market known", { n: number(row.market_offers_per_10_candidates), ten: number(10) }) : text["market unknown"]));
  }
  var others = data.challenges.filter(function (c) { return c.id !== told.main_challenge; }).map(function (c) {
    return challenge(c.id) + (lang === "fr" ? "\u202f: " : ": ") + text["relevance " + told[c.column]];
  });
  parts.push(make("details", { "class": "fold", "data-key": "others" }, [make("summary", {}, text["other challenges"]), listOf(others)]));
  put("diagnosis", parts);
}
function results(study) {
  var told = study.told;
  put("strategies", told.strategies.length ? told.strategies.map(function (s, k) {
    var rank = k === 0 ? text["principal"] : s.is_secondary ? text["secondary"] : "";
    var badge = fill("points", { n: number(s.points) }) + (rank ? ", " + rank : "");
    var made = text["made of"] + (lang === "fr" ? "\u202f: " : ": ") + s.advice.map(function (a) { return words.advice[a]; }).join(", ");
    return make("li", { "data-id": s.id }, [make("h4", {}, [words.strategies[s.id], " ", make("span", { "class": "badge" }, badge)])]
      .concat(reasons(study, "strategy " + s.id), make("p", { "class": "hint" }, made)));
  }) : make("li", {}, text["no strategy"]));
  put("advice", told.advice.length ? told.advice.map(function (id, k) {
    return make("li", { "data-id": id }, [make("h4", {}, [words.advice[id], " ",
      make("span", { "class": "badge" }, fill("stars", { n: number(told.stars[k]) }))])].concat(reasons(study, "advice " + id)));
  }) : make("li", {}, text["no advice"]));
}

// --- the same profile at every age, then in every département

function names(ids, of) { return ids.map(function (id) { return of[id]; }).join(", "); }
function changes(a, b) {
  var found = [], level = 3;
  function say(key, values, weight) { found.push(fill(key, values || {})); level = Math.min(level, weight); }
  if (a.diagnosis_error !== b.diagnosis_error && b.diagnosis_error) say("stops at", {}, 1);
  else if (!b.diagnosis_error && a.main_challenge !== b.main_challenge) {
    say("diagnosis becomes", { old: a.main_challenge ? challenge(a.main_challenge) : "\u2013", "new": challenge(b.main_challenge) }, 1);
  }
  if (!a.diagnosis_error && !b.diagnosis_error && a.overall_score !== b.overall_score) {
    say("score becomes", { old: number(a.overall_score), "new": number(b.overall_score) }, 1);
  }
  if (!found.length && a.overall_row !== b.overall_row) say("sentence becomes", {}, 1);
  if (!found.length && data.challenges.some(function (c) { return a[c.column] !== b[c.column]; })) say("others become", {}, 3);
  function compare(idsA, idsB, weights, of, what, weight) {
    var there = idsB.filter(function (id) { return idsA.indexOf(id) < 0; });
    var gone = idsA.filter(function (id) { return idsB.indexOf(id) < 0; });
    var moved = idsB.filter(function (id) { return idsA.indexOf(id) >= 0 && weights(a, id) !== weights(b, id); });
    if (there.length) say(what + " appears", { list: names(there, of) }, weight);
    if (gone.length) say(what + " goes", { list: names(gone, of) }, weight);
    if (moved.length) say(what + " moves", { list: names(moved, of) }, weight);
  }
  function ids(told) { return told.strategies.map(function (s) { return s.id; }); }
  function strategy(told, id) { return told.strategies.filter(function (s) { return s.id === id; })[0]; }
  compare(ids(a), ids(b), function (told, id) { return strategy(told, id).points; }, words.strategies, "strategy", 2);
  compare(a.advice, b.advice, function (told, id) { return told.stars[told.advice.indexOf(id)]; }, words.advice, "advice", 3);
  var remade = ids(b).filter(function (id) {
    return strategy(a, id) && strategy(a, id).advice.join() !== strategy(b, id).advice.join();
  });
  if (remade.length) say("order changes", { list: names(remade, words.strategies) }, 3);
  return { found: found, level: level };
}
var shownAges = "";
function ages(answers) {
  var key = JSON.stringify(Object.assign({}, answers, { age: 0 }));
  if (key === shownAges) return;
  shownAges = key;
  var row = bobTry.join(answers), last = null, marks = [], items = [];
  for (var age = LOW; age <= HIGH; age++) {
    row.age = age;
    var told = bobTry.run(row), step = last && changes(last, told);
    if (step && step.found.length) {
      marks.push(make("span", { "class": "mark level-" + step.level, "data-age": age, style: "--at:" + (age - LOW) / (HIGH - LOW) }));
      var go = make("button", { type: "button", "data-go": age }, fill("at age", { age: number(age) }));
      items.push(make("li", { "class": "level-" + step.level, "data-age": age }, [go, " ", make("ul", {}, step.found.map(function (s) { return make("li", {}, s); }))]));
    }
    last = told;
  }
  put("marks", marks);
  put("cliffs", items.length ? items : make("li", {}, text["nothing with age"]));
}
function places(answers) {
  var groups = {}, row;
  Object.keys(words.places).sort().forEach(function (place) {
    row = bobTry.join(Object.assign({}, answers, { departement_id: place }));
    var told = bobTry.run(row), id = told.main_challenge || "";
    groups[id] = groups[id] || { names: [], unknown: 0 };
    groups[id].names.push(words.places[place]);
    if (!told.market_known) groups[id].unknown += 1;
  });
  var order = [""].concat(data.challenges.map(function (c) { return c.id; }));
  put("elsewhere", order.filter(function (id) { return groups[id]; }).map(function (id) {
    var g = groups[id];
    return make("tr", { "data-challenge": id }, [
      make("th", { scope: "row", "class": "t" }, id ? challenge(id) : text["stops at"]), make("td", {}, number(g.names.length)),
      make("td", {}, number(g.unknown)),
      make("td", { "class": "t" }, make("details", { "class": "fold", "data-key": "places " + id }, [make("summary", {}, text["which places"]), g.names.join(", ")]))
    ]);
  }));
}

// --- at work

function again() {
  var open = {};
  box.querySelectorAll("#try-results details[data-key]").forEach(function (d) { open[d.dataset.key] = d.open; });
  box.querySelectorAll("#try-everywhere details[data-key]").forEach(function (d) { open[d.dataset.key] = d.open; });
  var answers = answersGiven(), row = bobTry.join(answers), study = bobTry.study(row);
  var unknown = at("no-age").checked;
  at("age").disabled = unknown;
  at("age-now").textContent = unknown ? text["year of birth not given"] : fill("age unit", { n: number(answers.age) });
  at("age").setAttribute("aria-valuetext", at("age-now").textContent);
  at("age-note").hidden = !unknown;
  diagnosis(study, answers, row);
  results(study);
  ages(answers);
  function reopen() { box.querySelectorAll("details[data-key]").forEach(function (d) { if (open[d.dataset.key]) d.open = true; }); }
  reopen();
  clearTimeout(later);
  later = setTimeout(function () { places(answers); reopen(); }, 150);
}
var later = 0;
var waiting = 0;
function soon() {
  if (waiting) return;
  waiting = requestAnimationFrame(function () { waiting = 0; again(); });
}
build();
box.hidden = false;
box.addEventListener("input", soon);
box.addEventListener("click", function (event) {
  var go = event.target.closest("[data-go]");
  if (!go) return;
  at("no-age").checked = false;
  at("age").value = go.dataset.go;
  again();
  at("age").focus();
});
at("form").addEventListener("submit", function (event) { event.preventDefault(); });
at("example").addEventListener("click", function () { answer(data.start); });
at("clear").addEventListener("click", function () { answer({}); });
answer(data.start);
})();
