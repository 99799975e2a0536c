// LeadFlow in the browser: keys, dialogs, toasts, countdowns, filters, theme. Every page works without it.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const meta = (name) => $(`meta[name="${name}"]`)?.content ?? "";
  const isShown = (element) => element.checkVisibility();
  const isTyping = (target) => isShown(target) && (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));
  const wait = (task, ms) => { let timer; return (...args) => { clearTimeout(timer); timer = setTimeout(() => task(...args), ms); }; };
  const skew = meta("server-now") ? Date.parse(meta("server-now")) - Date.now() : 0;

  // ---- htmx: the token on every request, a thin line while one is under way, errors in words
  let underway = 0;
  const busy = (step) => { underway = Math.max(0, underway + step); document.documentElement.classList.toggle("is-busy", underway > 0); };
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get") detail.headers["X-CSRFToken"] = meta("csrf-token");
    if (detail.elt.matches("[data-auto-submit]")) for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
  });
  document.addEventListener("htmx:beforeRequest", () => busy(1));
  document.addEventListener("htmx:afterRequest", () => busy(-1));
  document.addEventListener("htmx:pushedIntoHistory", () => { for (const link of $$("[data-clear]")) link.hidden = !location.search; });
  document.addEventListener("htmx:sendError", () => toast({ message: "The server could not be reached. Nothing was changed; try again in a moment.", tone: "bad" }));
  document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
    if (xhr.getResponseHeader("HX-Trigger")?.includes("toast")) return;
    const words = { 401: "You have been signed out. Load the page again to sign in.", 403: "You may not do this.", 404: "This is no longer there. Load the page again.", 429: "Too many requests. Wait a moment." };
    toast({ message: words[xhr.status] ?? "Something went wrong on our side. Nothing was lost; try again.", tone: "bad" });
  });

  // ---- toasts
  const STAY = { bad: 12000, warn: 9000 };
  function toast({ message, tone = "good", action_label: label, action_url: url }) {
    const node = $("#toast-template")?.content.firstElementChild.cloneNode(true);
    if (!node) return;
    node.classList.replace("toast-neutral", `toast-${tone}`);
    $(".toast-text", node).textContent = message;
    if (label && url) node.insertBefore(actionButton(label, url, node), node.lastElementChild);
    $("#toasts").append(node);
    leaveSoon(node);
  }
  function actionButton(label, url, node) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-secondary btn-sm", textContent: label });
    button.addEventListener("click", () => { node.remove(); htmx.ajax("POST", url, { swap: "none" }); });
    return button;
  }
  function leaveSoon(node) {
    const stay = node.classList.contains("toast-bad") ? STAY.bad : node.classList.contains("toast-warn") ? STAY.warn : 6000;
    const leave = wait(() => { node.classList.add("is-leaving"); setTimeout(() => node.remove(), 250); }, stay);
    leave();
    for (const event of ["pointerenter", "focusin", "pointermove"]) node.addEventListener(event, leave);
  }
  document.addEventListener("toast", ({ detail }) => toast(detail.value ?? detail));

  // ---- dialogs and menus
  const isOpen = () => $("dialog[open]");
  function open(dialog) {
    if (!dialog || dialog.open) return;
    dialog.showModal();
    $("[autofocus], .dialog-body :is(input:not([type=hidden]), select, textarea)", dialog)?.focus();
  }
  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (target.id !== "modal-body" || !target.firstElementChild) return;
    open($("#modal"));
    $(".has-error :is(input, select, textarea)", target)?.focus(); // where to go on; it may be out of view
  });
  document.addEventListener("close-dialog", () => $$("dialog[open]").forEach((dialog) => dialog.close()));
  document.addEventListener("click", (event) => {
    const { target } = event;
    const opener = target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog && !event.ctrlKey && !event.metaKey) { event.preventDefault(); opener.closest("[data-menu]")?.removeAttribute("open"); open(dialog); }
    const closer = target.closest("[data-close]");
    if (closer) { const shown = closer.closest("dialog"); if (shown.open) event.preventDefault(); shown.close(); }
    if (target.matches("dialog[open]")) { const box = target.getBoundingClientRect(); if (event.clientY < box.top || event.clientY > box.bottom || event.clientX < box.left || event.clientX > box.right) target.close(); }
    target.closest("[data-dismiss]")?.closest("[data-toast]").remove();
    if (target.closest("[data-shortcuts]")) showShortcuts();
    if (target.closest("[data-palette]")) open($("#palette"));
    const theme = target.closest("[data-theme-set]");
    if (theme) setTheme(theme.dataset.themeSet);
    for (const menu of $$("[data-menu][open]")) if (!menu.contains(target) || target.closest(".menu-item")) menu.open = false;
  });

  // ---- theme
  function setTheme(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
    try { theme === "auto" ? localStorage.removeItem("theme") : localStorage.setItem("theme", theme); } catch { /* not kept */ }
    showTheme();
  }
  function showTheme() {
    const now = document.documentElement.dataset.theme ?? "auto";
    for (const button of $$("[data-theme-set]")) button.setAttribute("aria-pressed", String(button.dataset.themeSet === now));
  }

  // ---- countdowns: the same words as the server's
  function words(seconds) {
    for (const [size, unit, smaller, rest] of [[86400, "d", 3600, "h"], [3600, "h", 60, "min"]]) {
      if (seconds >= size) { const left = Math.floor((seconds % size) / smaller); return `${Math.floor(seconds / size)} ${unit}${left ? ` ${left} ${rest}` : ""}`; }
    }
    return seconds >= 60 ? `${Math.floor(seconds / 60)} min` : `${seconds} s`;
  }
  function refreshCountdowns() {
    for (const node of $$("[data-countdown]")) {
      const seconds = Math.round((Date.parse(node.dateTime) - Date.now() - skew) / 1000);
      const tone = seconds < 0 ? "bad" : seconds < 3600 ? "warn" : "neutral";
      $("[data-countdown-text]", node).textContent = `${words(Math.abs(seconds))} ${seconds < 0 ? "late" : "left"}`;
      node.classList.remove("tone-bad", "tone-warn", "tone-neutral");
      node.classList.add(`tone-${tone}`);
    }
  }
  setInterval(refreshCountdowns, 15000);

  // ---- forms: filters send themselves, nothing is sent twice
  const submitSoon = wait((form) => form.requestSubmit(), 300);
  document.addEventListener("input", ({ target }) => { if (target.matches("[data-auto-submit] input[type=search], [data-auto-submit] input[type=text]")) submitSoon(target.form); });
  document.addEventListener("change", ({ target }) => {
    if (target.form?.matches("[data-auto-submit]") && !target.matches("input[type=search], input[type=text]")) target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-hx-post]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", ({ persisted }) => { // back from the next page: the form may be sent again
    if (!persisted) return;
    for (const form of $$("form[data-sent]")) delete form.dataset.sent;
    for (const button of $$("[aria-busy=true]")) button.removeAttribute("aria-busy");
  });

  // ---- copying: into the clipboard where that is allowed, else marked for Ctrl-C
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]"), field = button && document.getElementById(button.dataset.copy);
    if (!field) return;
    field.focus();
    field.select();
    let copied = true;
    try { await navigator.clipboard.writeText(field.value); } catch { copied = document.execCommand("copy"); }
    toast(copied ? { message: "Copied." } : { message: "It is marked: press Ctrl-C to copy it.", tone: "info" });
  });

  // ---- conditions: what is picked shows on the closed list, long lists can be searched
  document.addEventListener("change", ({ target }) => {
    const pick = target.closest("[data-pick]");
    if (!pick || target.matches("[data-pick-search]")) return;
    const names = $$("input:checked", pick).map((input) => input.nextElementSibling.textContent);
    $("[data-pick-text]", pick).textContent = names.join(", ") || pick.dataset.pick;
  });
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("[data-pick-search]")) return;
    const wanted = target.value.toLowerCase();
    for (const label of $$(".check", target.parentElement)) label.hidden = !label.textContent.toLowerCase().includes(wanted);
  });

  // ---- lists: j and k move, Enter opens
  const rows = () => $$("[data-list] [data-row]").filter(isShown);
  const selected = () => $("[data-list] [data-row].is-selected");
  function select(row, { quietly = false } = {}) {
    const before = selected();
    before?.classList.remove("is-selected");
    before?.removeAttribute("aria-current");
    if (!row) return;
    row.classList.add("is-selected");
    row.setAttribute("aria-current", "true");
    if (!quietly) row.scrollIntoView({ block: "nearest" });
    row.dispatchEvent(new CustomEvent("row-selected", { bubbles: true }));
  }
  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(selected());
    select(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)]);
  }
  // After a swap the same lead stays selected, wherever its row is now. When it left by our own act the next
  // one follows; when it left by itself nothing is selected, so that no key acts on another lead.
  // Where rows have keys of their own, they have something to act on from the start.
  select(rows().find((row) => $("[data-key]", row)), { quietly: true });
  let following = [];
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const all = rows(), at = all.indexOf(selected());
    const ids = at < 0 ? [] : all.slice(at).map((row) => row.id);
    following = detail.requestConfig?.verb === "post" ? ids : ids.slice(0, 1);
  });
  document.addEventListener("htmx:afterSettle", () => {
    refreshCountdowns();
    if (!selected()) select(following.map((id) => id && document.getElementById(id)).find(Boolean));
  });
  document.addEventListener("click", ({ target }) => { const row = target.closest("[data-list] [data-row]"); if (row) select(row); });

  // ---- choosing rows: the head takes the page, shift those in between, "all that match" what lies beyond the page
  const boxes = (name) => $$(`[data-row] input[type=checkbox][name="${name}"]`).filter(isShown);
  function showPicks() {
    for (const head of $$("[data-check-all]")) {
      const all = boxes(head.dataset.checkAll), count = all.filter((box) => box.checked).length;
      head.checked = count > 0 && count === all.length;
      head.indeterminate = count > 0 && count < all.length;
    }
    for (const bar of $$("[data-picks]")) {
      const all = boxes(bar.dataset.picks), count = all.filter((box) => box.checked).length, whole = count === all.length;
      const beyond = $("[data-picks-rest]", bar), rest = $("input", beyond ?? document.createElement("i"));
      if (rest) { beyond.hidden = !whole; rest.checked &&= whole; }
      bar.classList.toggle("is-on", count > 0);
      $("[data-picks-count]", bar).textContent = rest?.checked ? rest.dataset.count : count;
    }
  }
  let pickedLast;
  document.addEventListener("click", ({ target, shiftKey }) => {
    if (!target.matches("[data-row] input[type=checkbox]")) return;
    const all = boxes(target.name), ends = [all.indexOf(pickedLast), all.indexOf(target)].sort((a, b) => a - b);
    if (shiftKey && ends[0] >= 0) for (const box of all.slice(ends[0], ends[1] + 1)) box.checked = target.checked;
    pickedLast = target;
    showPicks();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-check-all]")) for (const box of boxes(target.dataset.checkAll)) box.checked = target.checked;
    if (target.matches("[data-check-all], [data-picks-rest] input")) showPicks();
  });
  document.addEventListener("htmx:afterSettle", showPicks);
  showPicks();

  // ---- keys
  let waiting = "";
  const forget = wait(() => { waiting = ""; }, 900);
  const keyed = (key) => {
    const all = $$("[data-key]").filter((node) => node.dataset.key === key && isShown(node));
    const row = selected();
    return all.find((node) => row?.contains(node)) ?? all.find((node) => !node.closest("[data-row]"));
  };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k") { event.preventDefault(); const palette = $("#palette"); palette?.open ? palette.close() : open(palette); return; }
    if (key === "Escape") { if (location.hash === "#rail") location.hash = "main"; $$("[data-menu][open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); }); if (target.matches("[data-search]")) target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target)) return;
    const dialog = isOpen();
    if (dialog) { const node = $$("[data-key]", dialog).find((one) => one.dataset.key === key); if (node) { event.preventDefault(); node.click(); } return; }
    const chord = waiting ? `${waiting} ${key}` : key;
    const node = keyed(chord) ?? keyed(key);
    waiting = "";
    if (node) { event.preventDefault(); node.matches("input:not([type=checkbox]), select, textarea") ? node.focus() : node.click(); return; }
    if ($$("[data-key]").some((one) => one.dataset.key.startsWith(`${key} `))) { waiting = key; forget(); return; }
    if (key === "?") { event.preventDefault(); showShortcuts(); }
    else if (key === "/") { const search = $("[data-search]"); if (search) { event.preventDefault(); search.focus(); search.select(); } }
    else if (key === "j" || key === "k") { event.preventDefault(); move(key === "j" ? 1 : -1); }
    else if (key === "Enter" && target === document.body) { const row = selected(); if (row?.dataset.href) location.assign(row.dataset.href); else $("a[href]", row ?? document.createElement("i"))?.click(); }
  });
  function showShortcuts() {
    const named = new Map($$("[data-key]").filter(isShown).map((node) => [node.dataset.key, (node.dataset.keyName || node.getAttribute("aria-label") || $(".btn-text", node)?.textContent || node.textContent).trim()]));
    $("#shortcuts-page")?.replaceChildren(...[...named].map(([key, name]) => {
      const line = document.createElement("div"), keys = document.createElement("dd");
      line.append(Object.assign(document.createElement("dt"), { textContent: name }), keys);
      keys.append(...key.split(" ").map((part) => Object.assign(document.createElement("kbd"), { textContent: part })));
      return line;
    }));
    open($("#shortcuts"));
  }

  // ---- the palette
  const palette = $("#palette");
  if (palette) {
    const input = $("input", palette), list = $("#palette-list"), form = $("form", palette), none = $(".palette-none", palette);
    const options = () => $$("[role=option]", list).filter((option) => !option.hidden);
    const mark = (option) => {
      for (const one of $$("[role=option]", list)) one.setAttribute("aria-selected", String(one === option));
      if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
    };
    const ask = wait(async () => {
      const query = input.value.trim();
      const answer = query.length > 1 ? await fetch(`${form.dataset.url}?q=${encodeURIComponent(query)}`, { headers: { "X-Requested-With": "fetch" } }) : null;
      if (query !== input.value.trim()) return;
      const html = answer?.ok ? await answer.text() : "";
      $$("[data-found]", list).forEach((node) => node.remove());
      list.insertAdjacentHTML("beforeend", html);
      finish();
    }, 150);
    const finish = () => { const shown = options(); none.hidden = shown.length > 0; if (!shown.some((one) => one.getAttribute("aria-selected") === "true")) mark(shown[0]); };
    const filter = () => {
      const parts = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const option of $$("[role=option]:not([data-found])", list)) option.hidden = !parts.every((part) => option.textContent.toLowerCase().includes(part));
      mark(options()[0]); finish(); ask();
    };
    input.addEventListener("input", filter);
    palette.addEventListener("close", () => { input.value = ""; filter(); });
    input.addEventListener("keydown", (event) => {
      const shown = options(), at = shown.findIndex((one) => one.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(shown[(at + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length]); }
      if (event.key === "Escape") { event.preventDefault(); palette.close(); } // a search field would only empty itself
      if (event.key === "Enter" && shown[at]) { event.preventDefault(); $("a", shown[at]).click(); }
    });
    new MutationObserver(() => { if (palette.open) { input.focus(); filter(); } }).observe(palette, { attributeFilter: ["open"] });
  }

  showTheme();
  refreshCountdowns();
  $$("[data-toast]", $("#toasts") ?? document).filter((node) => node.closest("#toasts")).forEach(leaveSoon);
})();
