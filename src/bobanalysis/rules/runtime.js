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
