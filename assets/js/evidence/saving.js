// Marks on cards, and what a reader takes along: evidence as a file, an answer with its sources.
(page) => {
  "use strict";
  const { acts, send, find, all, watchers } = page;

  // The panel is drawn anew after a mark: the reader stays where they were, with the focus on the same button.
  let pressed = null;
  acts.mark = (el) => {
    pressed = { chunk: el.dataset.chunk, verdict: el.dataset.verdict, focused: document.activeElement === el, at: find("#side")?.scrollTop };
    send("mark", { turn: Number(el.dataset.turn), chunk: el.dataset.chunk, verdict: el.dataset.verdict });
  };
  watchers.push((element) => {
    if (!pressed || !element.closest("#evidence")) return;
    const { chunk, verdict, focused, at } = pressed;
    pressed = null;
    const side = find("#side");
    if (side) side.scrollTop = at;
    const again = all("#evidence [data-act=mark]").find((b) => b.dataset.chunk === chunk && b.dataset.verdict === verdict);
    if (focused) again?.focus({ preventScroll: true });
  });

  acts.save = (el) => send("save", { turn: Number(el.dataset.turn) });
  acts["save-as"] = (el) => send("save_as", { turn: Number(el.dataset.turn), form: el.dataset.form });

  let copying = null;
  acts["copy-sources"] = (el) => { copying = el; send("copy_sources", { turn: Number(el.dataset.turn) }); };
  page.copied = async (packed) => {
    const button = copying;
    copying = null;
    if (!packed) return;
    try { await page.copy(JSON.parse(packed).text); } catch (error) { void error; page.download(packed); return; } // no clipboard: a file
    page.done(button);
  };
}
