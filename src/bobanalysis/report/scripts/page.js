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
function counted(n, one, many) { return fill((lang === "fr" ? n < 2 : n === 1) ? one : many, { n: number(n) }); }
function starsOf(n) { return counted(n, "star", "stars"); }
function pointsOf(n) { return counted(n, "point", "points"); }
function fill(key, values) {
  return text[key].replace(/\{(\w+)\}/g, function (whole, name) { return values[name]; });
}
function quoted(words) { return lang === "fr" ? "\u00ab\u202f" + words + "\u202f\u00bb" : "\u201c" + words + "\u201d"; }
function stop(words) { return /[.!?]$/.test(words) ? words : words + "."; }
var COLON = lang === "fr" ? "\u202f: " : ": ", SEMICOLON = lang === "fr" ? "\u202f; " : "; ";
function capital(words) { return words.charAt(0).toUpperCase() + words.slice(1); }

// --- questions: each control reads its answer into an object, and is set from one

var controls = {}, FIRST = { age: 1, departement_id: 1 };
function defaultOf(name) { return data.defaults[name]; }

function select(name, label, options) {
  var list = make("select", { id: "try-" + name }, options.map(function (o) { return make("option", { value: o[0] }, o[1]); }));
  controls[name] = {
    input: list,
    get: function (answers) { answers[name] = typeof defaultOf(name) === "string" ? list.value : Number(list.value); },
    set: function (answers) { list.value = String(answers[name]); }
  };
  return make("p", { "class": "field" }, [make("label", { "for": list.id }, label), list]);
}
// Whole numbers within the limits; anything else is refused, in words, beside the field.
function count(name, label, get, set) {
  var limits = data.possible[name];
  var input = make("input", { id: "try-" + name, type: "text", inputmode: "numeric", placeholder: text["no answer"] });
  controls[name] = {
    input: input,
    get: function (answers, faults) {
      var value = bobProfile.number(input.value, limits[0], limits[1], true);
      if (value === undefined) {
        faults.push([name, fill("refused number", { typed: input.value.trim(), low: number(limits[0]), high: number(limits[1]) })]);
      }
      get(answers, value === undefined ? null : value);
    },
    set: function (answers) { var value = set(answers); input.value = value === null ? "" : String(value); }
  };
  return make("p", { "class": "field" }, [make("label", { "for": input.id }, label), input]);
}
function check(name, label, get) {
  var input = make("input", { id: "try-" + name, type: "checkbox" });
  controls[name] = {
    input: input,
    get: function (answers) { answers[name] = input.checked; if (get) get(answers, input.checked); },
    set: function (answers) { input.checked = answers[name]; }
  };
  return make("p", { "class": "field tick" }, [input, make("label", { "for": input.id }, label)]);
}
var SHOWN = 12, entries = null;
function jobs(label) {
  var every = Object.keys(words.jobs).map(function (code) { return [code, words.jobs[code] + " (" + code + ")"]; })
    .sort(function (a, b) { return a[1].localeCompare(b[1], "fr"); });
  var field = select("rome_id", label, [["", text["no job"]]].concat(every)), list = field.querySelector("select");
  var search = make("input", { id: "try-find", type: "search", autocomplete: "off", "aria-describedby": "try-found" });
  var said = make("span", { "class": "hint", id: "try-found", role: "status" }), hits = make("span", { id: "try-hits" });
  function show(event) {
    event.stopPropagation(); // finding is not answering
    entries = entries || bobJobs.index(words.jobs, data.titles, words.everyday);
    var asked = search.value.trim(), found = asked ? bobJobs.find(entries, asked) : [];
    hits.replaceChildren.apply(hits, found.slice(0, SHOWN).map(function (hit) {
      var name = hit.title === words.jobs[hit.code] ? "" : hit.title + (hit.ours ? "*" : ""); // ours is in the page's language
      return make("button", { type: "button", "data-job": hit.code }, [make("span", { lang: !hit.ours && "fr" }, name), name && " \u2192 ", make("span", { lang: "fr" }, words.jobs[hit.code])]);
    }));
    said.textContent = !asked ? "" : !found.length ? fill("no job found", { typed: asked }) : [fill("jobs found", { n: number(found.length) })]
      .concat(found.length > SHOWN ? fill("jobs shown", { n: number(SHOWN) }) : [])
      .concat(found.slice(0, SHOWN).some(function (hit) { return hit.ours; }) ? text["our names"] : []).join(" ");
  }
  search.addEventListener("input", show);
  search.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    if (hits.firstChild) hits.firstChild[event.key === "Enter" ? "click" : "focus"](); // Enter takes the best match
  });
  hits.addEventListener("click", function (event) {
    var chosen = event.target.closest("[data-job]");
    if (!chosen) return;
    list.value = chosen.dataset.job;
    search.value = "";
    show(event);
    said.textContent = fill("job chosen", { job: words.jobs[list.value] });
    again();
    list.focus();
  });
  list.setAttribute("lang", "fr");
  var box = make("div", { "class": "field" }, [make("label", { "for": search.id }, text["filter jobs"]), search, said, hits]);
  return [box, field];
}
function question(field) {
  var name = field.name, label = capital(field.label);
  if (FIRST[name]) return null; // stand above, in the page
  if (name === "rome_id") return jobs(label);
  if (name === "search_length") {
    var months = count(name, text["months searched"], function (answers, n) {
      answers.search_length = answers.search_length_now = n === null ? -1 : n;
    }, function (answers) { return answers.search_length < 0 ? null : answers.search_length; });
    var idle = check("search_not_started", text["not started"], function (answers, is) {
      if (is) answers.search_length = answers.search_length_now = -1;
    });
    return [months, idle];
  }
  if (name === "total_interview_count") {
    return count(name, text["interviews"], function (answers, n) { answers[name] = n === null ? 0 : n || -1; },
      function (answers) { return answers[name] === 0 ? null : Math.max(0, answers[name]); });
  }
  if (field.kind === "bool") return check(name, label);
  return select(name, label, field.options);
}
// The questions, as they are changed one at a time: jobs last, they are many.
var fields = [];
words.fields.forEach(function (group) {
  group.fields.forEach(function (field) {
    if (field.name === "network_estimate") {
      field.options = ["no answer", "network weak", "network medium", "network strong"].map(function (key, k) { return [k, text[key]]; });
    }
    fields.push(field);
    if (field.name === "search_length") fields.push({ name: "search_not_started", kind: "bool", label: text["not started"], by: field.by });
  });
});
fields.sort(function (a, b) { return (a.name === "rome_id") - (b.name === "rome_id"); });

