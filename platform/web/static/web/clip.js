/* A clip's own page: says how long it was watched. */
(() => {
  "use strict";

  const clip = document.querySelector("[data-views]");
  const video = clip?.querySelector("video");
  let watched = 0;
  let lastTime = 0;
  let isComplete = false;

  if (!video || !clip.dataset.views) return;

  video.addEventListener("timeupdate", () => {
    const { currentTime, duration } = video;
    if (currentTime >= lastTime && currentTime - lastTime < 1) watched += currentTime - lastTime;
    if (currentTime < lastTime || currentTime > duration * 0.95) isComplete = true;
    lastTime = currentTime;
  });

  function report() {
    window.reverie.reportView(clip.dataset.views, watched, isComplete);
    watched = 0;
    isComplete = false;
  }
  window.addEventListener("pagehide", report);
  document.addEventListener("visibilitychange", () => document.hidden && report());
})();
