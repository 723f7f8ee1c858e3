// The list of conversations: open or not, searched while typing, renamed in place, used with arrow keys.
(page) => {
  "use strict";
  const { find, all, send, acts } = page;
  const root = document.documentElement;
  const PAUSE_MS = 250; // between the last letter and the search
  const side = () => find("#talks-side");
  const search = () => find("#talks .talks-search");
  const idOf = (el) => el.closest(".talk").dataset.id;
  const asked = (more) => ({ minutes: -new Date().getTimezoneOffset(), text: search()?.value || "", ...more });
  const toChat = () => find("#tab-chat-button")?.click();

  // ---- open beside the chat where there is room, else over it ---------------------------------------------------------
  const over = () => matchMedia("(max-width: 1279px)").matches;
  const open = () => root.dataset.talks === "open";
  const sync = () => {
    find(".talks-open")?.setAttribute("aria-expanded", String(open()));
    if (side()) side().inert = !open();
    const chat = find("#conversation");
    if (chat) chat.inert = open() && matchMedia("(max-width: 699px)").matches;
  };
  const list = (more) => { if (open()) send("talks", asked(more)); };
  const setOpen = (yes) => {
    root.dataset.talks = yes ? "open" : "closed";
    if (!over()) page.remember("talks", root.dataset.talks);
    sync();
    list();
  };
  const leave = () => { if (over() && open()) setOpen(false); };
  page.toTalks = () => { toChat(); if (!open()) setOpen(true); wanted = true; toSearch(); };
  let wanted = false; // the search field gets the focus once it is there
  const toSearch = () => { if (wanted && search()) { wanted = false; search().focus(); search().select(); } };
  acts.talks = () => {
    const hidden = !side()?.checkVisibility();
    toChat();
    setOpen(!open() || hidden);
    if (open() && over()) { wanted = true; toSearch(); }
    if (!open()) find(".talks-open")?.focus();
  };

  // ---- one conversation ------------------------------------------------------------------------------------------------
  const here = (id) => all("#talks .talk").forEach((talk) => talk.classList.toggle("here", talk.dataset.id === id));
  acts["talk-open"] = (el) => { toChat(); here(idOf(el)); send("open_talk", { id: idOf(el) }); leave(); };
  acts["talk-new"] = () => { toChat(); here(""); send("new_talk"); leave(); page.toComposer(); };
  acts["talk-delete"] = (el) => el.classList.contains("armed") ? send("delete_talk", asked({ id: idOf(el) })) : page.arm(el);
  acts["talk-rename"] = (el) => naming(el.closest(".talk"), true);
  acts["talk-pin"] = (el) => send("pin_talk", asked({ id: idOf(el), pinned: el.dataset.pinned !== "yes" }));
  acts.branch = (el) => {
    page.hold(el.closest(".turn"));
    send("branch", { turn: Number(el.dataset.turn), step: Number(el.dataset.step) });
  };

  let typed = null; // the conversation being renamed, and its title so far: a list drawn meanwhile takes neither away
  const naming = (talk, begin) => {
    const field = find(".talk-name", talk), shown = find(".talk-open", talk);
    typed = begin ? { id: talk.dataset.id, title: field.getAttribute("value") } : null;
    field.hidden = !begin;
    shown.hidden = begin;
    if (begin) { field.value = typed.title; field.focus(); field.select(); } else shown.focus();
  };
  const namingOn = () => {
    const talk = typed && all("#talks .talk").find((each) => each.dataset.id === typed.id);
    if (!talk || !find(".talk-name", talk).hidden) return;
    const { title } = typed;
    naming(talk, true);
    if (title !== typed.title) { find(".talk-name", talk).value = typed.title = title; }
  };
  const named = (field) => {
    const talk = field.closest(".talk"), title = field.value.trim();
    const changed = title && title !== field.getAttribute("value");
    naming(talk, false);
    if (!changed) return;
    send("rename_talk", asked({ id: talk.dataset.id, title }));
    page.renamed(talk.dataset.id, title);
  };
  document.addEventListener("dblclick", (event) => {
    const talk = event.target.closest("#talks .talk");
    if (talk && event.target.closest(".talk-open")) naming(talk, true);
  });

  let waiting = 0;
  document.addEventListener("input", (event) => {
    if (typed && event.target.matches(".talk-name")) typed.title = event.target.value;
    if (!event.target.matches(".talks-search")) return;
    clearTimeout(waiting);
    waiting = setTimeout(list, PAUSE_MS);
  });
  const step = (by) => {
    const stops = [search(), ...all("#talks .talk-open")].filter(Boolean);
    const at = stops.indexOf(document.activeElement.closest(".talk")?.querySelector(".talk-open") || document.activeElement);
    stops[Math.max(0, Math.min(stops.length - 1, at + by))]?.focus();
  };
  // before the page's own keys: Escape in a title leaves the title, in the search the words, and then the list
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.("#talks-side") || event.isComposing) return;
    const title = event.target.matches(".talk-name");
    if (title && event.key === "Enter") { event.preventDefault(); named(event.target); } // or it would press what gets the focus
    else if (event.key === "Escape") {
      if (title) naming(event.target.closest(".talk"), false);
      else if (search()?.value) { search().value = ""; list(); }
      else if (over()) { setOpen(false); find(".talks-open")?.focus(); }
      else page.toComposer();
      event.stopImmediatePropagation();
      event.preventDefault(); // Chromium's own would empty the search without a word
    } else if (!title && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "F2" && event.target.matches(".talk-open")) naming(event.target.closest(".talk"), true);
  }, true);
  document.addEventListener("focusout", ({ target }) => {
    if (!target.matches?.(".talk-name")) return;
    setTimeout(() => { if (target.isConnected && !target.hidden && target !== document.activeElement) named(target); }); // a list drawn anew takes the focus too
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#talks-side, .talks-open")) leave();
  });

  let listed = "";
  const drawn = (kept) => {
    if (!kept) return;
    page.keepTalk(kept.dataset.conversation);
    const state = kept.dataset.conversation + all(".turn").length;
    if (state !== listed) { listed = state; list(); }
  };
  page.endings.push(() => list());
  page.watchers.push((element) => {
    if (element.closest("#talks")) { sync(); toSearch(); namingOn(); }
    if (element.closest("#history")) drawn(find("[data-conversation]", element));
  });
  drawn(find("#history [data-conversation]"));
  matchMedia("(max-width: 1279px)").addEventListener("change", leave);
  sync();
}