function build() {
  var places = [["", text["no place"]]].concat(Object.keys(words.places).sort().map(function (d) {
    return [d, d + " \u2013 " + words.places[d]];
  }));
  at("place").append(select("departement_id", capital(fieldOf("departement_id").label), places));
  var slider = at("age"), unknown = at("no-age");
  slider.min = LOW; slider.max = HIGH;
  controls.age = {
    input: slider,
    get: function (answers) { answers.age = unknown.checked ? defaultOf("age") : Number(slider.value); },
    set: function (answers) {
      unknown.checked = answers.age > HIGH;
      if (!unknown.checked) slider.value = answers.age;
    }
  };
  words.fields.forEach(function (group, k) {
    var asked = group.fields.map(question).reduce(function (all, q) { return all.concat(q || []); }, []);
    at("questions").append(make("details", { open: k < 2, "class": "group" },
      [make("summary", {}, group.title), make("div", { role: "group", "aria-label": group.title }, asked)]));
  });
}
function fieldOf(name) { return fields.filter(function (f) { return f.name === name; })[0]; }
function answersGiven(faults) {
  var answers = {};
  Object.keys(controls).forEach(function (name) { controls[name].get(answers, faults); });
  return complete(answers);
}
function complete(answers) {
  answers.num_objectives = answers.rome_id ? 1 : 0;
  answers.employment_cdi = data.start.employment_cdi;
  answers.num_employment_types = data.start.num_employment_types;
  return answers;
}
// What no person can answer: [question, why]. Nobody has worked, or searched, since before a certain age.
function contradictions(answers) {
  var since = answers.age - data.possible.began, years = data.possible.seniority[answers.seniority] || 0, found = [];
  var said = { age: number(answers.age), began: number(data.possible.began) };
  if (answers.age > HIGH) return found;
  if (years > since) found.push(["seniority", fill("refused seniority", Object.assign({ years: shown("seniority", answers.seniority) }, said))]);
  if (answers.search_length > since * 12) found.push(["search_length", fill("refused search", Object.assign({ n: number(answers.search_length) }, said))]);
  return found;
}
function possible(answers) { return !contradictions(answers).length; }
function answer(values) {
  var all = Object.assign({}, data.defaults, values);
  Object.keys(controls).forEach(function (name) { controls[name].set(all); });
  again();
}

