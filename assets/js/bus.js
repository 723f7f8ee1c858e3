// The one way from the page's own buttons to the server. A name must stand here in quotes to be an event for Gradio.
const events = [
  "answer_anyway",
  "cancel_edit",
  "cancel_ingest",
  "chunks",
  "close_chunks",
  "close_sheet",
  "delete",
  "edit",
  "evidence",
  "example",
  "record",
  "retry",
  "sample",
];
window.plainsightBus = (name, data) => events.includes(name) && trigger(name, data || {});
