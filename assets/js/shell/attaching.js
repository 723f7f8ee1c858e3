// Files that are dropped anywhere on the page, or chosen by the paper clip, become documents.
(page) => {
  "use strict";
  const { find, acts } = page;
  const { words } = page.language;
  const input = () => find("#attach input[type=file]");
  // on the page of documents its own field takes them, for the knowledge base that is looked at
  const taker = () => find("#drop")?.checkVisibility() ? find("#drop input[type=file]") : input();
  acts.attach = () => input()?.click();

  const shade = Object.assign(document.createElement("div"), { id: "dropping", hidden: true, textContent: words.drop });
  shade.setAttribute("aria-hidden", "true");
  document.body.append(shade);
  const carries = (event) => Array.from(event.dataTransfer?.types || []).includes("Files");
  const over = (yes) => { shade.hidden = !yes; };
  document.addEventListener("dragover", (event) => {
    if (!carries(event) || find("#sheet .sheet-dialog")) return;
    event.preventDefault();
    over(!event.target.closest?.("#drop"));
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  document.addEventListener("drop", (event) => {
    over(false);
    if (!carries(event) || event.target.closest?.("#drop")) return;
    event.preventDefault(); // or the browser would leave the page for the file
    const field = taker();
    if (!field || find("#sheet .sheet-dialog") || !event.dataTransfer.files.length) return;
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
