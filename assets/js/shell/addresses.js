// Addresses: every conversation, document and page has one. Back and Forward go between them, and the title names them.
(page) => {
  "use strict";
  const { find, send, acts } = page;
  const { words } = page.language;
  const TABS = ["chat", "documents", "settings"];
  const button = (tab) => find(`#tab-${tab}-button`);
  const doc = () => find("#sheet .doc");

  let shown = "chat"; // the tab that was chosen; Gradio shows it a moment later
  let talk = null; // the conversation on the page; null until the server has told of it
  let place = ""; // where in the open document
  let how = "replace"; // how the next address is written: what the reader went to is a step of its own
  let quiet = false; // the page follows the address, not the address the page

  // ---- from the page to its address ----------------------------------------------------------------------------------
  const documentAt = ({ name, base }) => {
    const parts = name.split("/");
    if (parts.some((part) => /^\.{0,2}$/.test(part))) return "documents"; // a browser would tidy it away
    const query = base ? "?base=" + encodeURIComponent(base) : "";
    return "documents/" + parts.map(encodeURIComponent).join("/") + query + (place ? "#" + encodeURIComponent(place) : "");
  };
  const here = () => {
    if (doc()) return documentAt(doc().dataset);
    return shown === "chat" ? (talk?.id ? "c/" + talk.id : "") : shown;
  };
  const title = () => {
    if (doc()) return doc().dataset.name;
    return shown === "chat" ? talk?.title : button(shown).textContent.trim();
  };
  const write = () => {
    const to = new URL(here(), page.top);
    const named = title();
    document.title = named ? `${named} · Plainsight` : "Plainsight";
    const over = doc() ? (history.state?.over || 0) + (how === "push" ? 1 : 0) : 0;
    if (to.href !== location.href) history[how + "State"]({ over }, "", to);
    how = "replace";
  };

  // ---- from an address to the page -----------------------------------------------------------------------------------
  const wanted = () => {
    const [first, ...rest] = page.address().split("/");
    try {
      const name = first === "documents" ? rest.map(decodeURIComponent).join("/") : "";
      const base = new URLSearchParams(location.search).get("base") || "";
      return { tab: TABS.includes(first) ? first : "chat", name, base, at: decodeURIComponent(location.hash.slice(1)) };
    } catch (error) {
      return { tab: "documents", name: "", base: "", at: "" }; // no address of ours: its signs are not well formed
    }
  };
  const choose = (tab) => {
    quiet = true;
    if (shown !== tab) button(tab)?.click();
    quiet = false;
  };
  const openDocument = ({ name, base, at }) => {
    place = at;
    if (doc()?.dataset.name !== name || doc().dataset.base !== base) send("open_document", { name, base, chunk: at });
    else acts["doc-jump"]({ dataset: { to: at } });
  };
  const follow = () => {
    const to = wanted();
    how = "replace";
    if (to.name) { openDocument(to); return; }
    if (doc()) page.closeSheet();
    choose(to.tab);
    if (to.tab === "chat" && page.addressed() !== talk?.id) {
      send(page.addressed() ? "open_talk" : "new_talk", { id: page.addressed() });
    }
    write();
  };
  addEventListener("popstate", follow);

  // ---- what the reader does ------------------------------------------------------------------------------------------
  const chosen = (element) => {
    shown = TABS.find((tab) => element === button(tab)) || shown;
    if (quiet) return;
    how = "push";
    write();
  };
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest?.(selector);
    const opening = on("[data-act=doc-open]");
    if (on("#new-chat, [data-act=talk-open], [data-act=talk-new], [data-act=doc-talk]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) how = "push";
    else if (opening) { how = "push"; place = opening.dataset.chunk || ""; }
    else if (on("#nav [role=tab]")) chosen(on("#nav [role=tab]"));
    const jump = on("[data-act=doc-jump]");
    if (jump) { place = jump.dataset.to; write(); }
  }, true);
  let reading = false; // a document was open when the sheet was drawn last
  page.watchers.push((element) => {
    const told = element.closest("#history") && find("[data-conversation]", element);
    if (told) arrive(told.dataset);
    if (!element.closest("#sheet")) return;
    const over = reading && !doc() && how === "replace" && history.state?.over;
    reading = Boolean(doc());
    if (over) history.go(-over); // a document that was opened over a page gives way to it
    else if (reading) { acts["doc-jump"]({ dataset: { to: place } }); write(); }
    else write();
  });
  const renamed = new Map(); // by id: what comes may have been drawn before the new title was known
  const arrive = ({ conversation, title }) => {
    const first = talk === null;
    const missed = first && page.addressed() && page.addressed() !== conversation;
    talk = { id: conversation, title: renamed.get(conversation) ?? title };
    if (missed) page.notice(words.gone);
    const to = wanted();
    if (first && to.name) openDocument(to);
    else if (first || shown === "chat" || doc()) write();
  };
  page.renamed = (id, title) => {
    renamed.set(id, title);
    if (id !== talk?.id) return;
    talk.title = title;
    write();
  };

  const bare = new URL(location.href);
  bare.searchParams.delete("__theme"); // Gradio's own, read by now
  history.replaceState(history.state, "", bare);
  choose(wanted().tab);
  const known = find("#history [data-conversation]");
  if (known) arrive(known.dataset);
}
