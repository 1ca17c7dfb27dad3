// Finds a département by name, town, number or postcode among the links of the page; accents, hyphens and capitals do not count.
(function () {
  var form = document.getElementById("find"), field = document.getElementById("find-text");
  var said = document.getElementById("find-said"), list = document.getElementById("find-found");
  var links = Array.prototype.slice.call(document.querySelectorAll(".all-places a")), odd = JSON.parse(form.dataset.odd);
  function plain(text) {
    return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, " ").trim();
  }
  function codes(number) { // the départements that a number or the beginning of a postcode may mean
    if (odd[number]) { return odd[number]; }
    if (/^20/.test(number)) {
      return number.length < 3 ? ["2A", "2B"] : /^20[01]/.test(number) ? ["2A"] : ["2B"];
    }
    if (number === "97") { return ["971", "972", "973", "974", "976"]; }
    if (number.length === 1) { return ["0" + number]; }
    return [number.slice(0, /^9[78]/.test(number) ? 3 : 2)];
  }
  function matching(text) {
    var number = text.replace(/ /g, "").toUpperCase();
    if (/^(\d{1,5}|2[AB])$/.test(number)) {
      var wanted = /\D/.test(number) ? [number] : codes(number);
      return links.filter(function (a) { a.other = ""; return wanted.indexOf(a.dataset.code) >= 0; });
    }
    var asked = text.split(" ").map(function (word) { return { st: "saint", ste: "sainte" }[word] || word; });
    function fits(name) {
      var own = plain(name).split(" ");
      return asked.every(function (word) { return own.some(function (one) { return one.indexOf(word) === 0; }); });
    }
    return links.map(function (a) { // its own name or number first, then another name of it, then its towns
      var also = a.dataset.also ? a.dataset.also.split("|") : [];
      a.other = fits(a.dataset.find + " " + a.dataset.code) ? "" : also.filter(fits)[0];
      return a;
    }).filter(function (a) { return a.other !== undefined; }).sort(function (a, b) { return !!a.other - !!b.other; });
  }
  function search() {
    var text = plain(field.value), found = text ? matching(text) : [];
    list.replaceChildren.apply(list, found.slice(0, 12).map(function (a) {
      var item = document.createElement("li"), copy = document.createElement("a");
      copy.href = a.getAttribute("href"); copy.textContent = (a.other ? a.other + form.dataset.colon : "") + a.textContent;
      item.append(copy);
      return item;
    }));
    var postcode = /^\d{5}$/.test(text.replace(/ /g, ""));
    said.textContent = !text ? "" : !found.length ? said.dataset.none : postcode && found.length > 1 ? said.dataset.two : "";
    return found;
  }
  form.hidden = false;
  field.addEventListener("input", search);
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var found = search();
    if (found.length) { location.href = found[0].getAttribute("href"); }
  });
  var asked = new URLSearchParams(location.search).get("q"); // from the form of the front page
  if (asked) {
    field.value = asked;
    var only = search();
    if (only.length === 1) { location.replace(only[0].getAttribute("href")); }
  }
  search();
})();
