// The panel beside the chat: what a chip stands for at a glance, the turn that is read, and how wide the panel is.
(page) => {
  "use strict";
  const { find, all, send, remember, acts } = page;
  const root = document.documentElement;
  const words = page.language.words;
  const LEAST = 320, CHAT = 420; // pixels the panel and the chat keep
  const REST_MS = 350; // milliseconds of rest before the panel follows the reader
  const LEAVING_MS = 140; // milliseconds to get from a chip to what is told of it

  // ---- at a glance: the sentence, its source, its score --------------------------------------------------------------
  const peek = Object.assign(document.createElement("div"), { id: "peek", hidden: true });
  peek.setAttribute("role", "tooltip");
  document.body.append(peek);
  let chip = null, leaving = 0;
  const show = (el) => {
    const told = document.getElementById("peek-" + el.getAttribute("href").slice("#ev-".length));
    clearTimeout(leaving);
    if (!told || chip === el) return;
    hide();
    chip = el;
    chip.dataset.hint = chip.title;
    chip.removeAttribute("title"); // or the browser's own hint would cover it
    chip.setAttribute("aria-describedby", "peek");
    peek.replaceChildren(told.content.cloneNode(true));
    peek.hidden = false;
    const at = el.getBoundingClientRect(), box = peek.getBoundingClientRect();
    const above = at.top - box.height - 8;
    peek.style.left = Math.max(8, Math.min(at.left - 24, innerWidth - box.width - 8)) + "px";
    peek.style.top = (above > 60 ? above : at.bottom + 8) + "px";
  };
  const hide = () => {
    if (!chip) return;
    chip.title = chip.dataset.hint;
    chip.removeAttribute("aria-describedby");
    chip = null;
    peek.hidden = true;
  };
  const chipOf = (el) => el.closest?.('.prose a.chip[href^="#ev-"]');
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const over = chipOf(event.target);
    if (over) show(over);
    else if (event.target.closest?.("#peek")) clearTimeout(leaving);
    else if (chip) { clearTimeout(leaving); leaving = setTimeout(hide, LEAVING_MS); }
  });
  document.addEventListener("focusin", (event) => { const on = chipOf(event.target); if (on && on.matches(":focus-visible")) show(on); else hide(); });
  document.addEventListener("scroll", hide, true);
  document.addEventListener("click", hide, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chip) { hide(); event.stopImmediatePropagation(); } }, true);

  // ---- the turn that is read -----------------------------------------------------------------------------------------
  const shown = () => Number(find("#evidence .evidence")?.dataset.turn || 0);
  const tell = () => all(".turn").forEach((turn) => turn.classList.toggle("shown", turn.id === "turn-" + shown()));
  const read = () => {
    const box = find("#log").getBoundingClientRect(), line = box.top + box.height / 3;
    return all(".turn").find((turn) => turn.getBoundingClientRect().bottom > line);
  };
  let resting = 0;
  const follow = (event) => {
    if (!event.target.closest?.("#log") || root.dataset.panel !== "open" || root.dataset.side === "whole" || !matchMedia("(min-width: 1000px)").matches) return;
    clearTimeout(resting);
    resting = setTimeout(() => {
      const turn = read(), number = Number(turn?.id.slice("turn-".length));
      if (number && number !== shown() && find("[data-act=evidence]", turn)) send("evidence", { turn: number });
    }, REST_MS);
  };
  ["wheel", "touchmove"].forEach((kind) => document.addEventListener(kind, follow, { passive: true }));
  document.addEventListener("keydown", (event) => {
    if (["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"].includes(event.key) && !event.target.matches("input, textarea")) follow(event);
  });
  page.watchers.push((element) => { if (element.closest("#evidence, #live, #history")) tell(); });

  // ---- how wide it is ------------------------------------------------------------------------------------------------
  const most = () => Math.max(LEAST, innerWidth - CHAT);
  const set = (width, keep) => {
    const fits = Math.round(Math.max(LEAST, Math.min(width, most())));
    root.style.setProperty("--side", fits + "px");
    grip.setAttribute("aria-valuenow", fits);
    grip.setAttribute("aria-valuemin", LEAST);
    grip.setAttribute("aria-valuemax", most());
    if (keep) remember("side", fits);
  };
  const grip = Object.assign(document.createElement("div"), { id: "grip", tabIndex: 0 });
  grip.setAttribute("role", "separator");
  grip.setAttribute("aria-orientation", "vertical");
  grip.setAttribute("aria-label", words.grip);
  const width = () => find("#side").getBoundingClientRect().width;
  const hang = () => {
    const side = find("#side");
    if (!side || grip.nextElementSibling === side) return;
    side.before(grip);
    let kept = 0;
    try { kept = Number(localStorage.getItem("plainsight.side")); } catch (error) { void error; }
    if (kept) set(kept); else grip.setAttribute("aria-valuenow", Math.round(width()));
  };
  grip.addEventListener("pointerdown", (event) => { grip.setPointerCapture(event.pointerId); root.dataset.sizing = "yes"; event.preventDefault(); });
  grip.addEventListener("pointermove", (event) => { if (grip.hasPointerCapture(event.pointerId)) set(innerWidth - event.clientX); });
  grip.addEventListener("lostpointercapture", () => { delete root.dataset.sizing; set(width(), true); });
  grip.addEventListener("dblclick", () => { root.style.removeProperty("--side"); remember("side", ""); });
  grip.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
    if (!by) return;
    event.preventDefault();
    set(width() + by, true);
  });
  const widen = (wide) => {
    root.dataset.side = wide ? "whole" : "beside";
    all("[data-act=ev-wide]").forEach((el) => el.setAttribute("aria-pressed", String(wide)));
  };
  acts["ev-wide"] = () => widen(root.dataset.side !== "whole");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || root.dataset.side !== "whole" || find("#sheet .sheet-dialog")) return;
    event.stopImmediatePropagation();
    widen(false);
    find("[data-act=ev-wide]")?.focus();
  }, true);
  page.watchers.push((element) => { if (element.closest("#evidence")) { hang(); widen(root.dataset.side === "whole"); } });
  hang();
}
