/* The page without this script shows everything; with it, one model and one operation at a time.
   Names in the record come from strangers: they only ever become text, never markup. */
  var ROW_COLUMNS = "model,format,operation,pages,status,reason,median_nanos,low_nanos,high_nanos,bytes,iterations,processes,samples,rank,floor_share,temperature";
  var SIZE_COLUMNS = "model,format,codec,bytes,compressed_bytes";
  var MEMORY_COLUMNS = "model,format,operation,pages,status,reason,peak_bytes,held_bytes,arena_bytes,allocations,resident_peak_bytes,minor_faults";

  var root = document.documentElement;
  var index = JSON.parse(document.getElementById("index").textContent);
  /* Read in the background: only the calculator and the downloads need it. */
  var record = null;
  var sampleCounts = [];

  function id(name) { return document.getElementById(name); }
  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }
  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function svg(name, attributes) {
    var made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    return made;
  }

  /* ---------------------------------------------------------------- numbers as people read them */

  function threeDigits(value) {
    var size = Math.abs(value);
    if (size >= 99.95) return value.toFixed(0);
    if (size >= 9.995) return value.toFixed(1);
    if (size >= 0.0995 || size === 0) return value.toFixed(2);
    return value.toFixed(3);
  }
  function duration(nanos) {
    if (nanos < 999.5) return (nanos % 1 === 0 ? nanos.toFixed(0) : threeDigits(nanos)) + " ns";
    if (nanos < 999.5e3) return threeDigits(nanos / 1e3) + " µs";
    if (nanos < 999.5e6) return threeDigits(nanos / 1e6) + " ms";
    return threeDigits(nanos / 1e9) + " s";
  }
  function bandwidthText(bits) {
    if (bits < 999.5e6) return threeDigits(bits / 1e6) + " Mbit/s";
    return threeDigits(bits / 1e9) + " Gbit/s";
  }

  /* ---------------------------------------------------------------- the state and its address */

  var DEFAULTS = {
    model: index.models[index.headline] || "",
    operation: index.operation || "*",
    kind: "", runtime: "", encoding: "", q: "",
    scale: "log", bandwidth: "60", loads: "30", way: "best", fetches: "once", codec: "best",
    readable: "", untrusted: "", technique: "", view: "", sort: "", theme: "", at: ""
  };
  var state = Object.assign({}, DEFAULTS);

  function readAddress() {
    var text = location.hash.replace(/^#/, "");
    var read = Object.assign({}, DEFAULTS);
    if (text && text.indexOf("=") < 0) {
      read = Object.assign({}, state, { at: text });
    } else {
      new URLSearchParams(text).forEach(function (value, key) {
        if (Object.prototype.hasOwnProperty.call(DEFAULTS, key)) read[key] = value;
      });
    }
    if (read.model !== "*" && index.models.indexOf(read.model) < 0) read.model = DEFAULTS.model;
    state = read;
  }
  function writeAddress() {
    var parameters = new URLSearchParams();
    Object.keys(DEFAULTS).forEach(function (key) {
      if (state[key] !== DEFAULTS[key]) parameters.set(key, state[key]);
    });
    var text = parameters.toString();
    try {
      history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
    } catch (_) { /* some browsers refuse this for local files; the view still works */ }
  }
  function change(changes) {
    Object.assign(state, changes);
    apply(changes);
    writeAddress();
  }

  /* ---------------------------------------------------------------- what is shown */

  var panels, groups, operations, formatElements;
  function collect() {
    panels = all("[data-m]");
    groups = all("[data-g]");
    operations = all("[data-o]");
    formatElements = all("[data-f]");
  }

  function shows(formatIndex) {
    var format = index.formats[formatIndex];
    if (!format) return true;
    if (state.kind && format.executable !== (state.kind === "executable")) return false;
    if (state.runtime && format.runtime !== state.runtime) return false;
    if (state.encoding && format.encoding !== state.encoding) return false;
    var words = state.q.toLowerCase().split(/[\s,]+/).filter(Boolean);
    var text = (format.name + " " + format.title).toLowerCase();
    return !words.length || words.some(function (word) { return text.indexOf(word) >= 0; });
  }
  function applyFilters() {
    var shown = index.formats.map(function (_, position) { return shows(position); });
    formatElements.forEach(function (item) {
      var visible = shown[Number(item.getAttribute("data-f"))] !== false;
      if (item.tagName.toLowerCase() === "g") item.classList.toggle("dim", !visible);
      else item.hidden = !visible;
    });
    var count = shown.filter(Boolean).length;
    id("shown").textContent = count + " of " + index.formats.length + " formats" +
      (count ? "" : ": nothing matches the filter");
  }
  function applyModel() {
    var wanted = String(index.models.indexOf(state.model));
    panels.forEach(function (panel) {
      panel.classList.toggle("on", state.model === "*" || panel.getAttribute("data-m") === wanted);
    });
    all("[data-pick]").forEach(function (row) {
      row.classList.toggle("picked", row.getAttribute("data-pick") === wanted);
    });
  }
  function applyOperation() {
    var known = index.operations.filter(function (one) { return one.id === state.operation; })[0];
    var every = !known;
    operations.forEach(function (panel) {
      panel.classList.toggle("on", every || panel.getAttribute("data-o") === state.operation);
    });
    groups.forEach(function (panel) {
      panel.classList.toggle("on", every || panel.getAttribute("data-g") === known.group);
    });
    var visible = operations.some(function (panel) {
      return panel.classList.contains("on") && panel.closest("[data-m]").classList.contains("on");
    });
    id("no-rows").hidden = visible || isFolded();
  }
  function applyScale() {
    root.setAttribute("data-scale", state.scale);
    all("button[data-scale]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-scale") === state.scale));
    });
  }
  function isDark() {
    if (state.theme) return state.theme === "dark";
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function applyTheme() {
    if (state.theme) root.setAttribute("data-theme", state.theme);
    else root.removeAttribute("data-theme");
    id("theme").textContent = isDark() ? "Light theme" : "Dark theme";
  }
  var CHOICES = ["model", "operation", "kind", "runtime", "encoding", "way", "fetches", "codec", "technique"];
  var TYPED = ["q", "bandwidth", "loads"];
  var VALUES = CHOICES.concat(TYPED);
  var CHECKS = ["readable", "untrusted"];
  var COSTS = ["model", "bandwidth", "loads", "way", "fetches", "codec", "readable", "untrusted"];
  function applyControls() {
    VALUES.forEach(function (name) { if (id(name) && id(name).value !== state[name]) id(name).value = state[name]; });
    CHECKS.forEach(function (name) { id(name).checked = Boolean(state[name]); });
    if (id("operation").selectedIndex < 0) id("operation").value = "*";
  }
  function touches(changes, names) {
    return !changes || names.some(function (name) { return name in changes; });
  }
  function apply(changes) {
    applyControls();
    if (touches(changes, ["model"])) applyModel();
    if (touches(changes, ["model", "operation"])) applyOperation();
    if (touches(changes, ["scale"])) applyScale();
    if (touches(changes, ["theme"])) applyTheme();
    if (touches(changes, ["technique"])) applyTechnique();
    if (touches(changes, ["view"])) applyView();
    if (touches(changes, COSTS)) calculate();
    if (touches(changes, ["kind", "runtime", "encoding", "q"].concat(COSTS))) {
      formatElements = all("[data-f]");
      applyFilters();
    }
    if (touches(changes, ["model", "operation", "sort"])) applySort();
    if (touches(changes, ["model", "operation"])) unfold();
  }

  /* ---------------------------------------------------------------- folded panels */

  /* The record and the panels are compressed, so that the page can be mailed. */
  function inflate(base64) {
    var bytes = Uint8Array.from(atob(base64.trim()), function (one) { return one.charCodeAt(0); });
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }
  /* Panels of other models lie in the page compressed, as markup that was escaped like the rest of the
     page. Nothing is fetched for them. */
  function folds() { return all("script[data-fold]"); }
  function wantedFolds() {
    return folds().filter(function (fold) {
      var model = Number(fold.getAttribute("data-fold"));
      if (state.model !== "*" && index.models[model] !== state.model) return false;
      /* Of the headline the page has everything but the tables of the other operations. */
      return model !== index.headline || state.operation !== index.operation;
    });
  }
  function isFolded() { return wantedFolds().length > 0; }
  function unfoldInto(text) {
    var parsed = new DOMParser().parseFromString(text, "text/html");
    all("[data-s]", parsed).forEach(function (part) {
      var place = document.querySelector('div[data-s="' + part.getAttribute("data-s") + '"]');
      all(":scope > [data-m]", part).forEach(function (panel) {
        var number = Number(panel.getAttribute("data-m"));
        var next = null;
        all(":scope > [data-m]", place).forEach(function (known) {
          var other = Number(known.getAttribute("data-m"));
          if (other === number) known.remove();
          else if (other > number && !next) next = known;
        });
        var adopted = document.adoptNode(panel);
        prepare(adopted);
        place.insertBefore(adopted, next);
      });
    });
  }
  /* One after the other, so that the page answers in between. */
  function unfold() {
    var next = wantedFolds()[0];
    document.querySelector("main").setAttribute("aria-busy", String(Boolean(next)));
    if (!next) return;
    if (next.busy) return;
    next.busy = true;
    inflate(next.textContent).then(function (text) {
      next.remove();
      unfoldInto(text);
      collect();
      apply();
    }).catch(function (error) {
      next.remove();
      id("no-rows").textContent = "This browser cannot read the compressed part of the page (" + error + ").";
      id("no-rows").hidden = false;
      document.querySelector("main").setAttribute("aria-busy", "false");
    });
  }

  /* ---------------------------------------------------------------- sorting */

  function sectionOf(table) { return table.closest("section").id; }
  function labelOf(head) { return head.getAttribute("data-label"); }

  function sortState() {
    var sorts = {};
    state.sort.split(";").filter(Boolean).forEach(function (part) {
      var fields = part.split(":");
      if (fields.length === 3) sorts[fields[0]] = { label: fields[1], direction: fields[2] };
    });
    return sorts;
  }
  function press(head) {
    var section = sectionOf(head);
    var sorts = sortState();
    var now = head.getAttribute("aria-sort");
    sorts[section] = {
      label: labelOf(head),
      direction: now === "ascending" ? "descending" : "ascending"
    };
    change({
      sort: Object.keys(sorts).map(function (name) {
        return name + ":" + sorts[name].label + ":" + sorts[name].direction;
      }).join(";")
    });
  }
  function valueOf(row, column) {
    var cell = row.cells[column];
    if (!cell) return null;
    if (cell.hasAttribute("data-v")) return Number(cell.getAttribute("data-v"));
    if (cell.tagName === "TH") return cell.firstChild ? cell.firstChild.textContent.trim() : "";
    /* "=3", "57 %", "1,234", "0.93": the number a text begins with; none in "–" and "failed". */
    var number = parseFloat(cell.textContent.replace(/^=/, "").replace(/,/g, ""));
    return isNaN(number) ? null : number;
  }
  function sortTable(table, wanted) {
    var heads = all("thead th", table);
    var column = -1;
    heads.forEach(function (head, position) {
      if (!head.hasAttribute("aria-sort")) return;
      var chosen = wanted && labelOf(head) === wanted.label;
      if (chosen) column = position;
      head.setAttribute("aria-sort", chosen ? wanted.direction : "none");
    });
    var body = table.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows);
    rows.forEach(function (row, position) {
      if (row.place === undefined) row.place = position;
    });
    var sign = wanted && wanted.direction === "descending" ? -1 : 1;
    rows.sort(function (a, b) {
      if (column < 0) return a.place - b.place;
      var x = valueOf(a, column), y = valueOf(b, column);
      /* What has no figure stays at the end, whichever way is sorted. */
      if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
      var order = typeof x === "number" ? x - y : String(x).localeCompare(String(y));
      return sign * order || a.place - b.place;
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }
  function applySort() {
    var sorts = sortState();
    sortable = sortable.filter(function (table) { return table.isConnected; });
    sortable.forEach(function (table) {
      if (!table.offsetParent) return;
      var key = sorts[sectionOf(table)];
      var now = key ? key.label + ":" + key.direction : "";
      if ((table.sorted || "") === now) return;
      table.sorted = now;
      sortTable(table, key);
    });
  }
  var sortable = [];
  function prepare(within) {
    all("table", within).forEach(function (table) {
      if (table.querySelector("th.k")) sortable.push(table);
    });
    all("th.k", within).forEach(function (head) {
      var button = element("button");
      button.type = "button";
      head.setAttribute("data-label", head.firstChild.textContent.trim());
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () { press(head); });
    });
  }

