/* What the browser's tests look for, told in sentences; an empty list is a good page. */

function middleOf(selector) {
  var found = document.querySelector(selector);
  if (!found) return { error: "nothing is " + selector };
  found.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  var box = found.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

function isShown(element) {
  return element.checkVisibility ? element.checkVisibility({ visibilityProperty: true }) : true;
}

function overlap(a, b) {
  var wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  var high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return wide > 1 && high > 2;
}

/* Texts of one drawing that cover each other, or leave it. */
function chartProblems() {
  var problems = [];
  Array.from(document.querySelectorAll("svg")).filter(isShown).forEach(function (chart) {
    var frame = chart.getBoundingClientRect();
    var texts = Array.from(chart.querySelectorAll("text")).filter(isShown).map(function (text) {
      return { name: text.textContent, box: text.getBoundingClientRect() };
    }).filter(function (text) { return text.name && text.box.width; });
    var name = chart.getAttribute("aria-label") || "a drawing";
    texts.forEach(function (text, at) {
      var box = text.box;
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2) {
        problems.push(name + ": " + text.name + " leaves it");
      }
      texts.slice(at + 1).forEach(function (other) {
        if (overlap(box, other.box)) problems.push(name + ": " + text.name + " covers " + other.name);
      });
    });
  });
  return problems;
}

/* The page must not scroll sideways, and what is beside each other in a row must not overlap. */
function layoutProblems() {
  var problems = [];
  var root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    problems.push("the page is " + root.scrollWidth + " wide in a window of " + root.clientWidth);
    Array.from(document.querySelectorAll("body *")).filter(isShown).forEach(function (element) {
      if (element.closest(".scroll") && !element.matches(".scroll")) return;
      var box = element.getBoundingClientRect();
      if (box.right > root.clientWidth + 1 && problems.length < 8) {
        problems.push(element.tagName + "." + element.getAttribute("class") + "#" + element.id + " ends at " + box.right + ": " + element.textContent.slice(0, 60));
      }
    });
  }
  ["header .top", ".actions", "nav", ".controls", ".tools"].forEach(function (selector) {
    Array.from(document.querySelectorAll(selector)).filter(isShown).forEach(function (row) {
      var parts = Array.from(row.children).filter(isShown).map(function (part) {
        return { name: part.textContent.slice(0, 30), box: part.getBoundingClientRect() };
      });
      parts.forEach(function (part, at) {
        parts.slice(at + 1).forEach(function (other) {
          if (overlap(part.box, other.box)) {
            problems.push(selector + ": " + part.name + " covers " + other.name);
          }
        });
      });
    });
  });
  return problems;
}

/* The first column of the shown rows of a table, as text. */
function firstColumn(selector) {
  return Array.from(document.querySelectorAll(selector + " tbody tr")).filter(isShown).map(function (row) {
    return row.cells[0].firstChild.textContent.trim();
  });
}
