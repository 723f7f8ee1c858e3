// Rank flow: pointing at a line, a name or focusing it lights up one path; a name leads to its card behind the sheet.
(page) => {
  const light = (target) => {
    const flow = target?.closest?.(".flow");
    page.all(".flow").forEach((one) => {
      const place = one === flow ? target.closest("[data-c]")?.dataset.c : undefined;
      one.classList.toggle("lit", place !== undefined);
      page.all("[data-c]", one).forEach((el) => el.classList.toggle("on", el.dataset.c === place));
    });
  };
  document.addEventListener("pointerover", (event) => { if (page.find(".flow")) light(event.target); });
  document.addEventListener("focusin", (event) => { if (page.find(".flow")) light(event.target); });

  let wanted = "";
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('#sheet a[href^="#ev-"]');
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    wanted = link.getAttribute("href").slice(1);
    page.closeSheet();
  }, true);
  page.watchers.push((element) => {
    if (!wanted || !element.closest("#sheet") || page.find("#sheet .sheet-dialog")) return;
    const id = wanted;
    wanted = "";
    page.showCard(id);
  });

  page.acts.flow = (el) => page.send("flow", { turn: Number(el.dataset.turn), search: Number(el.dataset.search || 0) });
}
