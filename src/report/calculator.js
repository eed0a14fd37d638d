  /* ---------------------------------------------------------------- the calculator */

  var timings = {};
  var sizes = {};
  /* The rows of a table that stands column by column. */
  function rowsOf(table) {
    var next = {};
    return table.kinds.map(function (kind) {
      var row = {};
      table.keys[kind].forEach(function (key) {
        var at = next[key] || 0;
        row[key] = table.values[key][at];
        next[key] = at + 1;
      });
      return row;
    });
  }
  function take(read) {
    record = read.record;
    Object.keys(read.tables).forEach(function (name) { record[name] = rowsOf(read.tables[name]); });
    sampleCounts = read.samples;
    record.rows.forEach(function (row) {
      if (row.status !== "measured" || row.pages || row.temperature) return;
      timings[row.model + "\n" + row.format + "\n" + row.operation] = row.median_nanos;
    });
    record.sizes.forEach(function (size) { sizes[size.model + "\n" + size.format] = size; });
    all("button[data-download]").forEach(function (button) { button.disabled = false; });
    calculate();
    applyFilters();
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
  /* The least total over the codecs that are allowed; null where nothing was measured. */
  function cost(size, time, needs) {
    var best = null;
    var fetches = needs.fetches === "each" ? needs.loads : 1;
    function consider(codec, bytes, decompress) {
      if (needs.codec !== "best" && needs.codec !== codec) return;
      var parts = [bytes * 8e9 / needs.bits * fetches, decompress * fetches,
        time.open * needs.loads, time.predict * needs.loads];
      var total = parts[0] + parts[1] + parts[2] + parts[3];
      if (!best || total < best.total) {
        best = { format: size.format, codec: codec, parts: parts, total: total, compressible: isCompressible({ size: size }) };
      }
    }
    consider("none", size.bytes, 0);
    Object.keys(size.compressed_bytes).forEach(function (codec) {
      var decompress = timing(size.model, size.format, "decompress-" + codec);
      if (decompress !== null) consider(codec, size.compressed_bytes[codec], decompress);
    });
    return best;
  }
  /* True where a size with a codec and the time to decompress it were measured. */
  function isCompressible(one) {
    return Object.keys(one.size.compressed_bytes).some(function (codec) {
      return timing(one.size.model, one.size.format, "decompress-" + codec) !== null;
    });
  }
  var PARTS = ["fetch", "decompress", "load", "prediction"];
  var BECAUSE = [
    "fetching the file: fewer bytes or a faster network would help, a faster loader would not",
    "decompression: a lighter codec or none would help",
    "the load itself: a view, a faster format or fewer loads would help",
    "the first prediction after the load, which no format makes faster"
  ];

  function bandwidthOf(step) { return Math.pow(10, 6 + step / 20); }
  function needsOf() {
    var model = state.model === "*" ? DEFAULTS.model : state.model;
    var exact = Math.pow(10, Number(state.loads) / 15);
    return {
      name: model, model: index.ids[index.models.indexOf(model)],
      bits: bandwidthOf(Number(state.bandwidth)),
      loads: exact < 10 ? Math.round(exact) : Number(exact.toPrecision(2)),
      fetches: state.fetches, codec: state.codec
    };
  }
  /* What can be computed at all, and why the others cannot. */
  function candidates(model) {
    var found = { taken: [], missing: [], unfit: [] };
    index.formats.forEach(function (format) {
      var size = sizes[model + "\n" + format.id];
      var time = size && load(model, format.id, state.way);
      if (state.untrusted && format.risks.length) {
        found.unfit.push(format.name + " (" + format.risks.join(", ") + ")");
      } else if (state.readable && !format.readable) {
        found.unfit.push(format.name + " (layout of our own)");
      } else if (time) {
        found.taken.push({ size: size, time: time });
      } else {
        found.missing.push(format.name + (size ? " (no load measured)" : " (no size measured)"));
      }
    });
    return found;
  }
  function ranked(taken, needs) {
    return taken.map(function (one) { return cost(one.size, one.time, needs); })
      .filter(Boolean).sort(function (a, b) { return a.total - b.total; });
  }
  function bottleneck(one) {
    var largest = one.parts.indexOf(Math.max.apply(null, one.parts));
    return { part: largest, share: one.total ? Math.round(one.parts[largest] / one.total * 100) : 0 };
  }
  function placeOf(one) { return index.formats.findIndex(function (format) { return format.id === one.format; }); }
  function nameOf(one) { return index.formats[placeOf(one)].name; }
  function named(one) { return nameOf(one) + (one.codec === "none" ? "" : " with " + one.codec); }
  /* Far enough apart to decide by. */
  function isClear(least, next) { return next >= least * 1.05; }
  /* The next bandwidth, in steps of the slider, at which another format clearly leads. */
  function turn(taken, needs, leader, step) {
    for (var at = Number(state.bandwidth) + step; at >= 0 && at <= 100; at += step) {
      var there = ranked(taken, Object.assign({}, needs, { bits: bandwidthOf(at) }));
      var other = there[0], still = there.find(function (one) { return one.format === leader.format; });
      if (other && other.format !== leader.format && isClear(other.total, still.total)) {
        return (step > 0 ? "From " : "Below ") + bandwidthText(bandwidthOf(at - (step > 0 ? 0 : step))) +
          (step > 0 ? " upwards " : " ") + named(other) + " leads.";
      }
    }
    return "";
  }
  function answer(costs, taken, needs) {
    var box = id("cost-answer");
    box.hidden = false;
    box.textContent = "";
    if (!costs.length) {
      box.textContent = taken.length
        ? "Decompression of " + needs.codec + " was not measured for this model: choose another codec, or measure it with --profile thorough."
        : "No format fits: take back one of the conditions.";
      return;
    }
    var best = costs[0], neck = bottleneck(best), next = costs[1];
    box.appendChild(element("b", "", named(best) + ": " + duration(best.total) + " a day"));
    var text = ". " + neck.share + " % of it is " + BECAUSE[neck.part] + ". ";
    if (next) {
      var ratio = best.total ? next.total / best.total : 1;
      text += "Next " + named(next) + ", " + duration(next.total) + " (" + threeDigits(ratio) + "×)" +
        (isClear(best.total, next.total) ? ". " : ": too close to decide by time. ");
    }
    if (needs.codec === "best" && !taken.some(isCompressible)) {
      text += "No decompression was measured for this model, so no compressed file is ranked. ";
    }
    text += [turn(taken, needs, best, -1), turn(taken, needs, best, 1)].filter(Boolean).join(" ");
    box.appendChild(document.createTextNode(text));
  }

  function costRow(one, least, most) {
    var row = element("tr");
    var place = placeOf(one);
    row.setAttribute("data-f", place);
    var head = element("th", "", nameOf(one));
    head.scope = "row";
    if (index.formats[place].executable) {
      head.appendChild(document.createTextNode(" "));
      head.appendChild(element("span", "b", "can run code"));
    }
    row.appendChild(head);
    row.appendChild(element("td", "total", duration(one.total)));
    row.appendChild(element("td", "", least ? threeDigits(one.total / least) + "×" : "–"));
    var neck = bottleneck(one);
    row.appendChild(element("td", "l", PARTS[neck.part] + " (" + neck.share + " %)"));
    var codec = element("td", "l", one.codec);
    if (!one.compressible) codec.appendChild(element("small", "", "others not measured"));
    row.appendChild(codec);
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
    var needs = needsOf();
    id("bandwidth-shown").textContent = bandwidthText(needs.bits);
    id("loads-shown").textContent = needs.loads.toLocaleString("en");
    id("bandwidth").setAttribute("aria-valuetext", bandwidthText(needs.bits));
    id("loads").setAttribute("aria-valuetext", needs.loads + " loads a day");
    if (!record) return;
    var chosen = id("model").querySelector('option[value="' + CSS.escape(needs.name) + '"]');
    id("cost-model").textContent = chosen ? chosen.textContent : needs.name;
    var found = candidates(needs.model);
    var costs = ranked(found.taken, needs);
    var body = id("cost").tBodies[0];
    body.textContent = "";
    var most = costs.length ? costs[costs.length - 1].total : 0;
    var least = costs.length ? costs[0].total : 0;
    costs.forEach(function (one) { body.appendChild(costRow(one, least, most)); });
    answer(costs, found.taken, needs);
    id("cost-missing").textContent =
      (found.unfit.length ? "Left out: " + found.unfit.join(", ") + ". " : "") +
      (found.missing.length ? "Not computed: " + found.missing.join(", ") + "." : "");
  }

