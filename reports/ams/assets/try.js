// Written by bobanalysis from the rules that the whole audit runs; do not edit.
// Code: GPL-3.0-or-later. Figures: see the page of sources.
var bobRules = (function () {
"use strict";
var INPUTS = ["gender", "age", "state_group", "schooling", "care_duty", "office_type", "impaired", "occupation_group", "steady_work", "case_years", "long_case", "measure"];
var ROOTS = {"score": 0, "chance": 28, "class": 33, "score 0 0 if": 41, "score 0 0 adds": 42, "score 0 1 if": 2, "score 0 1 adds": 43, "score 0 2 if": 3, "score 0 2 adds": 44, "score 0 3 if": 6, "score 0 3 adds": 45, "score 0 4 if": 7, "score 0 4 adds": 46, "score 0 5 if": 8, "score 0 5 adds": 47, "score 0 6 if": 9, "score 0 6 adds": 48, "score 0 7 if": 10, "score 0 7 adds": 49, "score 0 8 if": 11, "score 0 8 adds": 50, "score 0 9 if": 13, "score 0 9 adds": 51, "score 0 10 if": 14, "score 0 10 adds": 52, "score 0 11 if": 15, "score 0 11 adds": 53, "score 0 12 if": 16, "score 0 12 adds": 54, "score 0 13 if": 17, "score 0 13 adds": 55, "score 0 14 if": 18, "score 0 14 adds": 56, "score 0 15 if": 19, "score 0 15 adds": 57, "score 0 16 if": 21, "score 0 16 adds": 58, "score 0 17 if": 22, "score 0 17 adds": 59, "score 0 18 if": 23, "score 0 18 adds": 60, "score 0 19 if": 24, "score 0 19 adds": 61, "score 0 20 if": 25, "score 0 20 adds": 62, "score 0 21 if": 26, "score 0 21 adds": 63, "score 0 22 if": 27, "score 0 22 adds": 64, "chance 0 0 if": 41, "chance 0 0 adds": 42, "chance 0 1 if": 2, "chance 0 1 adds": 43, "chance 0 2 if": 3, "chance 0 2 adds": 44, "chance 0 3 if": 6, "chance 0 3 adds": 45, "chance 0 4 if": 7, "chance 0 4 adds": 46, "chance 0 5 if": 8, "chance 0 5 adds": 47, "chance 0 6 if": 9, "chance 0 6 adds": 48, "chance 0 7 if": 10, "chance 0 7 adds": 49, "chance 0 8 if": 11, "chance 0 8 adds": 50, "chance 0 9 if": 13, "chance 0 9 adds": 51, "chance 0 10 if": 14, "chance 0 10 adds": 52, "chance 0 11 if": 15, "chance 0 11 adds": 53, "chance 0 12 if": 16, "chance 0 12 adds": 54, "chance 0 13 if": 17, "chance 0 13 adds": 55, "chance 0 14 if": 18, "chance 0 14 adds": 56, "chance 0 15 if": 19, "chance 0 15 adds": 57, "chance 0 16 if": 21, "chance 0 16 adds": 58, "chance 0 17 if": 22, "chance 0 17 adds": 59, "chance 0 18 if": 23, "chance 0 18 adds": 60, "chance 0 19 if": 24, "chance 0 19 adds": 61, "chance 0 20 if": 25, "chance 0 20 adds": 62, "chance 0 21 if": 26, "chance 0 21 adds": 63, "chance 0 22 if": 27, "chance 0 22 adds": 64, "class 0 0 if": 41, "class 0 0 adds": 42, "class 0 1 if": 2, "class 0 1 adds": 43, "class 0 2 if": 3, "class 0 2 adds": 44, "class 0 3 if": 6, "class 0 3 adds": 45, "class 0 4 if": 7, "class 0 4 adds": 46, "class 0 5 if": 8, "class 0 5 adds": 47, "class 0 6 if": 9, "class 0 6 adds": 48, "class 0 7 if": 10, "class 0 7 adds": 49, "class 0 8 if": 11, "class 0 8 adds": 50, "class 0 9 if": 13, "class 0 9 adds": 51, "class 0 10 if": 14, "class 0 10 adds": 52, "class 0 11 if": 15, "class 0 11 adds": 53, "class 0 12 if": 16, "class 0 12 adds": 54, "class 0 13 if": 17, "class 0 13 adds": 55, "class 0 14 if": 18, "class 0 14 adds": 56, "class 0 15 if": 19, "class 0 15 adds": 57, "class 0 16 if": 21, "class 0 16 adds": 58, "class 0 17 if": 22, "class 0 17 adds": 59, "class 0 18 if": 23, "class 0 18 adds": 60, "class 0 19 if": 24, "class 0 19 adds": 61, "class 0 20 if": 25, "class 0 20 adds": 62, "class 0 21 if": 26, "class 0 21 adds": 63, "class 0 22 if": 27, "class 0 22 adds": 64, "required 0": 36, "required 1": 39};
var REFUSALS = [];
var TOLD = {"34": [[]]};
var NAMED = [0, 28, 33];
var ELEMENTARY = [2, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 37, 40];
var NODES = [
  /* 0 score */ function (p, r, t, g) { return r(1); },
  /* 1 */ function (p, r, t, g) { var s = 0, c, v; c = true; v = 0.1; s += c ? v : 0; c = r(2); v = -0.14; s += c ? v : 0; c = r(3); v = -0.13; s += c ? v : 0; c = r(6); v = -0.7; s += c ? v : 0; c = r(7); v = 0.16; s += c ? v : 0; c = r(8); v = -0.05; s += c ? v : 0; c = r(9); v = 0.28; s += c ? v : 0; c = r(10); v = 0.01; s += c ? v : 0; c = r(11); v = -0.15; s += c ? v : 0; c = r(13); v = -0.34; s += c ? v : 0; c = r(14); v = -0.18; s += c ? v : 0; c = r(15); v = -0.83; s += c ? v : 0; c = r(16); v = -0.82; s += c ? v : 0; c = r(17); v = -0.67; s += c ? v : 0; c = r(18); v = 0.17; s += c ? v : 0; c = r(19); v = -0.74; s += c ? v : 0; c = r(21); v = 0.65; s += c ? v : 0; c = r(22); v = 1.19; s += c ? v : 0; c = r(23); v = 1.98; s += c ? v : 0; c = r(24); v = -0.8; s += c ? v : 0; c = r(25); v = -0.57; s += c ? v : 0; c = r(26); v = -0.21; s += c ? v : 0; c = r(27); v = -0.43; s += c ? v : 0; return s; },
  /* 2 */ function (p, r, t, g) { return p.gender === 2; },
  /* 3 */ function (p, r, t, g) { return !!(r(4) && r(5)); },
  /* 4 */ function (p, r, t, g) { return p.age >= 30; },
  /* 5 */ function (p, r, t, g) { return p.age < 50; },
  /* 6 */ function (p, r, t, g) { return p.age >= 50; },
  /* 7 */ function (p, r, t, g) { return p.state_group === 2; },
  /* 8 */ function (p, r, t, g) { return p.state_group === 3; },
  /* 9 */ function (p, r, t, g) { return p.schooling === 2; },
  /* 10 */ function (p, r, t, g) { return p.schooling === 3; },
  /* 11 */ function (p, r, t, g) { return !!(r(2) && r(12)); },
  /* 12 */ function (p, r, t, g) { return p.care_duty; },
  /* 13 */ function (p, r, t, g) { return p.office_type === 2; },
  /* 14 */ function (p, r, t, g) { return p.office_type === 3; },
  /* 15 */ function (p, r, t, g) { return p.office_type === 4; },
  /* 16 */ function (p, r, t, g) { return p.office_type === 5; },
  /* 17 */ function (p, r, t, g) { return p.impaired; },
  /* 18 */ function (p, r, t, g) { return p.occupation_group === 2; },
  /* 19 */ function (p, r, t, g) { return !r(20); },
  /* 20 */ function (p, r, t, g) { return p.steady_work; },
  /* 21 */ function (p, r, t, g) { return p.case_years === 1; },
  /* 22 */ function (p, r, t, g) { return p.case_years === 2; },
  /* 23 */ function (p, r, t, g) { return p.case_years === 3; },
  /* 24 */ function (p, r, t, g) { return p.long_case; },
  /* 25 */ function (p, r, t, g) { return p.measure === 1; },
  /* 26 */ function (p, r, t, g) { return p.measure === 2; },
  /* 27 */ function (p, r, t, g) { return p.measure === 3; },
  /* 28 chance */ function (p, r, t, g) { return r(29); },
  /* 29 */ function (p, r, t, g) { return (1) / (r(30)); },
  /* 30 */ function (p, r, t, g) { return (1) + (r(31)); },
  /* 31 */ function (p, r, t, g) { return Math.exp(r(32)); },
  /* 32 */ function (p, r, t, g) { return -(r(0)); },
  /* 33 class */ function (p, r, t, g) { return r(34); },
  /* 34 */ function (p, r, t, g) { t.from = t.parts.length; if (r(35)) { t.row = 0; return "A"; } t.from = 0; return "B_OR_C"; },
  /* 35 */ function (p, r, t, g) { return r(28) > 0.66; },
  /* 36 */ function (p, r, t, g) { return !!(r(37) || r(38)); },
  /* 37 */ function (p, r, t, g) { return p.case_years !== 0; },
  /* 38 */ function (p, r, t, g) { return !r(24); },
  /* 39 */ function (p, r, t, g) { return !!(r(37) || r(40)); },
  /* 40 */ function (p, r, t, g) { return p.measure === 0; },
  /* 41 */ function (p, r, t, g) { return true; },
  /* 42 */ function (p, r, t, g) { return 0.1; },
  /* 43 */ function (p, r, t, g) { return -0.14; },
  /* 44 */ function (p, r, t, g) { return -0.13; },
  /* 45 */ function (p, r, t, g) { return -0.7; },
  /* 46 */ function (p, r, t, g) { return 0.16; },
  /* 47 */ function (p, r, t, g) { return -0.05; },
  /* 48 */ function (p, r, t, g) { return 0.28; },
  /* 49 */ function (p, r, t, g) { return 0.01; },
  /* 50 */ function (p, r, t, g) { return -0.15; },
  /* 51 */ function (p, r, t, g) { return -0.34; },
  /* 52 */ function (p, r, t, g) { return -0.18; },
  /* 53 */ function (p, r, t, g) { return -0.83; },
  /* 54 */ function (p, r, t, g) { return -0.82; },
  /* 55 */ function (p, r, t, g) { return -0.67; },
  /* 56 */ function (p, r, t, g) { return 0.17; },
  /* 57 */ function (p, r, t, g) { return -0.74; },
  /* 58 */ function (p, r, t, g) { return 0.65; },
  /* 59 */ function (p, r, t, g) { return 1.19; },
  /* 60 */ function (p, r, t, g) { return 1.98; },
  /* 61 */ function (p, r, t, g) { return -0.8; },
  /* 62 */ function (p, r, t, g) { return -0.57; },
  /* 63 */ function (p, r, t, g) { return -0.21; },
  /* 64 */ function (p, r, t, g) { return -0.43; }
];
function Refusal(kind, details) { this.kind = kind; this.details = details; }
var refusals = REFUSALS.map(function (r) { return new Refusal(r[0], r[1]); });
var named = {}, elementary = {};
NAMED.forEach(function (k) { named[k] = true; });
ELEMENTARY.forEach(function (k) { elementary[k] = true; });
function min(a, b) { return b < a ? b : a; }
function max(a, b) { return b > a ? b : a; }
function halfEven(v) {
  var down = Math.floor(v), rest = v - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}
function begins(text, prefixes) { return prefixes.some(function (s) { return text.indexOf(s) === 0; }); }
function lists(text, values) { return text.split(",").some(function (s) { return values.indexOf(s) >= 0; }); }
function lacking(e) { if (!(e instanceof Refusal) || e.kind === "error") throw e; }
function over(group, order, how, k) {
  var rows = group.slice().sort(function (a, b) { return a[order] - b[order]; });
  var first;
  for (var n = 0; n < rows.length; n++) {
    var value = reading(rows[n], group)(k);
    if ((+value === 0) === (how === "all")) return value;
    if (n === 0) first = value;
  }
  return how === "all" ? first : 0;
}
function reading(person, group, forced) {
  var stack = [], seen = r.seen = [];
  function r(k) {
    if (stack.length) stack[stack.length - 1].parts.push(k);
    var t = seen[k];
    if (!t) {
      t = { value: undefined, refusal: null, parts: [], row: null, from: 0 };
      stack.push(t);
      try { t.value = forced && k in forced ? forced[k] : NODES[k](person, r, t, group); }
      catch (e) { if (!(e instanceof Refusal)) throw e; t.refusal = e; }
      finally { stack.pop(); }
      seen[k] = t;
    }
    if (t.refusal) throw t.refusal;
    return t.value;
  }
  return r;
}
function read(person, group, forced) {
  INPUTS.forEach(function (name) {
    if (person[name] === undefined || person[name] === null) {
      throw new Error("the input " + name + " is missing");
    }
  });
  var r = reading(person, group || [person], forced);
  function of(name) {
    if (!Object.prototype.hasOwnProperty.call(ROOTS, name)) throw new Error("no rule is called " + name);
    try { r(ROOTS[name]); } catch (e) { if (!(e instanceof Refusal)) throw e; }
    return ROOTS[name];
  }
  function conditions(parts) {
    var met = {}, found = [];
    function each(k) {
      if (met[k]) return;
      met[k] = true;
      if (elementary[k]) found.push([k, r.seen[k].value]);
      else r.seen[k].parts.forEach(each);
    }
    parts.forEach(each);
    return found;
  }
  return {
    holds: function (k) {
      try { return r(k); } catch (e) { if (!(e instanceof Refusal)) throw e; return null; }
    },
    value: function (name) { return r.seen[of(name)].value; },
    refusal: function (name) { return r.seen[of(name)].refusal; },
    answer: function (name) {
      var root = of(name), k = root;
      while (named[k] && r.seen[k].parts.length) k = r.seen[k].parts[0];
      var t = r.seen[k], table = TOLD[k] || null;
      return {
        value: t.value,
        refusal: t.refusal && { kind: t.refusal.kind, details: t.refusal.details },
        table: table && k,
        row: t.row,
        because: table && t.row !== null ? table[t.row] : [],
        conditions: conditions([root]),
        deciding: conditions(table ? t.parts.slice(t.from) : [root])
      };
    }
  };
}
function fill(detail, person) {
  return detail.replace(/\{(\w+)\}/g, function (whole, name) {
    return name in person ? person[name] : whole;
  });
}
return { names: Object.keys(ROOTS), inputs: INPUTS, read: read, fill: fill };
})();
var bobData = {"outcomes":[{"id":"score","kind":"number","roots":{"":"score"}},{"id":"chance","kind":"number","roots":{"":"chance"}},{"id":"class","kind":"category","roots":{"":"class"}}],"defaults":{"gender":1,"age":0,"state_group":1,"schooling":1,"care_duty":false,"office_type":1,"impaired":false,"occupation_group":1,"steady_work":true,"case_years":0,"long_case":false,"measure":0},"start":{"gender":1,"age":30,"state_group":1,"schooling":1,"care_duty":false,"office_type":1,"impaired":false,"occupation_group":1,"steady_work":true,"case_years":0,"long_case":false,"measure":0},"axes":{"age":[16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65],"office_type":[1,2,3,4,5]}};
// A profile in the address of the page, and the refusal of what cannot be: for the page of any algorithm.
// What stands behind the "#" of an address stays in the browser: it is sent to nobody.
var bobProfile = (function () {
"use strict";
var START = "#profile";

// What equals its default is left out: it is not answered.
function write(values, defaults) {
  return START + Object.keys(values).filter(function (name) { return values[name] !== defaults[name]; })
    .map(function (name) { return "&" + encodeURIComponent(name) + "=" + encodeURIComponent(String(values[name])); }).join("");
}
// The parts of an address, [name, text]; null where it holds no profile.
function read(hash) {
  if (hash !== START && hash.indexOf(START + "&") !== 0) return null;
  function plain(text) { try { return decodeURIComponent(text.replace(/\+/g, " ")); } catch (e) { return text; } }
  return hash.slice(START.length + 1).split("&").filter(Boolean).map(function (part) {
    var at = part.indexOf("=");
    return at < 0 ? [plain(part), ""] : [plain(part.slice(0, at)), plain(part.slice(at + 1))];
  });
}
// A number as it was typed; undefined where it is none, or is out of bounds. Nothing typed is null.
function number(typed, low, high, whole) {
  var text = String(typed).trim().replace("\u2212", "-").replace(",", ".");
  if (text === "") return null;
  var value = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  var inside = (low === null || value >= low) && (high === null || value <= high);
  return inside && !(whole && Math.trunc(value) !== value) && isFinite(value) ? value : undefined;
}
// Say beside a control why its answer is refused; nothing to say takes that away.
function fault(input, message) {
  var field = input.closest(".field, .try-age"), id = input.id + "-fault", said = document.getElementById(id);
  if (!message && !said) return;
  if (!said) {
    said = document.createElement("span");
    said.id = id;
    said.className = "fault";
    said.setAttribute("role", "alert");
    field.append(said);
  }
  if (said.textContent !== message) said.textContent = message;
  said.hidden = !message;
  input.setAttribute("aria-invalid", String(Boolean(message)));
  var others = (input.getAttribute("aria-describedby") || "").split(" ").filter(function (other) { return other && other !== id; });
  if (message) others.push(id);
  if (others.length) input.setAttribute("aria-describedby", others.join(" ")); else input.removeAttribute("aria-describedby");
}
// The address of a profile stands in a box to copy; from then on the address of the page goes with the profile.
function share(box, button, said, current) {
  function here() { return read(location.hash) !== null; }
  function update() {
    var hash = current();
    box.value = location.href.split("#")[0] + hash;
    if (here()) history.replaceState(null, "", hash);
    document.querySelectorAll("a.language").forEach(function (a) { a.href = a.href.split("#")[0] + (here() ? hash : ""); });
  }
  button.addEventListener("click", function () {
    history.replaceState(null, "", current());
    update();
    box.select();
    var done = function () { said.textContent = button.dataset.done; };
    if (navigator.clipboard) navigator.clipboard.writeText(box.value).then(done, function () {}); // else it is selected
  });
  return update;
}
return { write: write, read: read, number: number, fault: fault, share: share };
})();
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