// --- the profile in the address

function profileOf(answers) {
  var own = {};
  fields.forEach(function (f) { own[f.name] = answers[f.name]; });
  return bobProfile.write(own, data.defaults);
}
// Take the profile of an address; parts that are unknown or impossible are refused, in words.
function open() {
  var parts = bobProfile.read(location.hash), values = {}, refused = [];
  if (!parts) return false;
  parts.forEach(function (part) {
    var field = fieldOf(part[0]), value = field && valueFrom(field, part[1]), limits = field && limitsOf(field);
    if (!field) refused.push(fill("address unknown", { part: part.join("=") }));
    else if (value === undefined) {
      refused.push(capital(field.label) + COLON + (limits ? fill("refused number", { typed: part[1], low: number(limits[0]), high: number(limits[1]) })
        : fill("address impossible", { part: part[1] })));
    }
    else values[part[0]] = value;
  });
  var all = complete(Object.assign({}, data.defaults, values));
  if (all.search_not_started) all.search_length = -1;
  contradictions(all).forEach(function (c) {
    all[c[0]] = defaultOf(c[0]);
    refused.push(c[1]);
  });
  put("refused", refused.length ? [make("p", {}, text["address refused"]), listOf(refused)] : []);
  at("refused").hidden = !refused.length;
  answer(all);
  return true;
}
function limitsOf(field) { return field.name === "age" ? data.ages : field.name === "seniority" ? null : data.possible[field.name]; }
function valueFrom(field, typed) {
  var known = field.kind === "bool" ? [true, false] : field.name === "departement_id" ? Object.keys(words.places)
    : field.name === "rome_id" ? Object.keys(words.jobs) : (field.options || []).map(function (o) { return o[0]; });
  if (known.length) return known.filter(function (v) { return String(v) === typed; })[0];
  var limits = limitsOf(field);
  if (field.name === "total_interview_count" && typed === "-1") return -1; // "none at all", as the rules read it
  var value = bobProfile.number(typed, limits[0], limits[1], true);
  return value === null ? undefined : value;
}

// --- reasons

