// Written by bobanalysis from the rules that the whole audit runs; do not edit.
// Code: GPL-3.0-or-later. Figures: see the page of sources.
var bobRules = (function () {
"use strict";
var INPUTS = ["education", "distance_m", "age", "age_moved_out", "age_at_address"];
var ROOTS = {"score_low": 0, "score_high": 98, "class_low": 125, "class_high": 132, "required 0": 139, "required 1": 140, "required 2": 141};
var REFUSALS = [];
var TOLD = {"3": [[], [], [], []], "10": [[], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], []], "77": [[], [], [], [], [], [], [], []], "102": [[], [], [], [], [], [], [], []], "126": [[], [], [], [], []], "133": [[], [], [], [], []]};
var NAMED = [0, 2, 9, 76, 98, 101, 125, 132];
var ELEMENTARY = [4, 5, 6, 7, 12, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29, 35, 36, 42, 43, 49, 50, 56, 57, 63, 64, 70, 71, 79, 80, 81, 82, 84, 85, 87, 88, 90, 91, 93, 94, 105, 108, 139, 140, 144, 145, 146];
var NODES = [
  /* 0 score_low */ function (p, r, t, g) { return r(1); },
  /* 1 */ function (p, r, t, g) { return (r(2)) * (r(8)); },
  /* 2 factor */ function (p, r, t, g) { return r(3); },
  /* 3 */ function (p, r, t, g) { t.from = t.parts.length; if (r(4)) { t.row = 0; return 1.2; } t.from = t.parts.length; if (r(5)) { t.row = 1; return 1.1; } t.from = t.parts.length; if (r(6)) { t.row = 2; return 1.0; } t.from = t.parts.length; if (r(7)) { t.row = 3; return 0.8; } t.from = 0; return 0; },
  /* 4 */ function (p, r, t, g) { return p.education === 1; },
  /* 5 */ function (p, r, t, g) { return p.education === 2; },
  /* 6 */ function (p, r, t, g) { return p.education === 3; },
  /* 7 */ function (p, r, t, g) { return p.education === 4; },
  /* 8 */ function (p, r, t, g) { return (r(9)) + (r(76)); },
  /* 9 points */ function (p, r, t, g) { return r(10); },
  /* 10 */ function (p, r, t, g) { t.from = t.parts.length; if (r(11)) { t.row = 0; return 120; } t.from = t.parts.length; if (r(15)) { t.row = 1; return 110; } t.from = t.parts.length; if (r(18)) { t.row = 2; return 105; } t.from = t.parts.length; if (r(21)) { t.row = 3; return 100; } t.from = t.parts.length; if (r(24)) { t.row = 4; return 80; } t.from = t.parts.length; if (r(27)) { t.row = 5; return 100; } t.from = t.parts.length; if (r(30)) { t.row = 6; return 95; } t.from = t.parts.length; if (r(31)) { t.row = 7; return 85; } t.from = t.parts.length; if (r(32)) { t.row = 8; return 75; } t.from = t.parts.length; if (r(33)) { t.row = 9; return 65; } t.from = t.parts.length; if (r(34)) { t.row = 10; return 95; } t.from = t.parts.length; if (r(37)) { t.row = 11; return 85; } t.from = t.parts.length; if (r(38)) { t.row = 12; return 75; } t.from = t.parts.length; if (r(39)) { t.row = 13; return 65; } t.from = t.parts.length; if (r(40)) { t.row = 14; return 60; } t.from = t.parts.length; if (r(41)) { t.row = 15; return 85; } t.from = t.parts.length; if (r(44)) { t.row = 16; return 75; } t.from = t.parts.length; if (r(45)) { t.row = 17; return 65; } t.from = t.parts.length; if (r(46)) { t.row = 18; return 55; } t.from = t.parts.length; if (r(47)) { t.row = 19; return 45; } t.from = t.parts.length; if (r(48)) { t.row = 20; return 75; } t.from = t.parts.length; if (r(51)) { t.row = 21; return 65; } t.from = t.parts.length; if (r(52)) { t.row = 22; return 55; } t.from = t.parts.length; if (r(53)) { t.row = 23; return 45; } t.from = t.parts.length; if (r(54)) { t.row = 24; return 35; } t.from = t.parts.length; if (r(55)) { t.row = 25; return 50; } t.from = t.parts.length; if (r(58)) { t.row = 26; return 40; } t.from = t.parts.length; if (r(59)) { t.row = 27; return 30; } t.from = t.parts.length; if (r(60)) { t.row = 28; return 25; } t.from = t.parts.length; if (r(61)) { t.row = 29; return 20; } t.from = t.parts.length; if (r(62)) { t.row = 30; return 35; } t.from = t.parts.length; if (r(65)) { t.row = 31; return 25; } t.from = t.parts.length; if (r(66)) { t.row = 32; return 20; } t.from = t.parts.length; if (r(67)) { t.row = 33; return 15; } t.from = t.parts.length; if (r(68)) { t.row = 34; return 10; } t.from = t.parts.length; if (r(69)) { t.row = 35; return 20; } t.from = t.parts.length; if (r(72)) { t.row = 36; return 20; } t.from = t.parts.length; if (r(73)) { t.row = 37; return 15; } t.from = t.parts.length; if (r(74)) { t.row = 38; return 10; } t.from = t.parts.length; if (r(75)) { t.row = 39; return 5; } t.from = 0; return 0; },
  /* 11 */ function (p, r, t, g) { return !!(r(12) && r(13) && r(14)); },
  /* 12 */ function (p, r, t, g) { return p.distance_m === 0; },
  /* 13 */ function (p, r, t, g) { return p.age >= 15; },
  /* 14 */ function (p, r, t, g) { return p.age < 19; },
  /* 15 */ function (p, r, t, g) { return !!(r(12) && r(16) && r(17)); },
  /* 16 */ function (p, r, t, g) { return p.age >= 19; },
  /* 17 */ function (p, r, t, g) { return p.age < 21; },
  /* 18 */ function (p, r, t, g) { return !!(r(12) && r(19) && r(20)); },
  /* 19 */ function (p, r, t, g) { return p.age >= 21; },
  /* 20 */ function (p, r, t, g) { return p.age < 23; },
  /* 21 */ function (p, r, t, g) { return !!(r(12) && r(22) && r(23)); },
  /* 22 */ function (p, r, t, g) { return p.age >= 23; },
  /* 23 */ function (p, r, t, g) { return p.age < 25; },
  /* 24 */ function (p, r, t, g) { return !!(r(12) && r(25) && r(26)); },
  /* 25 */ function (p, r, t, g) { return p.age >= 25; },
  /* 26 */ function (p, r, t, g) { return p.age < 51; },
  /* 27 */ function (p, r, t, g) { return !!(r(28) && r(29) && r(13) && r(14)); },
  /* 28 */ function (p, r, t, g) { return p.distance_m >= 1; },
  /* 29 */ function (p, r, t, g) { return p.distance_m < 1001; },
  /* 30 */ function (p, r, t, g) { return !!(r(28) && r(29) && r(16) && r(17)); },
  /* 31 */ function (p, r, t, g) { return !!(r(28) && r(29) && r(19) && r(20)); },
  /* 32 */ function (p, r, t, g) { return !!(r(28) && r(29) && r(22) && r(23)); },
  /* 33 */ function (p, r, t, g) { return !!(r(28) && r(29) && r(25) && r(26)); },
  /* 34 */ function (p, r, t, g) { return !!(r(35) && r(36) && r(13) && r(14)); },
  /* 35 */ function (p, r, t, g) { return p.distance_m >= 1001; },
  /* 36 */ function (p, r, t, g) { return p.distance_m < 2001; },
  /* 37 */ function (p, r, t, g) { return !!(r(35) && r(36) && r(16) && r(17)); },
  /* 38 */ function (p, r, t, g) { return !!(r(35) && r(36) && r(19) && r(20)); },
  /* 39 */ function (p, r, t, g) { return !!(r(35) && r(36) && r(22) && r(23)); },
  /* 40 */ function (p, r, t, g) { return !!(r(35) && r(36) && r(25) && r(26)); },
  /* 41 */ function (p, r, t, g) { return !!(r(42) && r(43) && r(13) && r(14)); },
  /* 42 */ function (p, r, t, g) { return p.distance_m >= 2001; },
  /* 43 */ function (p, r, t, g) { return p.distance_m < 5001; },
  /* 44 */ function (p, r, t, g) { return !!(r(42) && r(43) && r(16) && r(17)); },
  /* 45 */ function (p, r, t, g) { return !!(r(42) && r(43) && r(19) && r(20)); },
  /* 46 */ function (p, r, t, g) { return !!(r(42) && r(43) && r(22) && r(23)); },
  /* 47 */ function (p, r, t, g) { return !!(r(42) && r(43) && r(25) && r(26)); },
  /* 48 */ function (p, r, t, g) { return !!(r(49) && r(50) && r(13) && r(14)); },
  /* 49 */ function (p, r, t, g) { return p.distance_m >= 5001; },
  /* 50 */ function (p, r, t, g) { return p.distance_m < 10001; },
  /* 51 */ function (p, r, t, g) { return !!(r(49) && r(50) && r(16) && r(17)); },
  /* 52 */ function (p, r, t, g) { return !!(r(49) && r(50) && r(19) && r(20)); },
  /* 53 */ function (p, r, t, g) { return !!(r(49) && r(50) && r(22) && r(23)); },
  /* 54 */ function (p, r, t, g) { return !!(r(49) && r(50) && r(25) && r(26)); },
  /* 55 */ function (p, r, t, g) { return !!(r(56) && r(57) && r(13) && r(14)); },
  /* 56 */ function (p, r, t, g) { return p.distance_m >= 10001; },
  /* 57 */ function (p, r, t, g) { return p.distance_m < 20001; },
  /* 58 */ function (p, r, t, g) { return !!(r(56) && r(57) && r(16) && r(17)); },
  /* 59 */ function (p, r, t, g) { return !!(r(56) && r(57) && r(19) && r(20)); },
  /* 60 */ function (p, r, t, g) { return !!(r(56) && r(57) && r(22) && r(23)); },
  /* 61 */ function (p, r, t, g) { return !!(r(56) && r(57) && r(25) && r(26)); },
  /* 62 */ function (p, r, t, g) { return !!(r(63) && r(64) && r(13) && r(14)); },
  /* 63 */ function (p, r, t, g) { return p.distance_m >= 20001; },
  /* 64 */ function (p, r, t, g) { return p.distance_m < 50001; },
  /* 65 */ function (p, r, t, g) { return !!(r(63) && r(64) && r(16) && r(17)); },
  /* 66 */ function (p, r, t, g) { return !!(r(63) && r(64) && r(19) && r(20)); },
  /* 67 */ function (p, r, t, g) { return !!(r(63) && r(64) && r(22) && r(23)); },
  /* 68 */ function (p, r, t, g) { return !!(r(63) && r(64) && r(25) && r(26)); },
  /* 69 */ function (p, r, t, g) { return !!(r(70) && r(71) && r(13) && r(14)); },
  /* 70 */ function (p, r, t, g) { return p.distance_m >= 50001; },
  /* 71 */ function (p, r, t, g) { return p.distance_m < 500001; },
  /* 72 */ function (p, r, t, g) { return !!(r(70) && r(71) && r(16) && r(17)); },
  /* 73 */ function (p, r, t, g) { return !!(r(70) && r(71) && r(19) && r(20)); },
  /* 74 */ function (p, r, t, g) { return !!(r(70) && r(71) && r(22) && r(23)); },
  /* 75 */ function (p, r, t, g) { return !!(r(70) && r(71) && r(25) && r(26)); },
  /* 76 leaving_low */ function (p, r, t, g) { return r(77); },
  /* 77 */ function (p, r, t, g) { t.from = t.parts.length; if (r(78)) { t.row = 0; return 30; } t.from = t.parts.length; if (r(83)) { t.row = 1; return 25; } t.from = t.parts.length; if (r(86)) { t.row = 2; return 25; } t.from = t.parts.length; if (r(89)) { t.row = 3; return 15; } t.from = t.parts.length; if (r(92)) { t.row = 4; return 15; } t.from = t.parts.length; if (r(95)) { t.row = 5; return 15; } t.from = t.parts.length; if (r(96)) { t.row = 6; return 10; } t.from = t.parts.length; if (r(97)) { t.row = 7; return 5; } t.from = 0; return 0; },
  /* 78 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(79) && r(80) && r(81) && r(82)); },
  /* 79 */ function (p, r, t, g) { return p.age_moved_out >= 17; },
  /* 80 */ function (p, r, t, g) { return p.age_moved_out < 19; },
  /* 81 */ function (p, r, t, g) { return p.age_at_address >= 17; },
  /* 82 */ function (p, r, t, g) { return p.age_at_address < 19; },
  /* 83 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(79) && r(80) && r(84) && r(85)); },
  /* 84 */ function (p, r, t, g) { return p.age_at_address >= 19; },
  /* 85 */ function (p, r, t, g) { return p.age_at_address < 21; },
  /* 86 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(87) && r(88) && r(84) && r(85)); },
  /* 87 */ function (p, r, t, g) { return p.age_moved_out >= 19; },
  /* 88 */ function (p, r, t, g) { return p.age_moved_out < 21; },
  /* 89 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(79) && r(80) && r(90) && r(91)); },
  /* 90 */ function (p, r, t, g) { return p.age_at_address >= 21; },
  /* 91 */ function (p, r, t, g) { return p.age_at_address < 23; },
  /* 92 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(93) && r(94) && r(90) && r(91)); },
  /* 93 */ function (p, r, t, g) { return p.age_moved_out >= 21; },
  /* 94 */ function (p, r, t, g) { return p.age_moved_out < 23; },
  /* 95 */ function (p, r, t, g) { return !!(r(22) && r(23) && r(79) && r(80) && r(81) && r(82)); },
  /* 96 */ function (p, r, t, g) { return !!(r(22) && r(23) && r(79) && r(80) && r(84) && r(85)); },
  /* 97 */ function (p, r, t, g) { return !!(r(19) && r(20) && r(79) && r(80) && r(81) && r(82)); },
  /* 98 score_high */ function (p, r, t, g) { return r(99); },
  /* 99 */ function (p, r, t, g) { return (r(2)) * (r(100)); },
  /* 100 */ function (p, r, t, g) { return (r(9)) + (r(101)); },
  /* 101 leaving_high */ function (p, r, t, g) { return r(102); },
  /* 102 */ function (p, r, t, g) { t.from = t.parts.length; if (r(103)) { t.row = 0; return 30; } t.from = t.parts.length; if (r(110)) { t.row = 1; return 25; } t.from = t.parts.length; if (r(113)) { t.row = 2; return 25; } t.from = t.parts.length; if (r(116)) { t.row = 3; return 15; } t.from = t.parts.length; if (r(119)) { t.row = 4; return 15; } t.from = t.parts.length; if (r(122)) { t.row = 5; return 15; } t.from = t.parts.length; if (r(123)) { t.row = 6; return 10; } t.from = t.parts.length; if (r(124)) { t.row = 7; return 5; } t.from = 0; return 0; },
  /* 103 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(104) && r(107)); },
  /* 104 */ function (p, r, t, g) { return !!(r(105) || r(106)); },
  /* 105 */ function (p, r, t, g) { return p.age_moved_out === -1; },
  /* 106 */ function (p, r, t, g) { return !!(r(79) && r(80)); },
  /* 107 */ function (p, r, t, g) { return !!(r(108) || r(109)); },
  /* 108 */ function (p, r, t, g) { return p.age_at_address === -1; },
  /* 109 */ function (p, r, t, g) { return !!(r(81) && r(82)); },
  /* 110 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(104) && r(111)); },
  /* 111 */ function (p, r, t, g) { return !!(r(108) || r(112)); },
  /* 112 */ function (p, r, t, g) { return !!(r(84) && r(85)); },
  /* 113 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(114) && r(111)); },
  /* 114 */ function (p, r, t, g) { return !!(r(105) || r(115)); },
  /* 115 */ function (p, r, t, g) { return !!(r(87) && r(88)); },
  /* 116 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(104) && r(117)); },
  /* 117 */ function (p, r, t, g) { return !!(r(108) || r(118)); },
  /* 118 */ function (p, r, t, g) { return !!(r(90) && r(91)); },
  /* 119 */ function (p, r, t, g) { return !!(r(25) && r(26) && r(120) && r(117)); },
  /* 120 */ function (p, r, t, g) { return !!(r(105) || r(121)); },
  /* 121 */ function (p, r, t, g) { return !!(r(93) && r(94)); },
  /* 122 */ function (p, r, t, g) { return !!(r(22) && r(23) && r(104) && r(107)); },
  /* 123 */ function (p, r, t, g) { return !!(r(22) && r(23) && r(104) && r(111)); },
  /* 124 */ function (p, r, t, g) { return !!(r(19) && r(20) && r(104) && r(107)); },
  /* 125 class_low */ function (p, r, t, g) { return r(126); },
  /* 126 */ function (p, r, t, g) { t.from = t.parts.length; if (r(127)) { t.row = 0; return "1"; } t.from = t.parts.length; if (r(128)) { t.row = 1; return "2"; } t.from = t.parts.length; if (r(129)) { t.row = 2; return "3"; } t.from = t.parts.length; if (r(130)) { t.row = 3; return "4"; } t.from = t.parts.length; if (r(131)) { t.row = 4; return "5"; } t.from = 0; return "6"; },
  /* 127 */ function (p, r, t, g) { return r(0) >= 80; },
  /* 128 */ function (p, r, t, g) { return r(0) >= 60; },
  /* 129 */ function (p, r, t, g) { return r(0) >= 40; },
  /* 130 */ function (p, r, t, g) { return r(0) >= 20; },
  /* 131 */ function (p, r, t, g) { return r(0) > 0; },
  /* 132 class_high */ function (p, r, t, g) { return r(133); },
  /* 133 */ function (p, r, t, g) { t.from = t.parts.length; if (r(134)) { t.row = 0; return "1"; } t.from = t.parts.length; if (r(135)) { t.row = 1; return "2"; } t.from = t.parts.length; if (r(136)) { t.row = 2; return "3"; } t.from = t.parts.length; if (r(137)) { t.row = 3; return "4"; } t.from = t.parts.length; if (r(138)) { t.row = 4; return "5"; } t.from = 0; return "6"; },
  /* 134 */ function (p, r, t, g) { return r(98) >= 80; },
  /* 135 */ function (p, r, t, g) { return r(98) >= 60; },
  /* 136 */ function (p, r, t, g) { return r(98) >= 40; },
  /* 137 */ function (p, r, t, g) { return r(98) >= 20; },
  /* 138 */ function (p, r, t, g) { return r(98) > 0; },
  /* 139 */ function (p, r, t, g) { return p.age_moved_out <= p.age; },
  /* 140 */ function (p, r, t, g) { return p.age_at_address <= p.age; },
  /* 141 */ function (p, r, t, g) { return !!(r(142) || r(146)); },
  /* 142 */ function (p, r, t, g) { return !r(143); },
  /* 143 */ function (p, r, t, g) { return !!(r(144) && r(145)); },
  /* 144 */ function (p, r, t, g) { return p.age_moved_out !== -1; },
  /* 145 */ function (p, r, t, g) { return p.age_at_address !== -1; },
  /* 146 */ function (p, r, t, g) { return p.age_moved_out <= p.age_at_address; }
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
var bobData = {"outcomes":[{"id":"score_low","kind":"number","roots":{"":"score_low"}},{"id":"score_high","kind":"number","roots":{"":"score_high"}},{"id":"class_low","kind":"category","roots":{"":"class_low"}},{"id":"class_high","kind":"category","roots":{"":"class_high"}}],"defaults":{"education":3,"distance_m":-1,"age":0,"age_moved_out":-1,"age_at_address":-1},"start":{"education":3,"distance_m":5000,"age":20,"age_moved_out":-1,"age_at_address":-1},"axes":{"age":[15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50],"distance_m":[0,1000,2000,5000,10000,20000,50000,500000,-1]}};
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
