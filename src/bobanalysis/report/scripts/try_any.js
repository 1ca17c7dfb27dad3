// The page of any algorithm: questions, answers, the conditions that were read. Nothing is sent or stored.
var bobTry = {
  // What Python answers for the same person: a category or a number (null: undefined), or ids, best first.
  answers: function (person) {
    var read = bobRules.read(person), found = {};
    bobData.outcomes.forEach(function (outcome) {
      function value(root) {
        read.answer(root);
        return read.refusal(root) ? null : read.value(root);
      }
      if (outcome.kind !== "list") {
        found[outcome.id] = value(outcome.roots[""]);
        return;
      }
      var scored = Object.keys(outcome.roots).map(function (item, at) {
        return { item: item, at: at, score: Number(value(outcome.roots[item]) || 0) };
      }).filter(function (one) { return one.score > 0; });
      scored.sort(function (a, b) { return b.score - a.score || a.at - b.at; });
      found[outcome.id] = scored.map(function (one) { return [one.item, one.score]; });
    });
    return found;
  }
};
(function () {
"use strict";
var box = document.getElementById("try"), embedded = document.getElementById("try-words");
if (!box || !embedded) return;
var words = JSON.parse(embedded.textContent), text = words.texts, lang = words.language;
var person = Object.assign({}, bobData.start), controls = {}, labels = {}, units = {};

function make(tag, attributes, children) {
  var element = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
  [].concat(children === undefined ? [] : children).forEach(function (child) { element.append(child); });
  return element;
}
function fill(key, values) {
  return text[key].replace(/\{(\w+)\}/g, function (whole, name) { return values[name]; });
}
function capital(said) { return said.charAt(0).toUpperCase() + said.slice(1); }
function number(value) {
  return value.toLocaleString(lang, { maximumFractionDigits: 3 }).replace("-", "\u2212");
}

// --- questions

// What stands for no answer is no number to type.
function lowest(field) { return field.minimum === bobData.defaults[field.name] && field.minimum < 0 ? 0 : field.minimum; }
function typed(field, value) { return bobProfile.number(value, lowest(field), field.maximum, field.kind === "int"); }
function refusal(field, value) {
  var low = lowest(field), bounds = [low, field.maximum].filter(function (n) { return n !== null; }).map(number).join(text.to);
  return fill(field.kind === "int" ? "refused whole" : "refused number", { typed: value, bounds: bounds ? " (" + bounds + ")" : "" });
}
function valueFrom(field, value) {
  var options = Object.keys(labels[field.name]), none = bobData.defaults[field.name];
  if (options.length) return options.indexOf(value) < 0 && value !== String(none) ? undefined : typeof none === "string" ? value : Number(value);
  if (field.kind === "bool") return value === "true" ? true : value === "false" ? false : undefined;
  if (field.kind === "text") return value;
  var found = typed(field, value);
  return found === null ? undefined : found;
}

function control(field) {
  var id = "try-" + field.name, options = field.options.slice(), codes = words.codes[field.name];
  labels[field.name] = {};
  units[field.name] = field.unit;
  if (codes) options = Object.keys(codes).sort().map(function (code) { return [code, codes[code] + " (" + code + ")"]; });
  if (options.length) {
    options.forEach(function (option) { labels[field.name][option[0]] = option[1]; });
    var none = bobData.defaults[field.name];
    if (!options.some(function (option) { return option[0] === none; })) options.unshift([none, text["no answer"]]);
    var list = make("select", { id: id }, options.map(function (o) { return make("option", { value: o[0] }, capital(o[1])); }));
    controls[field.name] = [list, "value", function () { return typeof none === "string" ? list.value : Number(list.value); }];
    return make("p", { "class": "field" }, [make("label", { "for": id }, capital(field.label)), list]);
  }
  if (field.kind === "bool") {
    var tick = make("input", { id: id, type: "checkbox" });
    controls[field.name] = [tick, "checked", function () { return tick.checked; }];
    return make("p", { "class": "field tick" }, [tick, make("label", { "for": id }, capital(field.label))]);
  }
  var numeric = field.kind !== "text", input = make("input", { id: id, type: "text" });
  if (numeric) { input.setAttribute("inputmode", "decimal"); input.setAttribute("placeholder", text["no answer"]); }
  controls[field.name] = [input, "value", function (faults) {
    if (!numeric) return input.value;
    var value = typed(field, input.value);
    if (value === undefined) faults.push([field.name, refusal(field, input.value)]);
    return value === null || value === undefined ? bobData.defaults[field.name] : value;
  }];
  var unit = field.unit ? " (" + field.unit + ")" : "";
  return make("p", { "class": "field" }, [make("label", { "for": id }, capital(field.label) + unit), input]);
}
words.fields.forEach(function (group) {
  document.getElementById("try-questions").append(
    make("h3", {}, capital(group.title)), make("div", {}, group.fields.map(control)));
});

// --- answers

function shown(outcome, value) {
  var known = words.outcomes[outcome.id], unit = known.unit ? "\u00a0" + known.unit : "";
  if (value === null) return text["no answer"];
  if (outcome.kind === "number") return number(Number(value)) + unit;
  if (outcome.kind === "category") return known.items[String(value)] || String(value);
  return value.map(function (one) { return known.items[one[0]] + " (" + number(one[1]) + unit + ")"; }).join(" \u00b7 ") || text.none;
}
// The terms of a sum that counted, with what each added.
function counted(sum, key, read) {
  var soFar = 0, rows = [];
  sum.terms.forEach(function (said, at) {
    if (!read.value(key + " " + at + " if") || read.refusal(key + " " + at + " adds")) return;
    var amount = Number(read.value(key + " " + at + " adds"));
    soFar += amount;
    rows.push(make("tr", {}, [make("th", { scope: "row", "class": "t" }, said),
      make("td", {}, (amount > 0 ? "+" : "") + number(amount)), make("td", {}, number(soFar))]));
  });
  var head = words.heads.map(function (said, at) { return make("th", at ? { scope: "col" } : { scope: "col", "class": "t" }, said); });
  return make("table", { "class": "terms" }, [make("caption", {}, capital(sum.title ? sum.title + text.colon + text.counted : text.counted)),
    make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)]);
}
function why(root) {
  var read = bobRules.read(person), answer = read.answer(root), rule = words.rules[root], sums = words.sums[root];
  var told = [].concat.apply([], sums.map(function (sum) { return sum.told; }));
  var met = answer.deciding.filter(function (pair) { return told.indexOf(pair[0]) < 0; })
    .map(function (pair) { return words.conditions[pair[0]][pair[1] ? 0 : 1]; });
  var parts = sums.map(function (sum, at) { return counted(sum, root + " " + at, read); });
  if (answer.refusal) parts.push(make("p", {}, fill("undefined", { why: answer.refusal.details.join(", ") || answer.refusal.kind })));
  if (met.length) parts.push(make("p", {}, text.deciding), make("ul", {}, met.map(function (said) { return make("li", {}, said); })));
  if (rule) parts.push(make("p", {}, make("a", { href: rule[2] }, text.rule)));
  return make("div", { "class": "why" }, parts);
}
function part(outcome, value) {
  var known = words.outcomes[outcome.id], inside = [make("h3", {}, capital(known.label))];
  if (outcome.kind === "list") {
    inside.push(make("ol", { "class": "try-list" }, value.map(function (one) {
      return make("li", {}, [make("strong", {}, known.items[one[0]]), " \u2013 " + number(one[1]) + (known.unit ? "\u00a0" + known.unit : ""), why(outcome.roots[one[0]])]);
    })));
    if (!value.length) inside.push(make("p", {}, text.none));
  } else {
    inside.push(make("p", { "class": "answer", "data-outcome": outcome.id }, make("strong", {}, capital(shown(outcome, value)))), why(outcome.roots[""]));
  }
  return make("section", {}, inside);
}

// --- same profile, another value of one input

function name(axis, value) {
  var known = labels[axis][value];
  if (!known && value < 0 && value === bobData.defaults[axis]) return text["no answer"];
  return known || (typeof value === "number" ? number(value) : String(value)) + (units[axis] ? " " + units[axis] : "");
}
function along(axis, values) {
  var rows = [];
  values.forEach(function (value) {
    var found = bobTry.answers(Object.assign({}, person, Object.fromEntries([[axis, value]])));
    var key = JSON.stringify(found), last = rows[rows.length - 1];
    if (last && last.key === key) last.to = value; else rows.push({ key: key, from: value, to: value, found: found });
  });
  var head = make("tr", {}, [make("th", { scope: "col", "class": "t" }, capital(words.axes[axis]))].concat(bobData.outcomes.map(function (o) {
    return make("th", { scope: "col", "class": "t" }, capital(words.outcomes[o.id].label));
  })));
  var body = rows.map(function (row) {
    var first = name(axis, row.from), last = name(axis, row.to);
    var said = row.from === row.to ? first : fill("from", { first: first, last: last });
    return make("tr", {}, [make("th", { scope: "row", "class": "t" }, said)].concat(bobData.outcomes.map(function (o) {
      return make("td", { "class": "t" }, shown(o, row.found[o.id]));
    })));
  });
  return make("section", {}, [make("h2", {}, fill("axis", { label: words.axes[axis] })),
    make("div", { "class": "scroll", tabindex: 0 }, make("table", {}, [make("thead", {}, head), make("tbody", {}, body)]))]);
}

function show() {
  var found = bobTry.answers(person), answers = document.getElementById("try-answers"), axes = document.getElementById("try-axes");
  answers.replaceChildren.apply(answers, bobData.outcomes.map(function (o) { return part(o, found[o.id]); }));
  axes.replaceChildren.apply(axes, Object.keys(bobData.axes).map(function (axis) { return along(axis, bobData.axes[axis]); }));
}
function set() {
  Object.keys(controls).forEach(function (field) {
    var one = controls[field], none = one[0].placeholder && person[field] === bobData.defaults[field] && person[field] < 0;
    one[0][one[1]] = one[1] === "checked" ? Boolean(person[field]) : none ? "" : String(person[field]);
  });
}
// What answers cannot go together: [question, why].
function contradictions(answers) {
  var read = bobRules.read(answers);
  return words.requirements.filter(function (r) { return !read.value(r[0]); }).map(function (r) { return [r[1], fill("refused together", { needed: r[2] })]; });
}
function again() {
  var faults = [], answers = Object.assign({}, person);
  Object.keys(controls).forEach(function (field) { answers[field] = controls[field][2](faults); });
  if (!faults.length) faults = contradictions(answers);
  Object.keys(controls).forEach(function (field) {
    var own = faults.filter(function (f) { return f[0] === field; })[0];
    bobProfile.fault(controls[field][0], own ? own[1] + " " + fill("refused kept", { value: name(field, person[field]) }) : "");
  });
  document.getElementById("try-kept").hidden = !faults.length;
  document.getElementById("try-results").classList.toggle("kept", faults.length > 0);
  if (faults.length) return; // what was accepted last stays, and says so
  person = answers;
  show();
  shared();
}
function open() {
  var parts = bobProfile.read(location.hash), refused = [], values = Object.assign({}, bobData.defaults);
  if (!parts) return false;
  var fields = [].concat.apply([], words.fields.map(function (group) { return group.fields; }));
  parts.forEach(function (part) {
    var field = fields.filter(function (f) { return f.name === part[0]; })[0], value = field && valueFrom(field, part[1]);
    if (!field) refused.push(fill("address unknown", { part: part.join("=") }));
    else if (value === undefined) refused.push(capital(field.label) + text.colon + (field.kind === "int" || field.kind === "float" ? refusal(field, part[1]) : fill("address impossible", { part: part[1] })));
    else values[field.name] = value;
  });
  contradictions(values).forEach(function (c) {
    values[c[0]] = bobData.defaults[c[0]];
    refused.push(c[1]);
  });
  var box = document.getElementById("try-refused");
  box.replaceChildren(make("p", {}, text["address refused"]), make("ul", {}, refused.map(function (r) { return make("li", {}, r); })));
  box.hidden = !refused.length;
  person = values;
  set();
  again();
  return true;
}
var shared = bobProfile.share(document.getElementById("try-address"), document.getElementById("try-copy"),
  document.getElementById("try-copied"), function () { return bobProfile.write(person, bobData.defaults); });
window.addEventListener("hashchange", open);
document.getElementById("try-form").addEventListener("input", again);
document.getElementById("try-form").addEventListener("submit", function (event) { event.preventDefault(); });
document.getElementById("try-example").addEventListener("click", function () {
  person = Object.assign({}, bobData.start);
  set();
  again();
});
set();
show();
if (!open()) shared();
box.hidden = false;
}());
