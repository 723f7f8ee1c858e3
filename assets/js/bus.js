// The one way from the page's own buttons to the server. A name must stand here in quotes to be an event for Gradio.
const events = [
  "answer_anyway",
  "branch",
  "cancel_edit",
  "cancel_ingest",
  "chunks",
  "close_chunks",
  "close_sheet",
  "delete",
  "delete_talk",
  "edit",
  "evidence",
  "example",
  "new_talk",
  "open_talk",
  "record",
  "rename_talk",
  "retry",
  "sample",
  "talks",
];
window.plainsightBus = (name, data) => events.includes(name) && trigger(name, data || {});
