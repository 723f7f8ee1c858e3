// What the reader looks at stays where it is: on each page, and around the switch to another branch.
(page) => {
  "use strict";
  const { find, all } = page;

  const tops = {}; // tab -> how far its page was scrolled
  const tab = () => find("#nav [role=tab][aria-selected=true]")?.id;
  addEventListener("scroll", () => { tops[tab()] = scrollY; });
  new MutationObserver(() => scrollTo({ top: tops[tab()] || 0, behavior: "instant" }))
    .observe(find("#nav"), { subtree: true, attributes: true, attributeFilter: ["aria-selected"] });

  let held = null; // the turn that is to stay where it is, and how far down that is
  page.hold = (turn) => { held = { place: all(".turn").indexOf(turn), top: turn.getBoundingClientRect().top }; };
  page.watchers.push((element) => {
    const turn = held && element.closest("#history, #live") && all(".turn")[held.place];
    if (turn) find("#log").scrollTop += turn.getBoundingClientRect().top - held.top;
  });
  for (const act of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.addEventListener(act, () => { held = null; }, { capture: true, passive: true });
  }
}
