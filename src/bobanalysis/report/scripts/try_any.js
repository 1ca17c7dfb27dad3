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
  var numeric = field.kind !== "text", limits = { id: id, type: numeric ? "number" : "text" };
  if (numeric) limits.step = field.kind === "int" ? 1 : "any";
  if (numeric && field.minimum !== null) limits.min = field.minimum;
  if (numeric && field.maximum !== null) limits.max = field.maximum;
  var input = make("input", limits);
  controls[field.name] = [input, "value", function () {
    if (!numeric) return input.value;
    return input.value === "" || !isFinite(input.valueAsNumber) ? bobData.defaults[field.name] : input.valueAsNumber;
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
    var one = controls[field];
    one[0][one[1]] = one[1] === "checked" ? Boolean(person[field]) : String(person[field]);
  });
}
document.getElementById("try-form").addEventListener("input", function () {
  Object.keys(controls).forEach(function (field) { person[field] = controls[field][2](); });
  show();
});
document.getElementById("try-form").addEventListener("submit", function (event) { event.preventDefault(); });
document.getElementById("try-example").addEventListener("click", function () {
  person = Object.assign({}, bobData.start);
  set();
  show();
});
set();
show();
box.hidden = false;
}());
