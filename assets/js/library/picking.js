// Documents ticked one by one in the scope's sheet: found by typing, and kept in sight once ticked.
(page) => {
  "use strict";
  const { find, all, send } = page;
  const PAUSE_MS = 250; // between the last letter and the search
  let timer = 0, number = 0;

  const names = (boxes) => boxes.map((box) => box.value);
  // What is ticked among those found moves to the ticked ones when others take its place, not under the reader's hand.
  const keep = (group) => {
    const ticked = find(".scope-ticked", group);
    all(".scope-found input:checked", group).forEach((box) => ticked.append(box.closest("label")));
  };
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!input.matches(".scope-words")) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const group = input.closest(".scope-docs");
      keep(group);
      number += 1;
      send("scope_find", {
        base: input.dataset.base, words: input.value, number, ticked: names(all(".scope-ticked input", group)),
      });
    }, PAUSE_MS);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches?.(".scope-words") || event.isComposing) return;
    if (event.key === "Enter") event.preventDefault(); // it searches; it does not send the form
    if (event.key === "Escape" && input.value) {
      event.stopPropagation(); // the first Escape empties the field, the next one closes the sheet
      input.value = "";
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }, true);

  page.watchers.push((element) => {
    const answer = element.closest("#found") && find(".scope-new", element);
    if (!answer || Number(answer.dataset.number) !== number) return; // a later search is under way
    const input = all("#sheet .scope-words").find((each) => each.dataset.base === answer.dataset.base);
    if (!input) return;
    const group = input.closest(".scope-docs");
    keep(group);
    const kept = new Set(names(all(".scope-ticked input", group)));
    const place = find(".scope-found", group);
    place.innerHTML = find(".scope-found", answer).innerHTML; // escaped by the server, as it drew the old one
    all("input", place).filter((box) => kept.has(box.value)).forEach((box) => box.closest("label").remove());
    find(".scope-said", group).textContent = find(".scope-said", answer).textContent;
  });
}
