// Counts visits (not those of pages marked data-quiet). A visitor is remembered only after they said yes.
(() => {
  const script = document.currentScript;
  const bar = document.querySelector("[data-consent-bar]");
  const read = (name) => (document.cookie.match(`(?:^|; )${name}=([^;]*)`) || [])[1];
  const keep = (name, value, days) => {
    const safe = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `${name}=${value};path=/;max-age=${days * 86400};samesite=lax${safe}`;
  };
  const uuid = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const send = (kind, more) =>
    navigator.sendBeacon(
      new URL("/t/", script.src),
      JSON.stringify({
        kind,
        url: location.href.slice(0, 1000),
        title: document.title.slice(0, 200),
        referrer: document.referrer.slice(0, 500),
        ...more,
      }),
    );
  let seen = false;
  const see = () => {
    if (!seen && script.dataset.quiet === undefined) send("page_view", { asset: script.dataset.asset });
    seen = true;
  };
  const decide = (yes) => {
    keep("lf_consent", yes ? 1 : 0, 365);
    keep("lf_visitor", yes ? read("lf_visitor") || uuid() : "", yes ? 365 : 0);
    if (bar) bar.hidden = true;
    see();
  };
  const start = () => {
    const said = read("lf_consent");
    if (said) decide(said === "1");
    else if (bar) bar.hidden = false;
    else see();
  };
  document.addEventListener("click", (event) => {
    const answer = event.target.closest("[data-consent]");
    if (answer) decide(answer.dataset.consent === "yes");
    const link = event.target.closest("[data-track]");
    if (!link) return;
    const title = link.textContent.trim().slice(0, 200);
    send(link.dataset.track, { asset: link.dataset.asset, title, url: link.href });
  });
  // Whoever leaves without an answer is counted, and not remembered.
  addEventListener("pagehide", see);
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
})();
