// Find a job by what people call it. Accents, case, gender and plural do not count, in French and in English.
var bobJobs = (function () {
"use strict";
var EMPTY = " a an and au aux d dans de des du en et for in l la le les of on or ou par pour s sur the un une ".split(" ");
var ENDINGS = [[/sses$/, "ss"], [/men$/, "man"], [/eaux$/, "eau"], [/aux$/, "al"], [/([aeo]u)x$/, "$1"], [/([^s])s$/, "$1"],
  [/trice$/, "teur"], [/euse$/, "eur"], [/ere$/, "er"], [/([eo]n)ne$/, "$1"], [/elle$/, "el"], [/ette$/, "et"], [/ive$/, "if"],
  [/ffe$/, "f"], [/e$/, ""], [/y$/, "i"]];

function plain(text) {
  return text.toLowerCase().replace(/\u0153/g, "oe").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
}
var known = {};
function stem(word) {
  if (!known[word]) known[word] = word.length < 4 ? word : ENDINGS.reduce(function (w, end) { return w.replace(end[0], end[1]); }, word);
  return known[word];
}
function stems(text) {
  var all = plain(text).split(/[^a-z0-9]+/).filter(Boolean);
  var full = all.filter(function (word) { return EMPTY.indexOf(word) < 0; });
  var found = (full.length ? full : all).map(stem);
  return found.filter(function (stem, at) { return found.indexOf(stem) === at; });
}
// groups: code -> name; titles: code -> titles joined by "|"; everyday: [name, codes], the nearest first.
function index(groups, titles, everyday) {
  var entries = [];
  everyday.forEach(function (pair) {
    pair[1].forEach(function (code, place) { entries.push({ code: code, title: pair[0], stems: stems(pair[0]), ours: true, place: place }); });
  });
  Object.keys(groups).forEach(function (code) {
    [groups[code]].concat((titles[code] || "").split("|")).forEach(function (title) {
      if (title) entries.push({ code: code, title: title, stems: stems(title), ours: false, place: 0 });
    });
  });
  return entries;
}
// How well an entry fits: 0 is best, null not at all. Every word asked for must begin one of the entry's.
function fit(entry, asked) {
  var exact = true;
  for (var n = 0; n < asked.length; n++) {
    var word = asked[n];
    if (entry.stems.indexOf(word) >= 0) continue;
    if (!entry.stems.some(function (stem) { return stem.indexOf(word) === 0; })) return null;
    exact = false;
  }
  if (exact && entry.stems.length === asked.length) return entry.ours ? 0 : 1;
  return (entry.stems[0].indexOf(asked[0]) === 0 ? 2 : 3) + (exact ? 0 : 2);
}
// The job groups that a query finds, the best first, each with the title that it was found by.
function find(entries, query) {
  var asked = stems(query), best = {};
  if (!asked.length) return [];
  entries.forEach(function (entry) {
    var how = fit(entry, asked);
    if (how === null) return;
    var found = { code: entry.code, title: entry.title, ours: entry.ours, how: how, place: entry.place, length: entry.stems.length, times: 1 };
    var known = best[entry.code];
    if (known) found.times += known.times;
    if (!known || order(found, known) < 0) best[entry.code] = found; else known.times += 1;
  });
  return Object.keys(best).map(function (code) { return best[code]; }).sort(function (a, b) {
    return a.how - b.how || a.place - b.place || (a.how === 0 ? 0 : b.times - a.times) || order(a, b) || a.code.localeCompare(b.code);
  });
}
function order(a, b) { return a.how - b.how || a.place - b.place || a.length - b.length; }
return { index: index, find: find };
})();