// A condition as it stands; of what was not answered, or has no figure, that it is so.
function statement(pair, row) {
  var said = words.conditions[pair[0]], none = said[2];
  return none && row[none[0]] === defaultOf(none[0]) ? none[1] : said[pair[1] ? 0 : 1];
}
function statements(pairs, row) {
  return pairs.map(function (pair) { return statement(pair, row); }).filter(function (s, k, all) { return all.indexOf(s) === k; });
}
// A question's answer in words.
function shown(name, value) {
  var field = fieldOf(name);
  if (field.kind === "bool") return text[value ? "yes" : "no"];
  if (name === "age") return value > HIGH ? text["year of birth not given"] : fill("age unit", { n: number(value) });
  if (name === "departement_id") return words.places[value] ? words.places[value] + " (" + value + ")" : text["no place"];
  if (name === "rome_id") return words.jobs[value] ? words.jobs[value] + " (" + value + ")" : text["no job"];
  if (name === "search_length") return value < 0 ? text["no answer"] : counted(value, "month", "months");
  if (name === "total_interview_count") return value === 0 ? text["no answer"] : number(Math.max(value, 0));
  return field.options.filter(function (o) { return o[0] === value; }).map(function (o) { return o[1]; })[0];
}
// What an item comes to, in words.
function came(key, value) {
  if (value === "stops") return text["stops at"];
  if (key === "main_challenge") return challenge(value);
  if (key === "overall_score") return fill("score", { n: number(value) });
  var advice = key.indexOf("advice ") === 0;
  if (value === null) return text[advice ? "not given" : "not proposed"];
  return advice ? starsOf(value) : pointsOf(value);
}
function tally(key, all) {
  var counts = {}, order = [];
  all.forEach(function (c) {
    var said = came(key, c.value);
    if (!counts[said]) order.push(said);
    counts[said] = (counts[said] || 0) + 1;
  });
  return order.sort(function (a, b) { return counts[b] - counts[a]; }).map(function (said) { return said + " (" + number(counts[said]) + ")"; });
}
// One question that decides: the conditions it turns, and what another answer would give.
function head(one, answers, row) {
  var said = statements(one.conditions, row), name = one.field && one.field.name;
  if (one.through) return [text["this challenge"] + COLON + quoted(challenge(now.study.told.main_challenge))];
  return said.length ? said : [one.field.label + COLON + shown(name, answers[name])];
}
function line(key, one, answers, row) {
  var name = one.field ? one.field.name : "main_challenge", then = [], said = head(one, answers, row);
  if (one.through) {
    then.push(fill("another challenge", { inputs: one.through.map(function (f) { return f.label; }).join(", "), values: tally(key, one.changes).map(function (s) { return s.replace(/ \([^(]*\)$/, ""); }).join(text.or) }));
  } else if (one.elsewhere) {
    then.push(fill("elsewhere " + name, { n: number(one.elsewhere.differ.length), total: number(one.elsewhere.total), values: tally(key, one.elsewhere.differ).join(", ") }));
  } else {
    one.changes.slice(0, 4).forEach(function (c) { then.push(quoted(shown(name, c.after)) + COLON + came(key, c.value)); });
  }
  return make("li", { "data-input": (one.through || [one.field]).map(function (f) { return f.name; }).join(" ") }, [said.map(capital).join(SEMICOLON), make("span", { "class": "then" }, "\u2192 " + then.join(SEMICOLON))]);
}
function lines(key, found, answers, row) {
  return found.length ? make("ul", { "class": "decisive" }, found.map(function (one) { return line(key, one, answers, row); })) : make("p", {}, text["nothing decides"]);
}
function everybody(name) { return name.indexOf("strategy ") === 0 ? "everybody with it" : "everybody"; }
function listOf(items) { return make("ul", {}, items.map(function (s) { return make("li", {}, s); })); }
// Where the reasons of an item stand; what decides is put there when it has been looked for.
function reasons(study, name) {
  var read = study.answer(name), rule = words.rules[name];
  var told = read.because.map(function (code) { return words.reasons[code]; });
  var short = read.refusal ? text["lacks"] : !read.conditions.length ? text[everybody(name)] : told.join(SEMICOLON);
  return [
    make("p", { "class": "why", "data-short": short ? "" : name }, capital(short || text["looking"])),
    make("details", { "class": "fold", "data-key": name }, [make("summary", {}, text["what decides"]), make("div", {}, [
      make("div", { "data-decides": name }, text["looking"]),
      rule ? make("p", {}, [text["published rule"] + COLON, make("a", { "href": rule[1] }, rule[0])]) : ""
    ])])
  ];
}
function explained(found, answers, row) {
  box.querySelectorAll("[data-decides]").forEach(function (slot) {
    slot.replaceChildren(lines(slot.dataset.decides, found.items[slot.dataset.decides], answers, row));
  });
  box.querySelectorAll("[data-short]:not([data-short=''])").forEach(function (slot) {
    var own = found.items[slot.dataset.short], said = [];
    own.forEach(function (one) { said = said.concat(head(one, answers, row)); });
    said = said.filter(function (s, k) { return said.indexOf(s) === k; }).slice(0, 3);
    slot.textContent = capital(said.join(SEMICOLON) || text["nothing decides"]);
  });
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
    put("diagnosis", [make("p", { "class": "answer" }, lacks ? text["stopped missing"] : fill("stopped", { error: told.diagnosis_error })),
      make("div", { "class": "why", "data-decides": "main_challenge" }, text["looking"])]);
    return;
  }
  var parts = [
    make("p", { "class": "answer" }, [make("strong", {}, challenge(told.main_challenge)), " ", words.challenges[told.main_challenge].told]),
    make("div", { "class": "why" }, [make("p", {}, text["true here"]), make("div", { "data-decides": "main_challenge" }, text["looking"])])
  ];
  if (answers.rome_id && answers.departement_id) {
    parts.push(make("p", { "class": "hint" }, told.market_known
      ? fill("market known", { n: number(row.market_offers_per_10_candidates), ten: number(10) }) : text["market unknown"]));
  }
  parts.push(make("p", {}, [make("strong", {}, fill("overall score", { n: number(told.overall_score), total: number(100) })), ". " + text["score is written"]]));
  parts.push(make("details", { "class": "fold", "data-key": "score" }, [make("summary", {}, text["what decides"]),
    make("div", { "class": "why", "data-decides": "overall_score" }, text["looking"])]));
  parts.push(make("details", { "class": "fold", "data-key": "others" }, [make("summary", {}, text["other challenges"]), listOf(otherChallenges(told))]));
  put("diagnosis", parts);
}
// How the other challenges stand; "no obstacle found" is none of them.
function otherChallenges(told) {
  var none = data.challenges[data.challenges.length - 1]; // the last is told where no other is
  return data.challenges.filter(function (c) { return c.id !== told.main_challenge && c !== none; }).map(function (c) {
    return challenge(c.id) + COLON + text["relevance " + told[c.column]];
  });
}
function results(study) {
  var told = study.told;
  put("strategies", told.strategies.length ? told.strategies.map(function (s, k) {
    var rank = k === 0 ? text["principal"] : s.is_secondary ? text["secondary"] : "";
    var badge = pointsOf(s.points) + (rank ? ", " + rank : "");
    var made = text["made of"] + COLON + s.advice.map(function (a) { return words.advice[a]; }).join(", ");
    return make("li", { "data-id": s.id }, [make("h4", {}, [words.strategies[s.id], " ", make("span", { "class": "badge" }, badge)])]
      .concat(reasons(study, "strategy " + s.id), make("p", { "class": "hint" }, made)));
  }) : make("li", {}, text["no strategy"]));
  put("advice", told.advice.length ? told.advice.map(function (id, k) {
    return make("li", { "data-id": id }, [make("h4", {}, [words.advice[id], " ",
      make("span", { "class": "badge" }, starsOf(told.stars[k]))])].concat(reasons(study, "advice " + id)));
  }) : make("li", {}, text["no advice"]));
}

