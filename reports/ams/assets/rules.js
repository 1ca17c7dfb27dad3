// Search in the index of rules and in the questions: letters are compared without accents, every word must stand in the entry.
(function () {
  var box = document.getElementById("search-box"), field = document.getElementById("search");
  var count = document.getElementById("search-count"), rules = document.querySelectorAll(".rule-list li, article.entry");
  function plain(text) { return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, ""); }
  function search() {
    var words = plain(field.value).split(/\s+/).filter(Boolean), found = [];
    rules.forEach(function (rule) {
      var text = plain(rule.textContent);
      rule.hidden = !words.every(function (word) { return text.indexOf(word) !== -1; });
      if (rule.getClientRects().length) { found.push(rule); }
    });
    count.textContent = words.length ? count.dataset.text.replace("{n}", found.length) : "";
  }
  box.hidden = false;
  field.addEventListener("input", search);
  document.addEventListener("change", search);
  search();
})();
