// The composer: a question stands at once, waits its turn while an answer is written, and what is typed outlives a reload.
(page) => {
  "use strict";
  const { find, send, acts } = page;
  const { words } = page.language;
  const root = document.documentElement;
  const box = () => find("#composer textarea");
  const put = (text) => {
    if (!box() || box().value === text) return;
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true })); // Gradio keeps a copy
  };

  // ---- questions that are not on the server's page yet ---------------------------------------------------------------
  const asked = []; // in their order: { text, sent, element }
  const answering = () => Boolean(find("#composer [data-testid=stop-button]"));
  const busy = () => answering() || asked.length > 0;
  const place = () => {
    const made = find("#asked") || Object.assign(document.createElement("div"), { id: "asked" });
    if (!made.isConnected) find("#log").append(made);
    return made;
  };
  const show = (text, sent) => {
    const element = document.createElement("article");
    element.className = "asked";
    element.append(Object.assign(document.createElement("p"), { textContent: text }));
    const item = { text, sent, element };
    if (!sent) {
      const foot = Object.assign(document.createElement("div"), { className: "asked-foot" });
      const drop = Object.assign(document.createElement("button"), { type: "button", className: "tool wide", textContent: words.unask });
      drop.addEventListener("click", () => { gone(item); box()?.focus(); });
      foot.append(Object.assign(document.createElement("span"), { textContent: words.waits }), drop);
      element.append(foot);
    }
    asked.push(item);
    place().append(element);
    mark();
    find("#log").scrollTop = find("#log").scrollHeight;
  };
  const mark = () => { root.dataset.asking = asked.length ? "yes" : "no"; };
  const gone = (item) => {
    item.element.remove();
    asked.splice(asked.indexOf(item), 1);
    mark();
  };
  const next = () => {
    const first = asked[0];
    if (!first || first.sent || answering()) return;
    first.sent = true;
    find(".asked-foot", first.element)?.remove();
    send("example", { text: first.text });
  };
  // Called with what is sent, before it is: only then has Gradio read the text, and the field can be emptied.
  page.submitted = (inputs) => {
    const text = String(inputs[0] ?? "").trim();
    if (text) { show(text, true); setTimeout(() => { put(""); keep(); }); }
    return inputs;
  };
  page.unsent = () => {
    const failed = asked.find((item) => item.sent);
    if (!failed) return;
    gone(failed);
    if (box() && !box().value) { put(failed.text); keep(); }
  };
  page.endings.push(() => setTimeout(next));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target !== box()) return;
    if (!busy() || find(".editing")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const text = box().value.trim();
    if (!text) return;
    show(text, false);
    put("");
    keep();
    next();
  }, true);

  // ---- drafts, one for each conversation of this tab -----------------------------------------------------------------
  const KEY = "plainsight.drafts";
  const MOST = 20; // drafts of other conversations, the oldest are forgotten
  let talk = null;
  let drafts = {};
  try { drafts = JSON.parse(sessionStorage.getItem(KEY)) || {}; } catch (error) { void error; }
  const keep = () => {
    if (talk === null || find(".editing")) return;
    const unsent = asked.filter((item) => !item.sent).map((item) => item.text);
    const text = [...unsent, box()?.value || ""].join("\n").trim();
    const { [talk]: before, ...others } = drafts;
    void before;
    drafts = Object.fromEntries([...Object.entries(others), ...(text ? [[talk, text]] : [])].slice(-MOST));
    try { sessionStorage.setItem(KEY, JSON.stringify(drafts)); } catch (error) { void error; }
  };
  document.addEventListener("input", (event) => { if (event.target === box() && event.isTrusted) keep(); });
  const arrive = (id) => {
    if (talk === id) return;
    const begun = talk === "" && asked.length; // the conversation has its name from its first question
    const came = talk;
    talk = id;
    if (begun) { keep(); return; }
    if (came !== null) asked.filter((item) => !item.sent).forEach(gone);
    const draft = drafts[id] || "";
    setTimeout(() => { if (came !== null || draft) put(draft); });
  };

  const here = () => { // the last turn of the conversation that is shown; "" for none
    const id = find("#live .turn")?.id;
    return id ? `${talk} ${id}` : "";
  };
  let turn = "";
  page.watchers.push((element) => {
    const told = element.closest("#history") && find("[data-conversation]", element);
    if (told) {
      const begun = talk === "";
      arrive(told.dataset.conversation);
      if (begun) turn = here();
    }
    if (told || element.closest("#live")) {
      const now = here();
      const first = asked.find((item) => item.sent);
      if (now && now !== turn && first) gone(first);
      turn = now;
    }
    if (element.closest("#banner") && !find(".editing") && talk !== null) setTimeout(() => { if (box() && !box().value) put(drafts[talk] || ""); });
  });
  const known = find("#history [data-conversation]");
  if (known) arrive(known.dataset.conversation);
  turn = here();
  mark();
  if (matchMedia("(hover: hover)").matches && /^(c\/|$)/.test(page.address())) page.toComposer(); // a phone would show its keyboard
}
