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
    return csv(ROW_COLUMNS, record.rows.map(function (row, position) {
      var samples = row.samples_nanos;
      return caseCells(row).concat([
        row.median_nanos, row.low_nanos, row.high_nanos, row.bytes, row.iterations,
        samples && samples.length,
        samples && sampleCounts[position],
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
  function save(name, type, text) {
    var link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" }));
    link.download = "deadweight-" + name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }
  function download(what) {
    var file = DOWNLOADS[what];
    save(file[0], file[1], file[2]());
  }

