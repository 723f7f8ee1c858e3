// Buttons of the boxes about indexes: each names the event it sends.
(page) => {
  page.acts.index = (el) => page.send(el.dataset.event, { base: el.dataset.base });
}