// --- the same profile at every age, then in every département

function names(ids, of) { return ids.map(function (id) { return of[id]; }).join(", "); }
function changes(a, b) {
  var found = [], level = 4;
  function say(key, values, weight) { found.push(fill(key, values || {})); level = Math.min(level, weight); }
  if (a.diagnosis_error !== b.diagnosis_error && b.diagnosis_error) say("stops at", {}, 1);
  else if (!b.diagnosis_error && a.main_challenge !== b.main_challenge) {
    say("diagnosis becomes", { old: a.main_challenge ? challenge(a.main_challenge) : "\u2013", "new": challenge(b.main_challenge) }, 1);
  }
  if (!a.diagnosis_error && !b.diagnosis_error && a.overall_score !== b.overall_score) {
    say("score becomes", { old: number(a.overall_score), "new": number(b.overall_score) }, 2);
  }
  if (!found.length && a.overall_row !== b.overall_row) say("sentence becomes", {}, 2);
  if (!found.length && data.challenges.some(function (c) { return a[c.column] !== b[c.column]; })) say("others become", {}, 4);
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
  compare(ids(a), ids(b), function (told, id) { return strategy(told, id).points; }, words.strategies, "strategy", 3);
  compare(a.advice, b.advice, function (told, id) { return told.stars[told.advice.indexOf(id)]; }, words.advice, "advice", 4);
  var remade = ids(b).filter(function (id) {
    return strategy(a, id) && strategy(a, id).advice.join() !== strategy(b, id).advice.join();
  });
  if (remade.length) say("order changes", { list: names(remade, words.strategies) }, 4);
  return { found: found, level: level };
}
function ages(told) {
  var last = null, marks = [], items = [], known = Object.keys(told).map(Number);
  for (var age = LOW; age <= HIGH; age++) {
    var step = last && told[age] && changes(last, told[age]);
    if (step && step.found.length) {
      marks.push(make("span", { "class": "mark level-" + step.level, "data-age": age, style: "--at:" + (age - LOW) / (HIGH - LOW) }));
      var go = make("button", { type: "button", "data-go": age }, fill("at age", { age: number(age) }));
      items.push(make("li", { "class": "level-" + step.level, "data-age": age }, [go, " ", make("ul", {}, step.found.map(function (s) { return make("li", {}, s); }))]));
    }
    last = told[age] || null;
  }
  put("marks", marks);
  var first = Math.min.apply(null, known);
  if (first > LOW) items.unshift(make("li", { "class": "hint" }, fill("not below", { age: number(first) })));
  put("cliffs", items.length ? items : make("li", {}, text["nothing with age"]));
}
function places(all) {
  var groups = {};
  Object.keys(words.places).sort().forEach(function (place) {
    var told = all[place], id = told.main_challenge || "";
    groups[id] = groups[id] || { names: [], unknown: 0 };
    groups[id].names.push(words.places[place]);
    if (!told.market_known) groups[id].unknown += 1;
  });
  var order = [""].concat(data.challenges.map(function (c) { return c.id; }));
  put("elsewhere", order.filter(function (id) { return groups[id]; }).map(function (id) {
    var g = groups[id];
    return make("tr", { "data-challenge": id }, [
      make("th", { scope: "row", "class": "t" }, [id ? challenge(id) : text["stops at"], make("details", { "class": "fold", "data-key": "places " + id }, [make("summary", {}, text["which places"]), g.names.join(", ")])]),
      make("td", {}, number(g.names.length)), make("td", {}, number(g.unknown))
    ]);
  }));
}

