// The drawer of conversations: search while typing, rename in place, arrow keys, and which one this tab is in.
(page) => {
  "use strict";
  const { find, all, send, acts } = page;
  const PAUSE_MS = 250; // between the last letter and the search
  const drawer = () => find("#sheet .talks");
  const search = () => find("#sheet .talks-search");
  const idOf = (el) => el.closest(".talk").dataset.id;
  const asked = (more) => ({ minutes: -new Date().getTimezoneOffset(), text: search()?.value || "", ...more });
  const toChat = () => find("#tab-chat-button")?.click();

  acts.talks = () => send("talks", asked({ text: "" }));
  acts["talk-open"] = (el) => { toChat(); send("open_talk", { id: idOf(el) }); };
  acts["talk-new"] = () => { toChat(); send("new_talk"); };
  acts["talk-delete"] = (el) => el.classList.contains("armed") ? send("delete_talk", asked({ id: idOf(el) })) : page.arm(el);
  acts["talk-rename"] = (el) => naming(el.closest(".talk"), true);
  acts.branch = (el) => send("branch", { turn: Number(el.dataset.turn), step: Number(el.dataset.step) });

  const naming = (talk, begin) => {
    const field = find(".talk-name", talk), shown = find(".talk-open", talk);
    field.hidden = !begin;
    shown.hidden = begin;
    if (begin) { field.value = field.getAttribute("value"); field.focus(); field.select(); } else shown.focus();
  };
  const named = (field) => {
    const talk = field.closest(".talk"), title = field.value.trim();
    const changed = title && title !== field.getAttribute("value");
    naming(talk, false);
    if (!changed) return;
    send("rename_talk", asked({ id: talk.dataset.id, title }));
    page.renamed(talk.dataset.id, title);
  };

  let waiting = 0;
  document.addEventListener("input", (event) => {
    if (!event.target.matches(".talks-search")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (search()) send("talks", asked()); }, PAUSE_MS);
  });
  const step = (by) => {
    const stops = [search(), ...all("#sheet .talk-open")].filter(Boolean);
    const at = stops.indexOf(document.activeElement.closest(".talk")?.querySelector(".talk-open") || document.activeElement);
    stops[Math.max(0, Math.min(stops.length - 1, at + by))]?.focus();
  };
  // before the page's own keys: Escape in a title leaves the title, not the drawer
  document.addEventListener("keydown", (event) => {
    if (!drawer() || event.isComposing) return;
    if (event.target.matches(".talk-name")) {
      if (event.key === "Enter") { event.preventDefault(); named(event.target); } // or it would press what gets the focus
      else if (event.key === "Escape") { naming(event.target.closest(".talk"), false); event.stopImmediatePropagation(); }
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    }
  }, true);

  page.watchers.push((element) => {
    const kept = find("[data-conversation]", element);
    if (kept && element.closest("#history")) page.keepTalk(kept.dataset.conversation);
  });
  const first = find("#history [data-conversation]");
  if (first) page.keepTalk(first.dataset.conversation);
}
