  /* ---------------------------------------------------------------- evidence */

  /* The trials that Python's loaders ran, in the order of the table. */
  function cards() { return all("#evidence tr[data-t]"); }
  function applyTechnique() {
    if (!id("technique")) return;
    var shown = 0;
    cards().forEach(function (row) {
      var fits = !state.technique || row.getAttribute("data-t").split(" ").indexOf(state.technique) >= 0;
      row.hidden = row.nextElementSibling.hidden = !fits;
      if (fits) shown += 1;
    });
    id("evidence-shown").textContent = shown + " of " + cards().length + " attacks";
  }
  function textOf(node) { return node.textContent.replace(/\s+/g, " ").trim(); }
  /* What is of a file is text in a ticket, too, and no markup. */
  function plain(text) { return text.replace(/[\\`*_\[\]<>#|~]/g, "\\$&"); }
  function markdownOf(row) {
    var lines = ["# " + plain(textOf(row.cells[0].firstChild)) + " (" + plain(textOf(row.cells[0].querySelector("small"))) + ")", ""];
    ["severity", "loader", "seen let loose", "under the policy"].forEach(function (name, at) {
      lines.push("- **" + name + "**: " + plain(textOf(row.cells[at + 1])));
    });
    lines.push("");
    all(".story p:not(.tools), .story h4, .story h5, .story li, .story dt", row.nextElementSibling).forEach(function (node) {
      var text = plain(textOf(node));
      if (node.tagName === "H4") lines.push("", "## " + text, "");
      else if (node.tagName === "H5") lines.push("", "### " + text, "");
      else if (node.tagName === "LI") lines.push((node.parentNode.tagName === "OL" ? "1. " : "- ") + text);
      else if (node.tagName === "DT") lines.push("- **" + text + "**: " + plain(textOf(node.nextElementSibling)));
      else lines.push("", text, "");
    });
    return lines.join("\n").replace(/\n{3,}/g, "\n\n") + "\n";
  }
  function saveEvidence(button) {
    var own = button.closest("tr.st");
    var chosen = cards().filter(function (row) { return own ? row.nextElementSibling === own : !row.hidden; });
    if (button.getAttribute("data-save") === "markdown") {
      save("evidence.md", "text/markdown", chosen.map(markdownOf).join("\n"));
      return;
    }
    inflate(id("demo").textContent).then(JSON.parse).then(function (demo) {
      var places = cards();
      var trials = demo.trials.filter(function (trial) { return trial.executable; });
      demo.trials = chosen.map(function (row) { return trials[places.indexOf(row)]; });
      save("evidence.json", "application/json", JSON.stringify(demo, null, 1) + "\n");
    });
  }

  function listenToSaves(within) {
    all("button[data-save]", within).forEach(function (button) {
      button.addEventListener("click", function () { saveEvidence(button); });
    });
  }
  /* Where stories would make the page too large to be mailed, they lie in it compressed, as markup that was
     escaped like the rest, in the order of the rows. */
  function unfoldStories() {
    if (!id("stories")) return;
    var section = id("hostile");
    section.setAttribute("aria-busy", "true");
    inflate(id("stories").textContent).then(function (text) {
      var places = all("#evidence tr.st details");
      all(".story", new DOMParser().parseFromString(text, "text/html")).forEach(function (story, at) {
        listenToSaves(places[at].appendChild(document.adoptNode(story)));
      });
    }).catch(function (error) {
      id("no-stories").textContent = "This browser cannot read the calls that are in the page (" + error + "); demo.json beside the page has them.";
      id("no-stories").hidden = false;
    }).then(function () { section.setAttribute("aria-busy", "false"); });
  }

  /* ---------------------------------------------------------------- one page for a decision */

  function applyView() {
    var decides = state.view === "decision";
    if (decides) root.setAttribute("data-view", "decision");
    else root.removeAttribute("data-view");
    id("decide").setAttribute("aria-pressed", String(decides));
  }

