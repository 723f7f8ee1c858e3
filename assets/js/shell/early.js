// Runs before anything else on the page: language, theme and panel are known before the first thing is drawn.
// `languages` says of each, by its code, what has to be known of it in the browser; the first is for everybody else.
function (languages) {
  var codes = Object.keys(languages), language = codes[0];
  var fitting = function (tag) {
    var fits = codes.filter(function (code) { return (tag + "-").toLowerCase().startsWith(code.toLowerCase() + "-"); });
    return fits.sort(function (a, b) { return b.length - a.length; })[0];
  };
  try {
    var root = document.documentElement;
    var chosen = localStorage.getItem("plainsight.language");
    language = fitting(chosen || "") || fitting(navigator.language) || language;
    var locale = languages[language].locale;
    root.lang = locale;
    root.dir = languages[language].direction;
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
    var roomy = matchMedia("(min-width: 1280px)").matches;
    root.dataset.talks = roomy && localStorage.getItem("plainsight.talks") !== "closed" ? "open" : "closed";
    root.dataset.panel = wide && localStorage.getItem("plainsight.panel") !== "closed" ? "open" : "closed";
  } catch (error) {
    console.warn("Plainsight keeps no preferences here:", error);
  }

  // The page is found under many addresses, all of them below this one; which of them says what it shows.
  var top = new URL(".", document.baseURI);
  var TALK = /^c\/([0-9a-f]{32})$/;
  window.plainsight = {
    language: languages[language],
    top: top,
    // The part of the address below the top, without query and place.
    address: function () { return location.pathname.slice(top.pathname.length); },
    addressed: function () { return (TALK.exec(this.address()) || [])[1] || ""; },
    // This tab's name for its conversation; kept over reloads, gone with the tab. With the cookie it is the only key.
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

  // Gradio reckons the page's address from what its server heard; behind a proxy only the browser knows it.
  var config;
  Object.defineProperty(window, "gradio_config", {
    configurable: true,
    get: function () { return config; },
    set: function (given) {
      if (given) given.root = top.href.replace(/\/$/, "");
      config = given;
    },
  });

  // Whatever changes something carries the token of this page, which no page of another site can read.
  var HEADER = "x-plainsight-token", REFUSED = "x-plainsight-refused";
  var TOKEN = /<meta name="plainsight-token" content="([0-9a-f]+)">/;
  var token = (document.querySelector('meta[name="plainsight-token"]') || {}).content || "";
  var marked = function (method, address) {
    return !/^(GET|HEAD|OPTIONS)$/i.test(method) && new URL(address, location.href).origin === location.origin;
  };
  // A refusal is said once, in the words of the server; Gradio would say "Error" for every call of the page.
  var said = function (words) {
    var box = document.getElementById("refused") || document.createElement("div");
    box.id = "refused";
    box.setAttribute("role", "alert");
    if (box.textContent !== words) box.textContent = words;
    if (!box.isConnected) document.body.append(box);
  };
  var unsaid = function () { document.getElementById("refused")?.remove(); };
  var plain = window.fetch;
  var send = function (input, init) {
    var headers = new Headers((init && init.headers) || (input instanceof Request ? input.headers : undefined));
    headers.set(HEADER, token);
    return plain.call(window, input, Object.assign({}, init, { headers: headers }));
  };
  // Another tab may have been given a new cookie: the page that belongs to it has the token.
  var renewed = function () {
    return plain.call(window, top.href, { cache: "no-store" })
      .then(function (answer) { return answer.text(); })
      .then(function (page) { token = (TOKEN.exec(page) || [])[1] || token; });
  };
  window.fetch = function (input, init) {
    var method = (init && init.method) || (input instanceof Request ? input.method : "GET");
    if (!marked(method, input instanceof Request ? input.url : String(input))) return plain.call(window, input, init);
    return send(input, init).then(function (answer) {
      if (answer.headers.get(REFUSED) !== "front.token" || input instanceof Request) return answer;
      return renewed().then(function () { return send(input, init); });
    }).then(function (answer) {
      if (answer.headers.has(REFUSED)) answer.clone().text().then(function (words) { said(words.trim()); });
      else unsaid();
      return answer;
    });
  };
  var open = XMLHttpRequest.prototype.open, sendOff = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.open = function (method, address) {
    this.plainsightMarked = marked(method, address);
    return open.apply(this, arguments);
  };
  XMLHttpRequest.prototype.send = function () {
    if (this.plainsightMarked) {
      this.setRequestHeader(HEADER, token);
      this.addEventListener("load", function () { if (this.getResponseHeader(REFUSED)) said(this.responseText.trim()); });
    }
    return sendOff.apply(this, arguments);
  };
}
