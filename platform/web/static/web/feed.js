/* The feed: one clip plays at a time, the next one is loaded ahead, keys move it. */
(() => {
  "use strict";

  const feed = document.getElementById("feed");
  const sheet = document.getElementById("sheet");
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let current = null;
  let isMuted = true;
  let isPausedByHand = isCalm;
  let watched = 0;
  let isComplete = false;
  let lastTime = 0;

  if (!feed) return;

  const videoOf = (reel) => reel.querySelector("video");
  const reels = () => [...feed.querySelectorAll(".reel")];

  function report() {
    if (current) window.reverie.reportView(current.dataset.views, watched, isComplete);
    watched = 0;
    isComplete = false;
  }

  function show(reel) {
    if (reel === current) return;
    report();
    if (current) {
      videoOf(current).pause();
      current.classList.remove("paused");
    }
    current = reel;
    lastTime = 0;
    const next = reel.nextElementSibling;
    if (next && next.matches(".reel")) videoOf(next).preload = "auto";
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
    if (currentTime < lastTime) {
      watched += Math.max(0, duration - lastTime) + currentTime;
      isComplete = true;
    } else watched += currentTime - lastTime;
    lastTime = currentTime;
    if (duration && currentTime > duration * 0.95) isComplete = true;
    current.querySelector(".thread i").style.width = `${(100 * currentTime) / duration}%`;
  }, true);

  document.addEventListener("visibilitychange", () => {
    if (!current) return;
    if (document.hidden) {
      report();
      videoOf(current).pause();
    } else if (!isPausedByHand) play();
  });
  window.addEventListener("pagehide", report);

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