// --- the letter, from the same search for what decides

function letter(study, answers, row, found) {
  var told = study.told, titles = words.changes, given = [], left = [];
  function slot(name, children) { put("letter-" + name, children); }
  function titled(key, title, value) { return make("h3", { "data-item": key }, title + COLON + value); }
  function why(key) {
    var own = found.items[key], parts = [];
    Object.keys(titles).forEach(function (by) {
      var some = own.filter(function (one) { return (one.field ? one.field.by : "yours") === by; });
      if (some.length) parts.push(make("div", { "class": by }, [make("p", { "class": "group" }, titles[by]), lines(key, some, answers, row)]));
    });
    var rule = words.rules[key], because = told.diagnosis_error ? [] : study.answer(key).because;
    if (because.length) parts.unshift(make("p", {}, capital(because.map(function (c) { return words.reasons[c]; }).join(SEMICOLON)) + "."));
    if (!own.length) parts.push(make("p", {}, text[study.answer(key).conditions.length ? "nothing decides" : everybody(key)]));
    if (rule) parts.push(make("p", { "class": "hint" }, [text["published rule"] + COLON, make("a", { href: rule[1] }, rule[0])]));
    return parts;
  }
  slot("who", ["age", "rome_id", "departement_id"].map(function (n) { return fieldOf(n).label + COLON + shown(n, answers[n]); }).join(SEMICOLON));
  slot("answer", told.diagnosis_error ? [make("p", {}, text["stopped missing"])] : [
    make("p", {}, [make("strong", {}, challenge(told.main_challenge)), " " + words.challenges[told.main_challenge].told]),
    make("p", {}, stop(fill("overall score", { n: number(told.overall_score), total: number(100) })) + " " +
      fill("letter counts", { advice: number(told.advice.length), strategies: number(told.strategies.length) }))
  ]);
  fields.forEach(function (f) {
    if (answers[f.name] === defaultOf(f.name)) { if (f.name !== "search_not_started") left.push(f.label); return; }
    given.push(make("tr", {}, [make("th", { scope: "row", "class": "t" }, [capital(f.label)].concat(f.mark ? [" ", make("small", {}, "(" + f.mark + ")")] : [])),
      make("td", { "class": "t" }, shown(f.name, answers[f.name]))]));
  });
  slot("given", given);
  slot("left", left.length ? capital(left.join(", ")) + "." : "\u2013");
  slot("market", told.market_known ? fill("market known", { n: number(row.market_offers_per_10_candidates), ten: number(10) }) : text["market unknown"]);
  var parts = [titled("main_challenge", text["letter challenge"], told.main_challenge ? challenge(told.main_challenge) : text["stops at"])].concat(why("main_challenge"));
  if (!told.diagnosis_error) {
    parts = parts.concat(titled("overall_score", text["letter score"], number(told.overall_score)), make("p", {}, text["score is written"]), why("overall_score"));
  }
  told.advice.forEach(function (id) { parts = parts.concat(titled("advice " + id, words.advice[id], came("advice " + id, bobChanges.valueOf(told, "advice " + id))), why("advice " + id)); });
  told.strategies.forEach(function (s) { parts = parts.concat(titled("strategy " + s.id, words.strategies[s.id], came("strategy " + s.id, s.points)), why("strategy " + s.id)); });
  slot("why", parts);
  var past = false;
  slot("steps", told.diagnosis_error ? [] : data.challenges.map(function (c) {
    var own = c.id === told.main_challenge, before = !past && !own;
    past = past || own;
    return make("li", {}, challenge(c.id) + COLON + text[own ? "step own" : before ? "step before" : "step after"]);
  }));
  slot("address", make("a", { href: profileOf(answers) }, location.href.split("#")[0] + profileOf(answers)));
}

