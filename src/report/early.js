(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  var theme = /[#&]theme=(dark|light)(&|$)/.exec(location.hash);
  if (theme) root.setAttribute("data-theme", theme[1]);
})();
