// The door on a tablet: tickets go through one queue, so that none is lost while the network is away.
(() => {
  const root = document.querySelector("[data-kiosk]");
  if (!root) return;
  const $ = (selector) => root.querySelector(selector);
  const form = $("[data-scan]"), field = form.elements.q, offline = $("[data-offline]");
  const box = `tickets ${location.pathname}`;
  const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
  const isCode = (text) => /^[0-9a-f]{12}$/i.test(text.replace(/[\s-]/g, ""));

  // ---- what waits: tickets survive a closed page, names only a lost connection
  let waiting = [];
  try { waiting = JSON.parse(localStorage.getItem(box)) ?? []; } catch { /* nothing is kept */ }
  const keep = () => { try { localStorage.setItem(box, JSON.stringify(waiting)); } catch { /* private window: this page alone keeps them */ } };
  let isBusy = false, timer;

  function say(text) {
    offline.hidden = !text;
    offline.querySelector("[data-offline-text]").textContent = text;
  }
  function enqueue(text) {
    waiting.push({ q: text, at: Date.now() });
    keep();
    send();
  }
  async function send() {
    clearTimeout(timer);
    if (isBusy || !waiting.length) return;
    isBusy = true;
    const [next] = waiting;
    const trouble = await ask(next);
    isBusy = false;
    if (!trouble) { waiting.shift(); keep(); say(""); send(); return; }
    if (!isCode(next.q)) { waiting.shift(); keep(); field.value ||= next.q; say(trouble); return; }
    const count = waiting.length === 1 ? "1 ticket waits" : `${waiting.length} tickets wait`;
    say(`${trouble} ${count} here and will be sent: go on scanning.`);
    timer = setTimeout(send, 3000);
  }
  // Why it did not work, in words; "" when it did.
  async function ask({ q, at }) {
    const body = new URLSearchParams({ q, waited: String(Math.round((Date.now() - at) / 1000)) });
    const stop = new AbortController(), late = setTimeout(() => stop.abort(), 10000);
    try {
      const answer = await fetch(form.action, { method: "POST", body, signal: stop.signal, headers: { "HX-Request": "true", "X-CSRFToken": csrf() } });
      if (answer.headers.has("HX-Redirect")) return "You have been signed out: load this page again and sign in.";
      if (!answer.ok) return answer.status === 403 ? "This page was open for too long: load it again." : "The server has a problem.";
      show(await answer.text());
      return "";
    } catch {
      return "The network is away.";
    } finally {
      clearTimeout(late);
    }
  }
  function show(html) {
    const target = $("#answer");
    htmx.swap(target, html, { swapStyle: "outerHTML" }, { eventInfo: { target } });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    if (text) enqueue(text);
  });
  window.addEventListener("online", send);
  document.addEventListener("htmx:configRequest", ({ detail }) => { detail.headers["X-CSRFToken"] = csrf(); });
  document.addEventListener("htmx:sendError", () => say("The network is away. Nothing was changed; try again in a moment."));
  document.addEventListener("htmx:responseError", () => say("That did not work. Load the page again."));

  // ---- the field has the focus unless somebody types elsewhere: scanners type wherever it is
  const isElsewhere = () => document.activeElement?.matches("#answer :is(input, select, textarea)");
  const focus = () => { if (!isElsewhere()) field.focus({ preventScroll: true }); };
  document.addEventListener("htmx:afterSettle", () => { document.querySelector("#answer .has-error :is(input, select, textarea)")?.focus() ?? focus(); });
  document.addEventListener("click", ({ target }) => { if (!target.closest("a, button, input, select, textarea, label")) focus(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { focus(); send(); } });
  document.addEventListener("keydown", ({ key, target }) => { if (key.length === 1 && target === document.body) field.focus(); });

  // ---- the camera, where the browser can read pictures; asked for on a tap only
  const camera = $("[data-camera]"), view = $("[data-camera-view]"), button = $("[data-camera-on]");
  let stream, seen = { code: "", at: 0 };
  if ("BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
    camera.hidden = false;
    button.addEventListener("click", () => (stream ? stop() : start()));
  }
  async function start() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      say("The camera may not be used here. Type the code that stands on the ticket.");
      return;
    }
    view.srcObject = stream;
    view.hidden = false;
    button.querySelector(".btn-text").textContent = "Stop the camera";
    await view.play();
    look(new BarcodeDetector({ formats: ["qr_code"] }));
  }
  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    view.hidden = true;
    button.querySelector(".btn-text").textContent = "Scan with the camera";
    focus();
  }
  async function look(detector) {
    if (!stream) return;
    const found = await detector.detect(view).catch(() => []);
    for (const { rawValue: code } of found) {
      if (!isCode(code) || (code === seen.code && Date.now() - seen.at < 4000)) continue;
      seen = { code, at: Date.now() };
      enqueue(code);
    }
    setTimeout(look, 200, detector);
  }

  field.focus();
  if (waiting.length) send();
})();
