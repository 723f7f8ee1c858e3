// The one way from the page's own buttons to the server, for the `events` the page is told above.
window.plainsightBus = (name, data) => events.includes(name) && trigger(name, data || {});
