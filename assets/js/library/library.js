// Knowledge bases and their documents: which one is looked at, what is selected, and what a conversation searches.
(page) => {
  "use strict";
  const { find, all, send, acts } = page;
  const PAUSE_MS = 250; // between the last letter and the search
  const FOCUS_MS = 60; // until a tab that was chosen can hold the focus

  // ---- the list of documents -----------------------------------------------------------------------------------------
  let everything = false; // all that match are selected, not only those shown
  let ticked = { base: "", names: new Set() }; // by name: a box stands for another document once the rows have moved
  const picks = () => all("#document-table .pick");
  const listedOf = () => find("#document-table .doc-list")?.dataset.base ?? "";
  const retick = () => {
    const names = ticked.base === listedOf() ? ticked.names : new Set();
    picks().forEach((box) => { box.checked = names.has(box.dataset.name); });
    tick();
  };
  const tick = () => {
    everything = false;
    ticked = { base: listedOf(), names: new Set(picks().filter((box) => box.checked).map((box) => box.dataset.name)) };
    syncPicks();
  };
  const picked = () => ({ base: ticked.base, ...(everything ? { all: true } : { names: [...ticked.names] }) });
  // the one document an item of a row's menu names, or those that are ticked
  const meant = (el) => el.dataset.name === undefined ? picked() : { base: el.dataset.base, name: el.dataset.name };
  const syncPicks = () => {
    const bar = find("#document-table .doc-bulk");
    if (!bar) return;
    const count = picks().filter((box) => box.checked).length;
    const matching = Number(find("#document-table .doc-list").dataset.matching);
    bar.hidden = !count;
    find(".doc-picked", bar).textContent = String(everything ? matching : count);
    const head = find("#document-table .pick-page");
    head.checked = count > 0 && count === picks().length;
    head.indeterminate = count > 0 && !head.checked;
    const more = find(".doc-all", bar);
    if (more) more.hidden = everything || !head.checked;
  };
  const look = (change) => send("list_documents", change);
  acts["doc-sort"] = (el) => look({ sort: el.dataset.sort });
  acts["doc-page"] = (el) => look({ page: Number(el.dataset.page) });
  acts["doc-all"] = () => { everything = true; syncPicks(); };
  acts["doc-enable"] = (el) => send("enable", { ...meant(el), enabled: true });
  acts["doc-disable"] = (el) => send("enable", { ...meant(el), enabled: false });
  acts["doc-reingest"] = (el) => send("reingest", meant(el));
  acts["doc-delete"] = (el) => send("delete", meant(el));
  acts["doc-undo"] = () => send("undo_delete");
  acts["doc-ask"] = (el) => {
    send("ask_only", meant(el));
    find("#tab-chat-button")?.click();
    setTimeout(() => find("#composer textarea")?.focus(), FOCUS_MS);
  };

  // ---- knowledge bases -----------------------------------------------------------------------------------------------
  acts["base-new"] = () => send("base_new");
  acts["base-edit"] = () => send("base_edit");
  acts["base-profile"] = () => send("base_profile");
  acts.scope = () => send("scope");
  acts["scope-all"] = () => send("scope_apply", { all: true });

  let waiting = 0, typed = null; // null: nothing since the field was entered
  document.addEventListener("input", (event) => {
    if (!event.target.matches(".doc-words")) return;
    clearTimeout(waiting);
    typed = event.target.value;
    waiting = setTimeout(() => look({ words: event.target.value }), PAUSE_MS);
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches(".kb-select")) send("base", { base: box.value });
    else if (box.matches(".doc-filter, .doc-date")) look({ [box.dataset.field]: box.value });
    else if (box.matches(".pick-page")) { picks().forEach((each) => { each.checked = box.checked; }); tick(); }
    else if (box.matches(".pick")) tick();
    else if (box.matches(".scope-some") && box.checked) find(".scope-whole", box.closest(".scope-base")).checked = true;
  });

  // ---- forms: what they hold is sent as an event of their own -----------------------------------------------------------
  const scope = (form) => ({
    parts: all(".scope-base", form).filter((base) => find(".scope-whole", base).checked).map((base) => {
      const chosen = (kind) => all(`.scope-some[data-kind=${kind}]:checked`, base).map((box) => box.value);
      return { base: base.dataset.base, documents: chosen("document"), tags: chosen("tag") };
    }),
  });
  const submits = {
    "base-create": (form) => send("base_create", Object.fromEntries(new FormData(form))),
    "base-save": (form) => send("base_save", Object.fromEntries(new FormData(form))),
    "base-delete": (form) => send("base_delete", Object.fromEntries(new FormData(form))),
    "scope-apply": (form) => send("scope_apply", scope(form)),
  };
  document.addEventListener("submit", (event) => {
    const submit = submits[event.target.dataset?.submit];
    if (!submit) return;
    event.preventDefault();
    submit(event.target);
  });

  // ---- what the reader is at stays when it is drawn anew: Gradio lets one row or choice take the place of another --------
  let held = ""; // what has the focus
  const key = (el) => [el.tagName, el.dataset.act || el.className, el.ariaLabel || el.dataset.name || el.dataset.sort].join("|");
  document.addEventListener("focusin", (event) => { held = event.target.closest?.("#document-table") ? key(event.target) : ""; });
  document.addEventListener("focusout", (event) => {
    if (event.target.matches?.(".doc-words")) typed = null;
    queueMicrotask(() => { if (event.target.isConnected && document.activeElement === document.body) held = ""; }); // else it was removed
  });
  const resume = (table) => {
    const now = document.activeElement;
    if (!held || (now !== document.body && (!table.contains(now) || key(now) === held))) return;
    all("button, input", table).find((el) => key(el) === held)?.focus({ preventScroll: true });
  };
  const target = () => { // what the field for files says instead of Gradio's own words
    const words = find("#document-tools [data-drop]")?.dataset.drop;
    if (words && find("#drop")) find("#drop").dataset.words = words;
  };
  target();
  page.watchers.push((element) => {
    if (element.closest("#document-table")) { retick(); resume(element); }
    if (!element.closest("#document-tools")) return;
    target();
    all("select", element).forEach((box) => { box.value = find("option[selected]", box)?.value ?? ""; });
    const words = find(".doc-words", element);
    if (words && typed !== null && words.value !== typed) words.value = typed;
  });
}
