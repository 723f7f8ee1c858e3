// What others change is fetched once the server tells of it, and never under the reader's hands: not behind an open
// sheet or menu, not in a tab nobody looks at, and the head of the list of documents not while they are in it.
(page) => {
  "use strict";
  const { find, send } = page;
  const root = document.documentElement;
  const LIST_MS = 10000; // between two lists of documents while a job runs
  const PATIENCE_MS = 60000; // after which an answer is not waited for any more
  const REST_MS = 400; // longer than the pause after which typed words are sent
  let told = "", changed = false, headLeft = false, listedAt = 0, sentAt = 0;

  const inHead = () => Boolean(find("#document-tools :is(:focus, :hover)"));
  const taken = () => document.hidden || root.dataset.sheet === "open" || find("#documents-card [role=menu]");
  const fetchNews = () => {
    if (!changed || taken() || Date.now() - sentAt < PATIENCE_MS) return;
    changed = false;
    sentAt = Date.now();
    const list = headLeft || sentAt - listedAt > LIST_MS;
    if (list) listedAt = sentAt;
    headLeft = inHead();
    send("notice", { list, head: !headLeft });
  };
  page.noticed = () => { sentAt = 0; fetchNews(); };

  page.watchers.push((element) => {
    if (element.closest("#news")) {
      const edition = element.textContent.trim();
      if (told && edition !== told) changed = true;
      told = edition;
    }
    fetchNews();
  });
  ["focusout", "pointerout"].forEach((leaving) => document.addEventListener(leaving, (event) => {
    if (!headLeft || !event.target.closest?.("#document-tools")) return;
    setTimeout(() => { if (headLeft && !inHead()) { changed = true; fetchNews(); } }, REST_MS);
  }));
  // a menu that closes gives the focus back, or was left by a click
  ["focusin", "click"].forEach((left) => document.addEventListener(left, () => { if (changed) setTimeout(fetchNews); }));
  const caughtUp = () => { if (root.dataset.conversation === "running") send("catch_up"); };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    fetchNews();
    send("look");
    caughtUp();
  });
  addEventListener("focus", caughtUp); // of two windows beside each other none is ever hidden
}
