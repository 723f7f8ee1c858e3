// The one way from the page's own buttons to the server. A name must stand here in quotes to be an event for Gradio.
const events = [
  "retry", "edit", "example", "evidence", "sample", "cancel_edit", "cancel_ingest", "delete", "chunks", "close_chunks",
];
window.plainsightBus = (name, data) => events.includes(name) && trigger(name, data || {});
