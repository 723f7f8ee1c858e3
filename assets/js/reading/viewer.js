// Reading: the document viewer, where the selected words stand, and why a passage was not sent.
(page) => {
  "use strict";
  const { find, all, send, acts } = page;
  const doc = () => find("#sheet .doc");
  const bar = () => find("#sheet .doc-bar");
  const toChat = () => find("#tab-chat-button")?.click();
  const where = (el) => ({
    turn: Number(el.dataset.turn || 0), name: el.dataset.name, base: el.dataset.base || "", chunk: el.dataset.chunk || "",
    part: Number(el.dataset.part || 0),
  });
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  acts["doc-open"] = (el) => send("open_document", where(el));
  acts["doc-card"] = (el) => { page.closeSheet(); toChat(); page.showCard(el.dataset.id); };
  acts["doc-talk"] = (el) => { toChat(); send("open_talk", { id: el.closest(".talk").dataset.id }); };
  acts["doc-jump"] = (el) => go(el.dataset.to);
  acts["why-form"] = (el) => send("ask_why", { turn: Number(el.dataset.turn) });
  acts["why-chunk"] = (el) => send("why_not", where(el));
  acts["why-try"] = (el) => {
    toChat();
    send("try_remedy", { turn: Number(el.dataset.turn), given: el.dataset.given === "yes", changes: JSON.parse(el.dataset.changes) });
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".why-form")) return;
    event.preventDefault();
    const text = find("textarea", event.target).value.trim();
    if (text) send("why_not", { turn: Number(event.target.dataset.turn), text });
  });

  // ---- to a place in the document ------------------------------------------------------------------------------------
  const go = (id) => {
    const place = id && document.getElementById(id);
    if (!place) return;
    const row = place.closest(".doc-row");
    const target = place.offsetHeight ? place : place.nextElementSibling || row;
    target.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "start" });
    const number = /^doc-at-(\d+)$/.exec(id)?.[1];
    const pieces = number ? all(`[data-chunk="${number}"]:not(button)`, row) : [];
    (pieces.length ? pieces : [place.matches(".doc-row") ? find(".doc-text", place) : target]).forEach((el) => {
      el.classList.remove("flash");
      void el.offsetWidth; // the animation starts again only after a layout without it
      el.classList.add("flash");
    });
    if (place.matches("[tabindex]")) place.focus({ preventScroll: true });
  };

  // ---- about one passage ---------------------------------------------------------------------------------------------
  let pressed = null;
  const shut = () => {
    if (!bar() || bar().hidden) return false;
    bar().hidden = true;
    all(".heat[aria-expanded]", doc()).forEach((el) => el.removeAttribute("aria-expanded"));
    pressed?.focus({ preventScroll: true });
    return true;
  };
  acts["doc-bar-close"] = shut;
  acts["doc-chunk"] = (el) => {
    const told = document.getElementById("doc-info-" + el.dataset.chunk);
    if (!told || !bar()) return;
    all(".heat[aria-expanded]", doc()).forEach((other) => other.removeAttribute("aria-expanded"));
    pressed = el;
    el.setAttribute("aria-expanded", "true");
    find(".doc-told", bar()).replaceChildren(told.content.cloneNode(true));
    bar().hidden = false;
    bar().focus({ preventScroll: true });
  };
  // before the page's own keys: Escape leaves what is told of a passage first, then the document
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && doc() && shut()) event.stopImmediatePropagation();
  }, true);

  // ---- where words stand ---------------------------------------------------------------------------------------------
  const reference = (blocks) => {
    const from = Math.min(...blocks.map((b) => Number(b.dataset.from)));
    const to = Math.max(...blocks.map((b) => Number(b.dataset.to)));
    const path = blocks[0].closest(".doc-row").dataset.path;
    const { name, baseName, characters } = doc().dataset;
    return [baseName, name, path].filter(Boolean).join(" › ") + ", " + characters.replace("{start}", from).replace("{end}", to);
  };
  const chosen = () => {
    const selection = getSelection();
    const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    const blocks = all(".doc-block", doc());
    const held = range ? blocks.filter((block) => range.intersectsNode(block)) : [];
    const top = find(".doc-scroll", doc()).getBoundingClientRect().top;
    return held.length ? held : blocks.filter((block) => block.getBoundingClientRect().bottom > top + 4).slice(0, 1);
  };
  const copied = (el, blocks) => {
    if (!blocks.length) return;
    page.copy(reference(blocks)).then(() => {
      el.classList.add("done");
      setTimeout(() => el.classList.remove("done"), 1200);
    });
  };
  acts["doc-reference"] = (el) => copied(el, chosen());
  acts["doc-heading"] = (el) => copied(el, [el.closest(".doc-block")]);
  const anchors = () => {
    const label = find("[data-act=doc-reference]", doc().closest(".sheet-dialog")).getAttribute("aria-label");
    all(".doc-block > .doc-h", doc()).forEach((heading) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "doc-ref", textContent: "#" });
      button.dataset.act = "doc-heading";
      button.setAttribute("aria-label", `${label}: ${heading.textContent}`);
      button.title = label;
      heading.after(button);
    });
  };

  page.watchers.push((element) => {
    if (!element.closest("#sheet")) return;
    pressed = null;
    const verdict = find(".why-verdict", element);
    if (verdict) verdict.focus({ preventScroll: true });
    else if (find(".why-form", element)) find(".why-form textarea", element).focus();
    if (!doc()) return;
    anchors();
    if (matchMedia("(max-width: 999px)").matches) all(".doc-outline, details.doc-facts", element).forEach((el) => el.removeAttribute("open"));
    if (doc().dataset.target) go(doc().dataset.target);
  });
}
