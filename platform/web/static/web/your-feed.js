/* What people do with their feed while they look at it: steer it, ask why, take clips out. */
(() => {
  "use strict";

  const feed = document.getElementById("feed");
  const sheet = document.getElementById("sheet");
  const title = document.getElementById("sheet-title");
  let isSteered = false;

  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const said = event.target.closest("[data-sheet-title]")?.dataset.sheetTitle;
    if (title && event.detail.target?.id === "sheet-body") title.textContent = said || "Comments";
  });

  document.body.addEventListener("reverie:steered", () => { isSteered = true; });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (!isSteered || event.target !== feed) return;
    isSteered = false;
    feed.scrollTop = 0;
    if (!feed.querySelector(".reel")) window.location.reload();
  });

  document.body.addEventListener("reverie:told", (event) => window.reverie.tell(event.detail.text));

  function takeOut(reels) {
    for (const reel of reels) {
      const more = reel.querySelector(":scope > [hx-trigger]");
      if (more) (reel.nextElementSibling || reel.previousElementSibling)?.append(more);
      reel.remove();
    }
    if (reels.length && !feed.querySelector(".reel")) window.location.reload();
  }

  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { drop, dropAuthor, closes } = event.target.dataset;
    if (!event.detail.successful || (!drop && !dropAuthor && closes === undefined)) return;
    if (sheet?.open) sheet.close();
    if (!feed) return;
    if (drop) takeOut(feed.querySelectorAll(`.reel[data-clip="${drop}"]`));
    if (dropAuthor) takeOut(feed.querySelectorAll(`.reel[data-author="${dropAuthor}"]`));
  });
})();
