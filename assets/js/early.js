// Runs before anything else on the page: language, theme and panel are known before the first thing is drawn.
(function () {
  try {
    var root = document.documentElement;
    var chosen = localStorage.getItem("plainsight.language");
    var language = chosen || (/^zh/i.test(navigator.language) ? "zh" : "en");
    var locale = language === "zh" ? "zh-CN" : "en";
    root.lang = locale;
    root.dataset.language = language;
    document.cookie = "lang=" + language + ";path=/;max-age=31536000;SameSite=Lax";
    // Gradio takes the language of its own words from the browser and offers no other way in.
    Object.defineProperty(navigator, "language", { get: function () { return locale; } });
    Object.defineProperty(navigator, "languages", { get: function () { return [locale]; } });

    var theme = localStorage.getItem("plainsight.theme");
    if (theme) {
      var address = new URL(location.href);
      if (address.searchParams.get("__theme") !== theme) {
        address.searchParams.set("__theme", theme);
        history.replaceState(null, "", address);
      }
    }
    var wide = matchMedia("(min-width: 1000px)").matches;
    root.dataset.panel = wide && localStorage.getItem("plainsight.panel") !== "closed" ? "open" : "closed";
  } catch (error) {
    console.warn("Plainsight keeps no preferences here:", error);
  }

  // This tab's name for its conversation; kept over reloads, gone with the tab. With the cookie it is the only key.
  window.plainsight = {
    tab: function () {
      try {
        var id = sessionStorage.getItem("plainsight.tab");
        if (!id) {
          id = Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) {
            return b.toString(16).padStart(2, "0");
          }).join("");
          sessionStorage.setItem("plainsight.tab", id);
        }
        return id;
      } catch (error) {
        return "";
      }
    },
    // The conversation this tab is in: what a server that was restarted goes on with, if it is this browser's.
    talk: function () {
      try { return sessionStorage.getItem("plainsight.conversation") || ""; } catch (error) { return ""; }
    },
    keepTalk: function (id) {
      try { sessionStorage.setItem("plainsight.conversation", id); } catch (error) { void error; }
    },
  };
})();
