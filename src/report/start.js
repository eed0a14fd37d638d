  /* ---------------------------------------------------------------- events */

  function go(name) {
    var target = /^[a-z0-9-]+$/.test(name) ? id(name) : null;
    if (!target) return;
    if (!target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  }
  CHOICES.filter(id).forEach(function (name) {
    id(name).addEventListener("change", function () {
      var changes = {};
      changes[name] = id(name).value;
      change(changes);
    });
  });
  CHECKS.forEach(function (name) {
    id(name).addEventListener("change", function () {
      var changes = {};
      changes[name] = id(name).checked ? "yes" : "";
      change(changes);
    });
  });
  TYPED.forEach(function (name) {
    id(name).addEventListener("input", function () {
      var changes = {};
      changes[name] = id(name).value;
      change(changes);
    });
  });
  id("reset").addEventListener("click", function () {
    change({ kind: "", runtime: "", encoding: "", q: "", sort: "", model: DEFAULTS.model, operation: DEFAULTS.operation });
  });
  id("theme").addEventListener("click", function () { change({ theme: isDark() ? "light" : "dark" }); });
  all("button[data-scale]").forEach(function (button) {
    button.addEventListener("click", function () { change({ scale: button.getAttribute("data-scale") }); });
  });
  all("button[data-download]").forEach(function (button) {
    button.addEventListener("click", function () { download(button.getAttribute("data-download")); });
  });
  listenToSaves(document);
  id("decide").addEventListener("click", function () {
    change({ view: state.view ? "" : "decision" });
    window.scrollTo(0, 0);
  });
  all("[data-pick]").forEach(function (row) {
    var head = row.cells[0];
    var button = element("button");
    button.type = "button";
    button.title = "Show this model";
    while (head.firstChild) button.appendChild(head.firstChild);
    head.appendChild(button);
    button.addEventListener("click", function () {
      change({ model: index.models[Number(row.getAttribute("data-pick"))] });
    });
  });
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest('a[href^="#"]');
    if (!link) return;
    event.preventDefault();
    var name = link.getAttribute("href").slice(1);
    change({ at: name });
    go(name);
  });
  window.addEventListener("hashchange", function () {
    readAddress();
    apply();
    if (state.at) go(state.at);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = all("details:not([open])").filter(function (one) { return one.offsetParent; });
    folded.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    folded.forEach(function (one) { one.open = false; });
  });

  prepare(document);
  collect();
  readAddress();
  apply();
  if (state.at) go(state.at);
  /* From here on it answers. */
  performance.mark("interactive");
  unfoldStories();

  all("button[data-download]").forEach(function (button) { button.disabled = true; });
  Promise.resolve(id("record").textContent).then(inflate).then(JSON.parse).then(take).catch(function (error) {
    id("cost-missing").textContent = "The record inside this page cannot be read by this browser (" + error + "); bench.json beside the page holds it.";
  });
