/* What the viewer saw and watched: told in batches, kept while nobody hears it, counted once by its id. */
(() => {
  "use strict";

  const ADDRESS = "/api/v1/events";
  const MOST_AT_ONCE = 100;
  const MOST_KEPT = 300;
  const OLDEST = 24 * 3600 * 1000;
  const SOON = 400;
  const LONGEST_WAIT = 60000;
  const viewer = document.body.dataset.viewer || "";
  const place = `reverie-events:${viewer}`;
  let memory = [];
  let waiting = 0;
  let pause = 2000;
  let inFlight = new Set();
  const visits = new Set();

  /* --- what is kept: whose, so that nobody is told of as somebody else --- */
  function kept() {
    try {
      const told = JSON.parse(localStorage.getItem(place) || "[]");
      return Array.isArray(told) ? told.filter((one) => Date.now() - one.at < OLDEST) : [];
    } catch {
      return [];
    }
  }

  function keep(events) {
    try {
      if (events.length) localStorage.setItem(place, JSON.stringify(events.slice(-MOST_KEPT)));
      else localStorage.removeItem(place);
    } catch {
      memory = events.slice(-MOST_KEPT);
    }
  }

  const all = () => [...kept(), ...memory];

  function forget(ids) {
    memory = memory.filter((one) => !ids.has(one.id));
    keep(kept().filter((one) => !ids.has(one.id)));
  }

  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  /* --- telling --- */
  function batch() {
    const now = Date.now();
    return all().slice(0, MOST_AT_ONCE).map(({ at, ...event }) => ({ ...event, ago_seconds: Math.max(0, now - at) / 1000 }));
  }

  function later(wait) {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(send, wait);
  }

  async function send() {
    const events = batch();
    if (!events.length || inFlight.size) return;
    inFlight = new Set(events.map((event) => event.id));
    let isHeard = false;
    try {
      const answer = await fetch(ADDRESS, {
        method: "POST",
        keepalive: true,
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": window.reverie.token() },
        body: JSON.stringify({ events }),
      });
      /* What is refused as a whole would be refused again. */
      isHeard = answer.status < 500 && answer.status !== 429;
    } catch {
      /* offline: it is kept */
    }
    if (isHeard) forget(inFlight);
    inFlight = new Set();
    pause = isHeard ? 2000 : Math.min(pause * 2, LONGEST_WAIT);
    if (all().length) later(isHeard ? SOON : pause);
  }

  /* The page goes: nobody tells us whether it was heard, so it stays kept, and is told again. */
  function sendBlindly() {
    const events = batch().filter((event) => !inFlight.has(event.id));
    if (!events.length) return;
    inFlight = new Set([...inFlight, ...events.map((event) => event.id)]);
    const body = JSON.stringify({ events, csrf_token: window.reverie.token() });
    navigator.sendBeacon?.(ADDRESS, new Blob([body], { type: "text/plain" }));
  }

  function note(action, clip, fields) {
    if (!viewer && action !== "watch") return;
    keep([...kept(), { id: newId(), action, clip_id: clip, at: Date.now(), ...fields }]);
    later(SOON);
  }

  /* --- one clip, from when it is seen until it is left --- */
  function visit(clip, video, fields) {
    let watched = 0;
    let loops = 0;
    let isSettled = false;
    let lastTime = video.currentTime;
    const began = Date.now();
    const seen = window.setTimeout(() => note("impression", clip, fields), 1000);

    function follow() {
      const { currentTime, duration } = video;
      if (currentTime < lastTime - 0.01) {
        const isLoop = video.loop && duration && lastTime > duration * 0.5 && currentTime < duration * 0.5;
        if (isLoop) {
          watched += Math.max(0, duration - lastTime) + currentTime;
          loops += 1;
        }
      } else if (currentTime - lastTime < 1.5) watched += currentTime - lastTime;
      lastTime = currentTime;
    }
    video.addEventListener("timeupdate", follow);

    /* Say what was watched so far; what is watched later is another watch. */
    function settle() {
      follow();
      const seconds = Math.round(watched * 100) / 100;
      if (seconds < 0.3) return;
      note("watch", clip, { ...fields, watched_seconds: seconds, loops });
      watched = loops = 0;
      isSettled = true;
    }

    function leave() {
      window.clearTimeout(seen);
      video.removeEventListener("timeupdate", follow);
      visits.delete(settle);
      follow();
      const isShort = watched < 2 && watched < (video.duration || 2) * 0.9;
      if (isSettled || !isShort) settle();
      else if (Date.now() - began > 300) note("skip", clip, { ...fields, watched_seconds: Math.round(watched * 100) / 100 });
    }

    visits.add(settle);
    return leave;
  }

  function settleAll() {
    for (const settle of visits) settle();
  }

  window.reverie.visit = visit;
  window.addEventListener("online", () => later(0));
  window.addEventListener("pagehide", () => {
    settleAll();
    sendBlindly();
  });
  window.addEventListener("pageshow", () => {
    inFlight = new Set();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    settleAll();
    send();
  });
  if (all().length) later(SOON);
})();
