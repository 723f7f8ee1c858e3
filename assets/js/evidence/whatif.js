// What-if: the controls tell the server what they say, one request at a time; its parts take the place of the old ones.
(page) => {
  const AFTER = 80; // milliseconds of rest before a change is sent
  const PATIENCE = 3000; // milliseconds after which an answer to a request is not waited for any more
  const form = () => page.find("#sheet .whatif");
  let timer = 0, number = 0, sentAt = 0, answered = 0, changed = false;

  const said = (el) => {
    const values = { turn: Number(el.dataset.turn), pinned: JSON.parse(el.dataset.pinned), banned: JSON.parse(el.dataset.banned) };
    page.all("input[type=range]", el).forEach((input) => { values[input.name] = Number(input.value); });
    const rerank = page.find("input[name=rerank]", el);
    if (rerank) values.rerank = rerank.checked;
    return values;
  };
  const send = () => {
    const el = form();
    if (!el) return;
    if (answered < number && Date.now() - sentAt < PATIENCE) { changed = true; return; }
    changed = false;
    number += 1;
    sentAt = Date.now();
    page.send("preview", { ...said(el), number });
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(send, AFTER); };
  document.addEventListener("input", (event) => {
    const el = event.target.closest?.("#sheet .whatif");
    if (!el) return;
    const output = page.find(`output[data-of="${event.target.name}"]`, el);
    if (output) output.textContent = event.target.value;
    soon();
  });
  const put = (preview) => {
    const el = form();
    if (!el) return;
    const had = document.activeElement?.dataset;
    page.all("[data-part]", preview).forEach((part) => {
      const place = page.find(`[data-part="${part.dataset.part}"]`, el);
      if (place) place.innerHTML = part.innerHTML; // escaped by the server, as it drew the old one
    });
    if (!had?.key) return;
    // The button that was pressed may have gone to a closed list with its passage: then the first like it is next.
    const seen = page.all("[data-key]", el).filter((one) => one.checkVisibility());
    const next = seen.find((one) => one.dataset.key === had.key) || seen.find((one) => one.dataset.act === had.act);
    (next || el.closest(".sheet-dialog")).focus({ preventScroll: true });
  };

  // One list keeps what the other gives up: a passage is pinned, banned or neither.
  const turnOver = (el, mine, other) => {
    const box = form(), id = el.dataset.id;
    const list = JSON.parse(box.dataset[mine]);
    box.dataset[mine] = JSON.stringify(list.includes(id) ? list.filter((one) => one !== id) : [...list, id]);
    box.dataset[other] = JSON.stringify(JSON.parse(box.dataset[other]).filter((one) => one !== id));
    send();
  };
  const open = (el) => page.send("whatif", { turn: Number(el.dataset.turn) });
  Object.assign(page.acts, {
    whatif: open,
    "whatif-pin": (el) => turnOver(el, "pinned", "banned"),
    "whatif-ban": (el) => turnOver(el, "banned", "pinned"),
    "whatif-answer": () => page.send("whatif_answer", said(form())),
    compare: (el) => page.send("compare", { turn: Number(el.dataset.turn) }),
  });
  document.addEventListener("change", (event) => {
    const choice = event.target.closest?.("select[data-compare]");
    if (choice) page.send("compare", { turn: Number(choice.dataset.compare), with: choice.value });
  });

  // While the new answer is written, the sheet shows it beside the old one; once it is there, they are compared.
  const beside = () => {
    const pending = page.find("#sheet .compare.pending");
    const turn = pending && document.getElementById("turn-" + pending.dataset.turn);
    if (!turn) return;
    const place = page.find("[data-live]", pending);
    place.textContent = page.find(".answer .prose", turn)?.textContent || "";
    if (!page.find(".answer > .foot", turn) || pending.dataset.asked) return;
    pending.dataset.asked = "yes";
    page.send("compare", { turn: Number(pending.dataset.turn) });
  };
  page.watchers.push((element) => {
    const preview = element.closest("#preview") && page.find(".whatif-preview", element);
    if (preview) {
      answered = Number(preview.dataset.number);
      if (answered === number && !changed) put(preview);
      else if (changed) send();
      preview.innerHTML = ""; // what is shown stands in the sheet
    }
    if (element.closest("#live") || element.closest("#sheet")) beside();
  });
}
