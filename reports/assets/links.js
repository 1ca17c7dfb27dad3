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
})();
