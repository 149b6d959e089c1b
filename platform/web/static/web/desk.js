/* The desk: keys, holding to see, and telling the server that somebody is still here. */
(() => {
  "use strict";

  const item = document.querySelector("[data-item]");
  const form = document.querySelector("[data-verdict]");
  const seen = document.querySelector(".seen");
  const tell = (text, isError) => window.reverie.tell(text, isError);
  const isTyping = (target) => target.closest("textarea, select, input:not([type=checkbox]), [contenteditable]");

  /* --- see clearly only while something is held --- */
  function reveal(isClear) {
    if (seen) seen.classList.toggle("clear", isClear);
  }

  if (seen) {
    for (const held of seen.querySelectorAll("[data-veiled], [data-hold]")) {
      held.addEventListener("pointerdown", () => reveal(true));
      held.addEventListener("contextmenu", (event) => event.preventDefault());
      held.addEventListener("keydown", (event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        reveal(true);
      });
    }
    for (const end of ["pointerup", "pointercancel", "keyup", "blur"]) window.addEventListener(end, () => reveal(false));
    document.addEventListener("visibilitychange", () => reveal(false));
  }

  /* --- the video: stopped and silent until asked --- */
  const video = seen && seen.querySelector("video");
  if (video) {
    video.muted = true;
    seen.querySelector("[data-play]").addEventListener("click", () => (video.paused ? video.play().catch(() => tell("The video cannot be played.", true)) : video.pause()));
    seen.querySelector("[data-sound]").addEventListener("click", (event) => {
      video.muted = !video.muted;
      event.currentTarget.setAttribute("aria-pressed", String(!video.muted));
    });
  }

  /* --- reasons from the policy --- */
  const stored = document.getElementById("reasons");
  if (stored && form) {
    const reasons = JSON.parse(stored.textContent);
    const known = new Set(Object.values(reasons).flat());
    const category = form.querySelector("[data-category]");
    const reason = form.elements.reason;
    const offered = form.querySelector("[data-templates]");

    function offer() {
      const own = reasons[category.value] || [];
      offered.replaceChildren(...own.map((text) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "word";
        button.textContent = text;
        button.addEventListener("click", () => { reason.value = text; reason.focus(); });
        return button;
      }));
    }

    category.addEventListener("change", () => {
      if (!reason.value.trim() || known.has(reason.value)) reason.value = (reasons[category.value] || [""])[0] || "";
      for (const one of document.querySelectorAll("[data-policy]")) one.open = one.dataset.policy === category.value;
      offer();
    });
    offer();
  }

  /* --- keep the item while the page is open --- */
  function lose() {
    window.clearInterval(heart);
    form.classList.add("lost");
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    tell("This item is not in your hands any more. Nothing was decided.", true);
  }

  async function beat() {
    const body = new URLSearchParams({ token: item.dataset.token });
    try {
      const answer = await fetch(item.dataset.keep, {
        method: "POST",
        body,
        redirect: "manual",
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      });
      if (answer.status === 409 || answer.type === "opaqueredirect") lose();
    } catch {
      tell("The server cannot be reached; the item may be given to somebody else.", true);
    }
  }

  const heart = item ? window.setInterval(beat, (Number(item.dataset.lease) * 1000) / 4) : 0;

  /* --- take it back, while that is possible --- */
  const undo = document.querySelector("[data-undo]");
  if (undo) {
    const until = Date.parse(undo.dataset.until);
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      undo.querySelector("[data-left]").textContent = `${Math.max(left, 0)} s`;
      if (left > 0) return;
      window.clearInterval(count);
      undo.remove();
    };
    const count = window.setInterval(tick, 250);
    tick();
  }

  /* --- one button, once; and not before all it needs is there --- */
  function missing(button) {
    for (const name of (button.dataset.needs || "").split(" ").filter(Boolean)) {
      if (name === "limits") {
        if (!form.querySelector("[data-limit]:checked")) return form.querySelector("[data-limit]");
      } else if (!form.elements[name].value.trim()) return form.elements[name];
    }
    return null;
  }

  if (form) {
    form.addEventListener("submit", (event) => {
      const field = event.submitter ? missing(event.submitter) : form.elements.reason;
      if (!field) return;
      event.preventDefault();
      field.focus();
      tell(field.matches("[data-limit]") ? "Choose how it is to be limited." : "This is needed first.");
    });
  }

  /* --- keys --- */
  const keys = document.querySelector("[data-keys]");
  const help = () => (keys.open ? keys.close() : keys.showModal());
  for (const button of document.querySelectorAll("[data-help]")) button.addEventListener("click", help);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (isTyping(event.target)) return;
    if (event.key === "?") { event.preventDefault(); help(); return; }
    if (keys.open || event.repeat) return;
    if (event.key === "v") { reveal(true); return; }
    if (event.key === "u" && undo && undo.isConnected) { undo.requestSubmit(); return; }
    const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();
