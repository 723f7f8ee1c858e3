// Other ways on from a step of an answer: each is a branch beside it.
(page) => {
  "use strict";
  const { find, send, acts } = page;
  const at = (el) => ({ turn: Number(el.dataset.turn), step: Number(el.dataset.step) });
  acts["step-fork"] = (el) => {
    const form = el.closest(".fork-form");
    const said = Object.fromEntries(["kind", "query", "document"].map((name) => [name, find(`.fork-${name}`, form).value.trim()]));
    if (said.query) send("fork_step", { ...at(el), ...said });
    else find(".fork-query", form).focus();
  };
  acts["step-again"] = (el) => send("step_again", at(el));
  acts["step-without"] = (el) => send("step_without", at(el));
  const choose = (verdict) => (el) => send("choose_passage", { turn: Number(el.dataset.turn), chunk: el.dataset.chunk, verdict });
  acts["passage-pin"] = choose("pinned");
  acts["passage-drop"] = choose("banned");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && event.target.matches(".fork-query")) {
      acts["step-fork"](find("[data-act=step-fork]", event.target.closest(".fork-form")));
    }
  });
}
