(page) => {
  "use strict";
  // A chip or a line in a card's foot names quotes: they are shown in the card's full passage once the card is there.
  let wanted = null;
  const show = (card) => {
    if (!wanted || wanted.card !== card.id) return;
    const { card: id, quotes } = wanted;
    wanted = null;
    page.all("#evidence mark.quote.shown").forEach((mark) => mark.classList.remove("shown"));
    const marks = page.all(quotes.map((number) => `mark.quote[data-quotes~="${number}"]`).join(","), card);
    if (!marks.length) return;
    const passage = document.getElementById("full-" + id.slice("ev-".length));
    if (passage) passage.open = true;
    marks.forEach((mark) => mark.classList.add("shown"));
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    marks[0].scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
  };
  page.arrivals.push(show);
  const want = (id, quotes) => { wanted = { card: id, quotes: quotes.split(" ") }; };

  // Before the page's own listener, which brings the card into view.
  document.addEventListener("click", (event) => {
    const chip = event.target.closest?.("a.chip[data-quotes]");
    if (chip) want(chip.getAttribute("href").slice(1), chip.dataset.quotes);
  }, true);
  page.acts["show-quote"] = (el) => { want(el.dataset.card, el.dataset.quotes); page.showCard(el.dataset.card); };
  page.acts.checks = (el) => {
    const details = page.find(el.getAttribute("href"));
    if (!details) return;
    details.open = true;
    details.scrollIntoView({ block: "nearest" });
    page.find("summary", details).focus({ preventScroll: true });
  };
}
