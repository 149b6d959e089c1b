/* A clip's own page: says that it was seen, and how long it was watched. */
(() => {
  "use strict";

  const clip = document.querySelector("[data-clip][data-shown]");
  const video = clip?.querySelector("video");
  if (video) window.reverie.visit(clip.dataset.clip, video, {});
})();
