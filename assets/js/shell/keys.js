// Keys for what is done often, all of them listed behind "?".
(page) => {
  "use strict";
  const { find, all, send, acts } = page;
  const box = () => find("#composer textarea");
  const typing = (el) => el.closest?.("input, textarea, select, [contenteditable]");

  acts.keys = () => send("keys");
  const editLast = () => {
    const turn = all(".turn").at(-1);
    if (turn && !find(".editing")) send("edit", { turn: Number(turn.id.slice("turn-".length)) });
    return Boolean(turn);
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || find("#sheet .sheet-dialog")) return;
    const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
    const free = !command && !typing(event.target);
    let taken = true;
    if (command && !event.shiftKey && key === "k") page.toTalks();
    else if (command && event.shiftKey && key === "o") { find("#tab-chat-button")?.click(); find("#new-chat")?.click(); page.toComposer(); }
    else if (free && key === "/") { find("#tab-chat-button")?.click(); page.toComposer(); }
    else if (free && key === "?") acts.keys();
    else if (!command && key === "arrowup" && event.target === box() && !box().value) taken = editLast();
    else taken = false;
    if (taken) event.preventDefault();
  });
}
