// Searching for something else than was searched for, and moving along the stages of an answer.
(page) => {
  "use strict";
  const { find, all, send, acts } = page;

  acts["search-this"] = (el) => {
    const query = (el.dataset.query ?? find(".query-field", el.closest(".query-form"))?.value ?? "").trim();
    if (query) send("retry", { turn: Number(el.dataset.turn), query });
  };
  acts.stage = (el) => {
    const record = find(".record", el.closest(".stage-line"));
    record.open = !record.open;
  };
  const along = (mark, by) => {
    const marks = all(".stage-mark", mark.parentElement);
    const next = marks[(marks.indexOf(mark) + by + marks.length) % marks.length];
    marks.forEach((one) => { one.tabIndex = one === next ? 0 : -1; }); // one stop for the Tab key, as in a toolbar
    next.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && event.target.matches(".query-field")) {
      acts["search-this"](find("button", event.target.parentElement));
    } else if (event.target.matches(".stage-mark") && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      event.preventDefault();
      along(event.target, event.key === "ArrowRight" ? 1 : -1);
    }
  });
}