// --- at work

var accepted = null, now = null, hunt = null, later = 0, shownAges = "", shared = null;
function refuse(faults) {
  Object.keys(controls).forEach(function (name) {
    var own = faults.filter(function (f) { return f[0] === name; })[0];
    var kept = own && accepted ? " " + stop(fill("refused kept", { value: shown(name, accepted[name]) })) : "";
    bobProfile.fault(controls[name].input, own ? own[1] + kept : "");
  });
  at("kept").hidden = !faults.length;
  at("results").classList.toggle("kept", faults.length > 0);
}
function again() {
  var faults = [], answers = answersGiven(faults), unknown = at("no-age").checked;
  at("age").disabled = unknown;
  at("age-now").textContent = unknown ? text["year of birth not given"] : fill("age unit", { n: number(answers.age) });
  at("age").setAttribute("aria-valuetext", at("age-now").textContent);
  at("age-note").hidden = !unknown;
  if (!faults.length) {
    faults = contradictions(answers);
    // the one that was changed is refused, if it is the age
    if (faults.length && accepted && accepted.age !== answers.age) faults = [["age", faults[0][1]]];
  }
  refuse(faults);
  if (faults.length) return; // what was accepted last stays, and says so
  accepted = answers;
  var row = bobTry.join(answers), study = bobTry.study(row), open = {};
  box.querySelectorAll("details[data-key]").forEach(function (d) { open[d.dataset.key] = d.open; });
  diagnosis(study, answers, row);
  results(study);
  box.querySelectorAll("#try-results details[data-key]").forEach(function (d) { if (open[d.dataset.key]) d.open = true; });
  now = { answers: answers, row: row, study: study, found: { done: {} } };
  box.dataset.ready = "no";
  at("letter").setAttribute("aria-busy", "true");
  if (shared) shared();
  hunt = bobChanges.look(answers, fields, Object.keys(words.places).sort(), Object.keys(words.jobs), possible, now.found);
  clearTimeout(later);
  later = setTimeout(work, 120);
}
// A few milliseconds of search at a time, so that a moved slider is answered at once.
function work() {
  var until = performance.now() + 5, drawn = Object.assign({}, now.found.done), step;
  do { step = hunt.next(); } while (!step.done && performance.now() < until);
  if (now.found.done.age && !drawn.age) {
    var key = JSON.stringify(Object.assign({}, now.answers, { age: 0 }));
    if (key !== shownAges) ages(now.found.ages);
    shownAges = key;
  }
  if (now.found.done.departement_id && !drawn.departement_id) {
    var open = {};
    box.querySelectorAll("#try-elsewhere details").forEach(function (d) { open[d.dataset.key] = d.open; });
    places(now.found.places);
    box.querySelectorAll("#try-elsewhere details").forEach(function (d) { d.open = Boolean(open[d.dataset.key]); });
  }
  if (!step.done) { later = setTimeout(work, 0); return; }
  explained(now.found, now.answers, now.row);
  if (!at("letter").hidden) letter(now.study, now.answers, now.row, now.found);
  at("letter").removeAttribute("aria-busy");
  box.dataset.ready = "yes";
}
build();
box.hidden = false;
box.addEventListener("input", again);
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
at("write").addEventListener("click", function () {
  at("letter").hidden = false;
  document.body.classList.add("with-letter"); // on paper, the letter alone
  if (box.dataset.ready === "yes") letter(now.study, now.answers, now.row, now.found);
  at("letter").scrollIntoView();
  at("letter").focus();
});
at("print").addEventListener("click", function () { window.print(); });
at("close").addEventListener("click", function () {
  at("letter").hidden = true;
  document.body.classList.remove("with-letter");
  at("write").focus();
});
shared = bobProfile.share(at("address"), at("copy"), at("copied"), function () { return profileOf(accepted); });
window.addEventListener("hashchange", open);
if (!open()) answer(data.start);
})();
