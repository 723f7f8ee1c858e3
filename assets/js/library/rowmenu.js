// The menu of one document. It knows its document by name: the row it was opened from may be another's by the time an
// item is chosen, as the list is drawn anew in place.
(page) => {
  "use strict";
  const { find, all, acts } = page;
  const GAP = 4, EDGE = 8; // pixels between button and menu, and to the edge of the screen
  const DONE_MS = 1200;
  let menu = null, opener = null;
  let held = null; // name and row of the button that has the focus or whose menu has it

  const buttons = () => all("#document-table .row-more");
  const buttonOf = (name) => buttons().find((button) => button.dataset.name === name);
  const items = () => all("[role=menuitem]", menu);

  const place = () => {
    const from = opener.getBoundingClientRect(), card = menu.parentElement.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu, { clientWidth, clientHeight } = document.documentElement;
    const below = from.bottom + GAP, above = from.top - GAP - height;
    const header = Math.max(...all("#header, #nav > .tab-wrapper").map((bar) => bar.getBoundingClientRect().bottom));
    const top = below + height > clientHeight - EDGE && above >= header ? above : below;
    const left = Math.max(EDGE, Math.min(from.right, clientWidth - EDGE) - width);
    menu.style.top = `${top - card.top}px`;
    menu.style.left = `${left - card.left}px`;
  };
  const open = (button, last) => {
    close();
    const { name, base, can, file } = button.dataset, works = can.split(" ");
    opener = button;
    menu = find("#document-table .row-actions").content.firstElementChild.cloneNode(true);
    menu.setAttribute("aria-label", button.getAttribute("aria-label"));
    items().forEach((item) => {
      if (!works.includes(item.dataset.item)) { item.remove(); return; }
      Object.assign(item.dataset, { name, base });
      if (item.tagName === "A") item.setAttribute("href", file);
    });
    find("#documents-card").append(menu);
    place();
    button.setAttribute("aria-expanded", "true");
    held = { name, at: buttons().indexOf(button) };
    items().at(last ? -1 : 0).focus({ preventScroll: true });
    menu.scrollIntoView({ block: "nearest" });
  };
  const close = (back) => {
    if (!menu) return;
    const [gone, button] = [menu, opener];
    menu = opener = null;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus({ preventScroll: true });
    gone.remove();
  };
  acts["row-menu"] = (button) => { if (opener === button) close(true); else open(button); };
  acts["doc-copy"] = (el) => page.copy(el.dataset.name).then(() => {
    const button = buttonOf(el.dataset.name);
    button?.classList.add("done");
    setTimeout(() => button?.classList.remove("done"), DONE_MS);
  });

  // ---- pointer -------------------------------------------------------------------------------------------------------
  document.addEventListener("pointerdown", (event) => {
    if (menu?.contains(event.target) || event.target.closest(".row-more")) return;
    close();
    held = null;
  }, true);
  // before the page's own listener, so that the focus is back in the list when the chosen act begins
  document.addEventListener("click", (event) => {
    if (menu?.contains(event.target) && event.target.closest("[role=menuitem]")) close(true);
  }, true);

  addEventListener("resize", () => { if (menu) place(); });

  // ---- keyboard ------------------------------------------------------------------------------------------------------
  const next = (key) => {
    const stops = items(), at = stops.indexOf(document.activeElement);
    const ahead = [...stops.slice(at + 1), ...stops.slice(0, at + 1)]; // the next one first, this one last
    const known = { ArrowDown: ahead[0], ArrowUp: ahead.at(-2), Home: stops[0], End: stops.at(-1) };
    return known[key] || (key.length === 1 && ahead.find((item) => item.textContent.toLowerCase().startsWith(key.toLowerCase())));
  };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches?.(".row-more") && (key === "ArrowDown" || key === "ArrowUp")) {
      event.preventDefault();
      open(target, key === "ArrowUp");
    } else if (menu?.contains(target)) {
      if (key === "Tab") { close(true); return; } // the browser goes on from the button
      if (key === "Enter" || (key === " " && target.tagName !== "A")) return; // the browser presses the item
      event.stopImmediatePropagation(); // Escape leaves the menu and nothing else
      if (["Escape", "ArrowDown", "ArrowUp", "Home", "End", " "].includes(key)) event.preventDefault();
      if (key === "Escape") close(true);
      else if (key === " ") target.click();
      else if (next(key)) next(key).focus();
    }
  }, true);
  document.addEventListener("focusin", (event) => {
    if (menu?.contains(event.target) || event.target === opener) return;
    close();
    const button = event.target.closest?.(".row-more");
    held = button ? { name: button.dataset.name, at: buttons().indexOf(button) } : null;
  });

  // ---- the list is drawn anew ------------------------------------------------------------------------------------------
  page.watchers.push((element) => {
    if (!element.closest("#document-table")) return;
    const had = document.activeElement, about = held;
    const ours = menu?.contains(had) || had === document.body || had?.matches(".row-more");
    close();
    if (!about || !ours) return;
    const left = buttons();
    const stop = buttonOf(about.name) || left[Math.min(about.at, left.length - 1)];
    (stop || find("#document-table .doc-undo button") || find("#document-tools .doc-words"))?.focus({ preventScroll: true });
  });
}
