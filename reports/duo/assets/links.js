// Links that keep their place. Without this they lead to the same pages, and a folded table stays folded.
(function () {
"use strict";
var other = document.querySelector("a.language"), page = other && other.getAttribute("href");
if (other) other.addEventListener("click", function () {
  other.setAttribute("href", page + location.hash); // ids are the same in both languages
});
function arrive() {
  var target = document.getElementById(location.hash.slice(1)), folded = false;
  for (var part = target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS" && !part.open) part.open = folded = true;
  }
  if (folded) target.scrollIntoView();
}
addEventListener("hashchange", arrive);
arrive();
// A table wider than its frame says so in words; a shadow stands there until its last column is in view.
var frames = document.querySelectorAll(".scroll[data-slide]");
function cut(frame) {
  var beyond = frame.scrollWidth - frame.clientWidth;
  frame.classList.toggle("slides", beyond > 8);
  frame.classList.toggle("cut", beyond - frame.scrollLeft > 8);
}
var seen = window.ResizeObserver && new ResizeObserver(function (all) { all.forEach(function (one) { cut(one.target); }); });
frames.forEach(function (frame) {
  cut(frame);
  if (seen) seen.observe(frame);
  frame.addEventListener("scroll", function () { cut(frame); });
});
})();
