// The language model on the settings page: what its form holds is sent as events of their own.
(page) => {
  "use strict";
  const { find, send, acts } = page;
  const form = () => find(".model-form");
  const held = () => {
    const data = new FormData(form());
    return { ...Object.fromEntries(data), forget: data.has("forget") };
  };
  Object.assign(acts, {
    "model-test": () => send("model_test", held()),
    "model-remove": () => send("model_remove", {}),
  });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset?.submit !== "model-save") return;
    event.preventDefault();
    send("model_save", held());
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".model-pick") || !event.target.value) return;
    const field = find("input[name=model]", form());
    if (field && !field.disabled) field.value = event.target.value;
  });
}
