() => {
  "use strict";
  const root = document.documentElement;
  const page = window.plainsight;
  const { next, dates, words } = page.language;
  const find = (selector, from) => (from || document).querySelector(selector);
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const send = (name, data) => window.plainsightBus?.(name, data);
  const remember = (key, value) => { try { localStorage.setItem("plainsight." + key, value); } catch (error) { void error; } };

  // ---- evidence panel ------------------------------------------------------------------------------------------------
  const narrow = () => matchMedia("(max-width: 999px)").matches;
  const panelOpen = () => root.dataset.panel === "open";
  const setPanel = (open, keep) => {
    root.dataset.panel = open ? "open" : "closed";
    if (keep && !narrow()) remember("panel", root.dataset.panel);
    syncPanel();
  };
  const syncPanel = () => {
    find(".ev-toggle")?.setAttribute("aria-expanded", String(panelOpen()));
    const side = find("#side");
    if (side) side.inert = !panelOpen();
  };

  // A chip or a near miss names a card; its turn may have to be fetched first.
  let wanted = null;
  page.arrivals = [];
  const showCard = (id) => {
    setPanel(true);
    const turn = Number(id.split("-")[1]);
    const shown = Number(find("#evidence .evidence")?.dataset.turn || 0);
    if (turn === shown) return flash(id);
    wanted = id;
    send("evidence", { turn });
  };
  const flash = (id) => {
    const card = document.getElementById(id);
    if (!card) return;
    const around = card.closest("details");
    if (around) around.open = true;
    if (root.dataset.citedOnly === "yes" && !card.classList.contains("cited")) setCitedOnly(false);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    card.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    card.classList.remove("flash");
    void card.offsetWidth; // the animation starts again only after a layout without it
    card.classList.add("flash");
    card.focus({ preventScroll: true });
    page.arrivals.forEach((tell) => tell(card));
  };
  const setCitedOnly = (yes) => {
    root.dataset.citedOnly = yes ? "yes" : "no";
    all("[data-act=cited-only]").forEach((box) => { box.checked = yes; });
  };

  // ---- what survives a redraw ----------------------------------------------------------------------------------------
  const opened = new Set();
  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement) || !details.id) return;
    if (details.open) opened.add(details.id); else opened.delete(details.id);
  }, true);

  let following = true; // the reader is at the end of the conversation and wants to stay there
  const log = () => find("#log");
  const toEnd = () => { const box = log(); if (box) box.scrollTop = box.scrollHeight; };
  let lastTurn = "";

  page.endings = []; // called when an answer has ended
  page.ended = () => page.endings.forEach((tell) => tell());
  page.watchers = [];
  page.redrawn = (element) => {
    opened.forEach((id) => { const details = document.getElementById(id); if (details && element.contains(details)) details.open = true; });
    all("time[datetime]", element).forEach((time) => {
      const moment = new Date(time.getAttribute("datetime"));
      time.textContent = moment.toLocaleString(dates, { dateStyle: "medium", timeStyle: "short" });
    });
    if (element.closest("#live")) {
      const turn = find(".turn", element)?.id || "";
      if (turn !== lastTurn) { following = true; lastTurn = turn; }
      root.dataset.conversation = turn ? "running" : "empty";
      if (following && turn) toEnd();
    }
    if (element.closest("#evidence")) {
      setCitedOnly(root.dataset.citedOnly === "yes");
      if (wanted) { const id = wanted; wanted = null; flash(id); }
    }
    if (element.closest("#status")) syncModels();
    if (element.closest("#sheet")) syncSheet();
    page.watchers.forEach((watch) => watch(element));
    if (element.closest("#banner") && element.textContent.trim()) find("#composer textarea")?.focus();
  };

  // ---- a word at the page's edge, which goes by itself --------------------------------------------------------------
  const NOTICE_MS = 6000;
  const edge = Object.assign(document.createElement("p"), { id: "notice", role: "status" });
  document.body.append(edge);
  let leaving = 0;
  page.notice = (text) => {
    clearTimeout(leaving);
    edge.textContent = text;
    leaving = setTimeout(() => { edge.textContent = ""; }, NOTICE_MS);
  };

  // ---- copying and saving --------------------------------------------------------------------------------------------
  const copy = async (text) => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    const had = document.activeElement;
    area.select();
    document.execCommand("copy"); // plain http in a local network has no clipboard of its own
    area.remove();
    had?.focus({ preventScroll: true });
  };
  page.download = (packed) => {
    if (!packed) return;
    const { name, type, text } = JSON.parse(packed);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // ---- the sheet: one dialog for everything deep -----------------------------------------------------------------------
  let before = null; // what had the focus when the sheet was opened
  const sheet = () => find("#sheet .sheet-dialog");
  const syncSheet = () => {
    const open = sheet();
    root.dataset.sheet = open ? "open" : "closed";
    ["#header", "#status", "#nav"].forEach((part) => { const el = find(part); if (el) el.inert = Boolean(open); });
    if (open && !open.contains(document.activeElement)) {
      before = before || document.activeElement;
      const field = matchMedia("(hover: hover)").matches && find("form :is(input:not([type=hidden]), textarea, select)", open);
      (field || open).focus({ preventScroll: true }); // a phone would show its keyboard
    } else if (!open && before) {
      if (before.isConnected) before.focus({ preventScroll: true });
      before = null;
    }
  };
  const closeSheet = () => { if (sheet()) send("close_sheet"); };
  const keepFocus = (event) => {
    const open = sheet();
    if (!open || event.key !== "Tab") return;
    const stops = all("a[href], button:not([disabled]), input, select, textarea, summary, [tabindex='0']", open)
      .filter((el) => el.checkVisibility()); // also false inside a closed <details>
    const first = stops[0] || open, last = stops[stops.length - 1] || open;
    if (event.shiftKey && (document.activeElement === first || document.activeElement === open)) { event.preventDefault(); last.focus(); }
    else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
  };

  // ---- models --------------------------------------------------------------------------------------------------------
  const syncModels = () => {
    const open = root.dataset.models === "open";
    find(".pill")?.setAttribute("aria-expanded", String(open));
    const panel = find("#models-panel");
    if (panel) panel.hidden = !open;
  };
  const setModels = (open) => { root.dataset.models = open ? "open" : "closed"; syncModels(); };

  // ---- two steps to delete -------------------------------------------------------------------------------------------
  const arm = (button) => {
    all(".delete.armed").forEach(disarm);
    button.classList.add("armed");
    button.textContent = button.dataset.sure;
    button.setAttribute("aria-label", button.dataset.sure + " " + button.dataset.name);
    setTimeout(() => disarm(button), 4000);
  };
  const disarm = (button) => {
    button.classList.remove("armed");
    button.textContent = button.dataset.label;
    button.setAttribute("aria-label", button.dataset.label + " " + button.dataset.name);
  };

  // ---- one listener for everything of ours that can be clicked ---------------------------------------------------------
  const acts = {
    language: () => { remember("language", next); location.reload(); },
    theme: () => remember("theme", document.body.classList.toggle("dark") ? "dark" : "light"),
    panel: () => { const open = !panelOpen(); setPanel(open, true); if (!open) find(".ev-toggle")?.focus(); },
    models: () => setModels(root.dataset.models !== "open"),
    evidence: (el) => { setPanel(true); send("evidence", { turn: Number(el.dataset.turn) }); },
    copy: (el) => copy(el.dataset.text).then(() => {
      el.classList.add("done");
      setTimeout(() => el.classList.remove("done"), 1200);
    }),
    retry: (el) => send("retry", { turn: Number(el.dataset.turn) }),
    edit: (el) => send("edit", { turn: Number(el.dataset.turn) }),
    example: (el) => send("example", { text: el.dataset.text }),
    sample: () => send("sample"),
    "cancel-edit": () => send("cancel_edit"),
    "cancel-ingest": (el) => send("cancel_ingest", { job: el.dataset.job }),
    "retry-failed": (el) => send("retry_failed", { job: el.dataset.job }),
    "dismiss-job": (el) => send("dismiss_job", { job: el.dataset.job }),
    "cited-only": (el) => setCitedOnly(el.checked),
    "close-sheet": closeSheet,
    record: (el) => send("record", { turn: Number(el.dataset.turn) }),
    anyway: (el) => send("answer_anyway", { turn: Number(el.dataset.turn) }),
    skip: () => { find("#tab-chat-button")?.click(); find("#composer textarea")?.focus(); },
  };
  page.toComposer = () => find("#composer textarea")?.focus();
  // What the features build on: their own acts, redrawn parts to look at, and the page's tools.
  Object.assign(page, { acts, send, find, all, remember, copy, showCard, setPanel, closeSheet, arm });
  document.addEventListener("click", (event) => {
    if (event.target.matches?.("#sheet .sheet-back")) { closeSheet(); return; }
    if (!event.target.closest("#status")) setModels(false);
    const link = event.target.closest('a[href^="#ev-"]');
    if (link) { event.preventDefault(); showCard(link.getAttribute("href").slice(1)); return; }
    const element = event.target.closest("[data-act]");
    if (!element || element.disabled) return;
    if (element.tagName === "A") {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // for a tab of its own
      event.preventDefault();
    }
    acts[element.dataset.act]?.(element);
  });
  document.addEventListener("keydown", (event) => {
    keepFocus(event);
    if (event.key !== "Escape" || event.isComposing) return;
    if (sheet()) closeSheet();
    else if (root.dataset.models === "open") { setModels(false); find(".pill")?.focus(); }
    else if (find(".editing")) send("cancel_edit");
    else if (panelOpen() && (narrow() || event.target.closest?.("#side"))) acts.panel();
  });
  document.addEventListener("scroll", (event) => {
    const box = event.target;
    if (box.id === "log") following = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  }, true);

  // ---- what Gradio's own components lack for assistive technology ------------------------------------------------------
  const name = (selector, label) => all(selector).forEach((el) => el.setAttribute("aria-label", label));
  const mend = () => {
    queued = false;
    name("#composer [data-testid=submit-button]:not([aria-label])", words.send);
    name("#composer [data-testid=stop-button]:not([aria-label])", words.stop);
    all("#drop [aria-label]").forEach((el) => el.removeAttribute("aria-label"));
    const box = log();
    if (box && !box.hasAttribute("role")) {
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", words.log);
      box.tabIndex = 0;
    }
    const side = find("#side");
    if (side && !side.hasAttribute("role")) {
      side.setAttribute("role", "complementary");
      side.setAttribute("aria-label", words.evidence);
      syncPanel();
    }
  };
  let queued = false;
  new MutationObserver(() => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(mend);
  }).observe(document.body, { childList: true, subtree: true });
  mend();
  root.dataset.ready = "yes";
}
