// Counts visits (not those of pages marked data-quiet) and what people do with content. Nobody is
// remembered before they said yes. It must stay below 2 kB compressed; lines like this are left out.
(() => {
  const script = document.currentScript;
  const { key, asset, quiet, consent: mode = "ask", ask, yes, no } = script.dataset;
  const year = 365 * 86400;
  const ownBar = document.querySelector("[data-consent-bar]");
  const read = (name) => (document.cookie.match(`\\b${name}=([^;]+)`) || [])[1];
  const keep = (name, value, seconds) => {
    document.cookie = `${name}=${value};path=/;max-age=${seconds};samesite=lax` + (location.protocol === "https:" ? ";secure" : "");
  };
  const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16);
  const uuid = () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, digit);

  // What happens before there is an answer is held back, and counted whatever the answer is.
  let held = [], agreed, bar, seen;
  const post = (said) =>
    navigator.sendBeacon(new URL("t/", script.src), JSON.stringify({ key, visitor: agreed && read("lf_visitor"), ...said }));
  const page = () => location.href.replace(/#(?![/!]).*/, "");
  const send = (kind, more) => {
    const said = { kind, url: page().slice(0, 1500), title: document.title.slice(0, 200), ...more };
    held ? held.push(said) : post(said);
  };
  const release = () => {
    const all = held || [];
    held = 0;
    all.forEach(post);
  };
  const decide = (answer) => {
    if (mode !== "never") {
      agreed = !!answer;
      keep("lf_consent", +agreed, year);
      keep("lf_visitor", agreed ? read("lf_visitor") || uuid() : "", agreed * year);
    }
    if (ownBar) ownBar.hidden = true;
    if (bar) bar.remove();
    release();
  };

  // On other sites our style sheet is not there, and theirs must not reach the bar.
  const showBar = () => {
    const add = (parent, name, textContent) => parent.appendChild(Object.assign(document.createElement(name), { textContent }));
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      ":host{position:fixed;inset:auto 1rem 1rem;z-index:2147483647;max-width:40rem;margin:auto;display:flex;flex-wrap:wrap;gap:.75rem;align-items:center;padding:1rem;border:1px solid;border-radius:.5rem;background:Canvas;color:CanvasText;font:1rem system-ui}p{margin:0;flex:1 16rem}button{font:inherit;padding:.6rem 1.2rem}",
    );
    bar = add(document.body, "div");
    bar.role = "region";
    bar.ariaLabel = "Cookies";
    const root = bar.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    add(root, "p", ask || "May we remember your visit?");
    add(root, "button", no || "No").onclick = () => decide();
    add(root, "button", yes || "Yes").onclick = () => decide(1);
  };

  // Pages: this one, and those that a script puts in its place.
  const see = () => {
    if (quiet !== undefined || page() === seen) return;
    send("page_view", { referrer: (seen || document.referrer).slice(0, 500), asset: seen ? undefined : asset });
    seen = page();
  };
  const move = () => setTimeout(see, 50);

  const api = (name, more) =>
    /^(page_view|download|video|webinar)$/.test(name) ? send(name, more) : send("custom", { title: name, properties: more });
  const calls = { __proto__: null, consent: decide, mark: send, identify: (token) => send("identify", { token }) };
  const push = ([name, ...rest]) => (calls[name] ? calls[name](...rest) : api(name, ...rest));

  const click = ({ target }) => {
    const answer = target.closest("[data-consent]");
    if (answer) decide(answer.dataset.consent === "yes");
    const link = target.closest("[data-track],a[href]");
    const kind = link && (link.dataset.track || (/\.(pdf|docx?|xlsx?|pptx?|csv|epub|zip|dmg|exe)$/i.test(link.pathname) && "download"));
    if (kind) api(kind, { asset: link.dataset.asset, title: link.textContent.trim().slice(0, 200), url: link.href });
  };
  const start = () => {
    const here = new URL(location), token = here.searchParams.get("lf");
    if (token) {
      here.searchParams.delete("lf");
      history.replaceState(history.state, "", here);
    }
    see();
    if (token) calls.identify(token);
    const { pushState } = history;
    history.pushState = function (...state) {
      pushState.apply(this, state);
      move();
    };
    addEventListener("popstate", move);
    addEventListener("click", click);
    addEventListener("auxclick", click);
    // Whoever leaves without an answer is counted, and not remembered.
    addEventListener("pagehide", release);
    if (Array.isArray(early)) early.forEach(push);
    const said = read("lf_consent");
    if (mode === "never") release();
    else if (!held) return;
    else if (said) decide(said === "1");
    else if (mode === "ask") ownBar ? (ownBar.hidden = false) : key ? showBar() : release();
  };
  const early = window.leadflow;
  window.leadflow = Object.assign(api, calls, { push });
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
})();
