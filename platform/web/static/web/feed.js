/* The feed: one clip plays at a time, the next two are loaded ahead, keys move it. */
(() => {
  "use strict";

  const feed = document.getElementById("feed");
  const sheet = document.getElementById("sheet");
  const AHEAD = navigator.connection?.saveData ? 1 : 2;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let current = null;
  let isMuted = true;
  let isPausedByHand = isCalm;
  const isWaiting = feed?.hasAttribute("data-waits");
  let leave = null;

  if (!feed) return;

  const videoOf = (reel) => reel.querySelector("video");
  const reels = () => [...feed.querySelectorAll(".reel")];

  function behind(reel, most) {
    const all = reels();
    const place = all.indexOf(reel);
    return all.slice(place + 1, place + 1 + most);
  }

  function placeOf(reel) {
    const { request } = reel.dataset;
    return request ? { request_id: request } : {};
  }

  function show(reel) {
    if (reel === current) return;
    leave?.();
    if (current) {
      videoOf(current).pause();
      current.classList.remove("paused");
    }
    current = reel;
    leave = window.reverie.visit(reel.dataset.clip, videoOf(reel), placeOf(reel));
    if (isWaiting) isPausedByHand = true;
    for (const next of behind(reel, AHEAD)) videoOf(next).preload = "auto";
    play();
  }

  function play() {
    const video = videoOf(current);
    video.preload = "auto";
    video.muted = isMuted;
    if (current.querySelector(".veil")) return;
    current.classList.toggle("paused", isPausedByHand);
    if (isPausedByHand) return;
    video.play().catch(() => current.classList.add("paused"));
  }

  function toggle() {
    isPausedByHand = !videoOf(current).paused;
    if (isPausedByHand) {
      videoOf(current).pause();
      current.classList.add("paused");
    } else play();
  }

  function mute() {
    isMuted = !isMuted;
    videoOf(current).muted = isMuted;
    for (const button of feed.querySelectorAll("[data-mute]")) {
      button.setAttribute("aria-pressed", String(isMuted));
      const use = button.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isMuted ? "#muted" : "#sound"));
      button.querySelector("span").textContent = isMuted ? "Muted" : "Sound";
    }
  }

  function go(step) {
    const all = reels();
    const target = all[all.indexOf(current) + step];
    if (target) target.scrollIntoView({ behavior: isCalm ? "instant" : "smooth", block: "start" });
  }

  const seen = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => show(entry.target)),
    { root: feed, threshold: 0.6 },
  );
  const watchNew = () => reels().forEach((reel) => seen.observe(reel));
  watchNew();
  document.body.addEventListener("htmx:afterSettle", watchNew);

  feed.addEventListener("timeupdate", (event) => {
    if (!current || event.target !== videoOf(current)) return;
    const { currentTime, duration } = event.target;
    current.querySelector(".thread i").style.width = `${(100 * currentTime) / duration}%`;
  }, true);

  document.addEventListener("visibilitychange", () => {
    if (!current) return;
    if (document.hidden) videoOf(current).pause();
    else if (!isPausedByHand) play();
  });

  feed.addEventListener("reverie:unveiled", (event) => {
    if (event.target !== current) return;
    isPausedByHand = false;
    play();
  });

  feed.addEventListener("click", (event) => {
    if (event.target.closest("[data-toggle]")) toggle();
    if (event.target.closest("[data-mute]")) mute();
  });

  const keys = {
    j: () => go(1), ArrowDown: () => go(1), k: () => go(-1), ArrowUp: () => go(-1),
    " ": toggle, m: mute,
    l: () => current.querySelector("[data-like]")?.click(),
    c: () => current.querySelector("[data-comments]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (!current || sheet.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    const isPressing = event.key === " " && event.target.closest("button, a, summary");
    if (isTyping || isPressing || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "sheet-body" && !sheet.open) sheet.showModal();
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
})();
