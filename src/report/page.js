/* The page without this script shows everything; with it, one model and one operation at a time.
   Names in the record come from strangers: they only ever become text, never markup. */
(function () {
  "use strict";

  var ROW_COLUMNS = "model,format,operation,pages,status,reason,median_nanos,low_nanos,high_nanos,bytes,iterations,processes,samples,rank,floor_share,temperature";
  var SIZE_COLUMNS = "model,format,codec,bytes,compressed_bytes";
  var MEMORY_COLUMNS = "model,format,operation,pages,status,reason,peak_bytes,held_bytes,arena_bytes,allocations,resident_peak_bytes,minor_faults";

  var root = document.documentElement;
  var index = JSON.parse(document.getElementById("index").textContent);
  /* Read in the background: only the calculator and the downloads need it. */
  var record = null;

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
    scale: "log", bandwidth: "60", loads: "0", way: "best",
    sort: "", theme: "", at: ""
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

  var panels = all("[data-m]");
  var groups = all("[data-g]");
  var operations = all("[data-o]");
  var formatElements = all("[data-f]");

  function shows(formatIndex) {
    var format = index.formats[formatIndex];
    if (!format) return true;
    if (state.kind && format.executable !== (state.kind === "executable")) return false;
    if (state.runtime && format.runtime !== state.runtime) return false;
    if (state.encoding && format.encoding !== state.encoding) return false;
    var words = state.q.toLowerCase().split(/[\s,]+/).filter(Boolean);
    var text = (format.id + " " + format.title).toLowerCase();
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
    id("no-rows").hidden = visible;
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
  function applyControls() {
    ["model", "operation", "kind", "runtime", "encoding", "q", "bandwidth", "loads", "way"]
      .forEach(function (name) { if (id(name).value !== state[name]) id(name).value = state[name]; });
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
    if (touches(changes, ["model", "bandwidth", "loads", "way"])) calculate();
    if (touches(changes, ["kind", "runtime", "encoding", "q", "model", "bandwidth", "loads", "way"])) {
      formatElements = all("[data-f]");
      applyFilters();
    }
    if (touches(changes, ["model", "operation", "sort"])) applySort();
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
    sortable.forEach(function (table) {
      if (!table.offsetParent) return;
      var key = sorts[sectionOf(table)];
      var now = key ? key.label + ":" + key.direction : "";
      if ((table.sorted || "") === now) return;
      table.sorted = now;
      sortTable(table, key);
    });
  }
  var sortable = all("table").filter(function (table) { return table.querySelector("th.k"); });
  all("th.k").forEach(function (head) {
    var button = element("button");
    button.type = "button";
    head.setAttribute("data-label", head.firstChild.textContent.trim());
    while (head.firstChild) button.appendChild(head.firstChild);
    head.appendChild(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", function () { press(head); });
  });

  /* ---------------------------------------------------------------- the calculator */

  var timings = {};
  function take(read) {
    record = read;
    record.rows.forEach(function (row) {
      if (row.status !== "measured" || row.pages || row.temperature) return;
      timings[row.model + "\n" + row.format + "\n" + row.operation] = row.median_nanos;
    });
    all("button[data-download]").forEach(function (button) { button.disabled = false; });
    calculate();
  }
  /* The record is compressed, so that the page can be mailed. Nothing is fetched for it. */
  function inflate(base64) {
    var bytes = Uint8Array.from(atob(base64.trim()), function (one) { return one.charCodeAt(0); });
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }
  function timing(model, format, operation) {
    var value = timings[model + "\n" + format + "\n" + operation];
    return value === undefined ? null : value;
  }
  function load(model, format, way) {
    function one(open, predict) {
      var opened = timing(model, format, open), predicted = timing(model, format, predict);
      if (predicted === null && opened === null) return null;
      /* Plain arrays predict nothing: their load ends when they are decoded. */
      if (predicted === null) return { open: opened, predict: 0, total: opened };
      var first = opened === null ? predicted : Math.min(opened, predicted);
      return { open: first, predict: predicted - first, total: predicted };
    }
    var owned = one("decode", "decode-predict-1"), view = one("view", "view-predict-1");
    if (way === "decode") return owned;
    if (way === "view") return view || owned;
    if (owned && view) return view.total < owned.total ? view : owned;
    return owned || view;
  }
  function cost(size, bits, loads, way) {
    var time = load(size.model, size.format, way);
    if (!time) return null;
    var codecs = [{ name: "none", bytes: size.bytes, decompress: 0 }];
    Object.keys(size.compressed_bytes).forEach(function (codec) {
      var decompress = timing(size.model, size.format, "decompress-" + codec);
      if (decompress === null) return;
      codecs.push({ name: codec, bytes: size.compressed_bytes[codec], decompress: decompress });
    });
    return codecs.map(function (codec) {
      var parts = [codec.bytes * 8e9 / bits, codec.decompress, time.open * loads, time.predict * loads];
      var total = parts.reduce(function (sum, part) { return sum + part; }, 0);
      return { format: size.format, codec: codec.name, parts: parts, total: total };
    }).reduce(function (best, other) { return other.total < best.total ? other : best; });
  }
  var PARTS = ["fetch", "decompress", "load", "prediction"];

  function costRow(one, most) {
    var row = element("tr");
    row.setAttribute("data-f", index.formats.findIndex(function (f) { return f.id === one.format; }));
    var head = element("th", "", one.format);
    head.scope = "row";
    row.appendChild(head);
    row.appendChild(element("td", "total", duration(one.total)));
    var largest = one.parts.indexOf(Math.max.apply(null, one.parts));
    var share = one.total ? Math.round(one.parts[largest] / one.total * 100) : 0;
    row.appendChild(element("td", "l", PARTS[largest] + " (" + share + " %)"));
    row.appendChild(element("td", "l", one.codec));
    one.parts.forEach(function (part) { row.appendChild(element("td", "", part ? duration(part) : "–")); });
    var cell = element("td", "l bar");
    var drawing = svg("svg", { viewBox: "0 0 200 12", preserveAspectRatio: "none", "aria-hidden": "true" });
    var at = 0;
    one.parts.forEach(function (part, position) {
      var width = most ? part / most * 200 : 0;
      drawing.appendChild(svg("rect", { x: at.toFixed(2), y: 1, width: width.toFixed(2), height: 10, "class": "s" + position }));
      at += width;
    });
    cell.appendChild(drawing);
    row.appendChild(cell);
    return row;
  }
  function calculate() {
    if (!record) return;
    var model = state.model === "*" ? DEFAULTS.model : state.model;
    var bits = Math.pow(10, 6 + Number(state.bandwidth) / 20);
    var exact = Math.pow(10, Number(state.loads) / 15);
    var loads = exact < 10 ? Math.round(exact) : Number(exact.toPrecision(2));
    id("bandwidth-shown").textContent = bandwidthText(bits);
    id("loads-shown").textContent = String(loads);
    id("bandwidth").setAttribute("aria-valuetext", bandwidthText(bits));
    id("loads").setAttribute("aria-valuetext", loads + " loads");
    var title = record.models.filter(function (one) { return one.id === model; })[0];
    id("cost-model").textContent = title ? title.title : model;
    var missing = [], costs = [];
    index.formats.forEach(function (format) {
      var size = record.sizes.filter(function (one) { return one.model === model && one.format === format.id; })[0];
      var one = size ? cost(size, bits, loads, state.way) : null;
      if (one) costs.push(one);
      else missing.push(format.id + (size ? " (no load measured)" : " (no size measured)"));
    });
    costs.sort(function (a, b) { return a.total - b.total; });
    var body = id("cost").tBodies[0];
    body.textContent = "";
    var most = costs.length ? costs[costs.length - 1].total : 0;
    costs.forEach(function (one) { body.appendChild(costRow(one, most)); });
    id("cost-missing").textContent = missing.length ? "Not computed: " + missing.join(", ") + "." : "";
  }

  /* ---------------------------------------------------------------- downloads */

  function csvText(value) { return /^[=+\-@\t\r]/.test(value) ? "'" + value : value; }
  function csvCell(value) {
    var text = value === undefined || value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  function csv(columns, lines) {
    return [columns].concat(lines.map(function (line) { return line.map(csvCell).join(","); })).join("\n") + "\n";
  }
  function caseCells(row) {
    return [csvText(row.model), csvText(row.format), row.operation, row.pages || "", row.status, csvText(row.reason || "")];
  }
  function rowsCsv() {
    return csv(ROW_COLUMNS, record.rows.map(function (row) {
      var samples = row.samples_nanos;
      return caseCells(row).concat([
        row.median_nanos, row.low_nanos, row.high_nanos, row.bytes, row.iterations,
        samples && samples.length,
        samples && samples.reduce(function (sum, list) { return sum + list.length; }, 0),
        row.rank, row.floor_share, row.temperature
      ]);
    }));
  }
  function sizesCsv() {
    var lines = [];
    record.sizes.forEach(function (size) {
      var names = [csvText(size.model), csvText(size.format)];
      lines.push(names.concat(["none", size.bytes, size.bytes]));
      Object.keys(size.compressed_bytes).sort().forEach(function (codec) {
        lines.push(names.concat([csvText(codec), size.bytes, size.compressed_bytes[codec]]));
      });
    });
    return csv(SIZE_COLUMNS, lines);
  }
  function memoryCsv() {
    return csv(MEMORY_COLUMNS, record.memory.map(function (row) {
      return caseCells(row).concat([
        row.peak_bytes, row.held_bytes, row.arena_bytes, row.allocations,
        row.resident_peak_bytes, row.minor_faults
      ]);
    }));
  }
  var DOWNLOADS = {
    json: ["bench.json", "application/json", function () { return JSON.stringify(record, null, 1) + "\n"; }],
    rows: ["rows.csv", "text/csv", rowsCsv],
    sizes: ["sizes.csv", "text/csv", sizesCsv],
    memory: ["memory.csv", "text/csv", memoryCsv]
  };
  function download(what) {
    var file = DOWNLOADS[what];
    var link = element("a");
    link.href = URL.createObjectURL(new Blob([file[2]()], { type: file[1] + ";charset=utf-8" }));
    link.download = "deadweight-" + file[0];
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  /* ---------------------------------------------------------------- events */

  function go(name) {
    var target = /^[a-z0-9-]+$/.test(name) ? id(name) : null;
    if (!target) return;
    if (!target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  }
  ["model", "operation", "kind", "runtime", "encoding", "way"].forEach(function (name) {
    id(name).addEventListener("change", function () {
      var changes = {};
      changes[name] = id(name).value;
      change(changes);
    });
  });
  ["q", "bandwidth", "loads"].forEach(function (name) {
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

  readAddress();
  apply();
  if (state.at) go(state.at);

  all("button[data-download]").forEach(function (button) { button.disabled = true; });
  Promise.resolve(id("record").textContent).then(inflate).then(JSON.parse).then(take).catch(function (error) {
    id("cost-missing").textContent = "The record inside this page cannot be read by this browser (" + error + "); bench.json beside the page holds it.";
  });
})();
