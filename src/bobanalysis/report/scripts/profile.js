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
