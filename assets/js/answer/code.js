// Code blocks: their lines wrapped, their text copied; and the sign every button gives that has copied something.
(page) => {
  "use strict";
  const { find, acts, copy } = page;
  const SHOWN_MS = 1800; // milliseconds a sign stays

  const status = Object.assign(document.createElement("p"), { className: "sr", id: "said" });
  status.setAttribute("role", "status");
  document.body.append(status);
  page.done = (button) => {
    if (!button) return;
    button.classList.add("done");
    status.textContent = page.language.words.copied;
    setTimeout(() => {
      button.classList.remove("done");
      status.textContent = "";
    }, SHOWN_MS);
  };

  acts.copy = (el) => copy(el.dataset.text).then(() => page.done(el), () => {}); // denied: no sign
  acts["code-copy"] = (el) => copy(find("code", el.closest(".code")).textContent).then(() => page.done(el), () => {}); // denied: no sign
  acts["code-wrap"] = (el) => el.setAttribute("aria-pressed", String(el.closest(".code").classList.toggle("wrapped")));
}
