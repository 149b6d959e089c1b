/* Reverie: what every page needs. Works without any of it, except for sheets and notices. */
(() => {
  "use strict";

  const notices = document.getElementById("notices");

  function tell(text, isError) {
    const notice = document.createElement("p");
    notice.className = isError ? "notice error" : "notice";
    notice.textContent = text;
    notices.replaceChildren(notice);
    window.setTimeout(() => notice.remove(), 6000);
  }

  function token() {
    const headers = document.body.getAttribute("hx-headers");
    return headers ? JSON.parse(headers)["X-CSRFToken"] : "";
  }

  /* The viewer's own short link, which counts its visits; else the clip's address. */
  async function shortLink(link) {
    if (!link.dataset.share) return link.href;
    try {
      const answer = await fetch(link.dataset.share, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": token() },
      });
      return answer.ok ? (await answer.json()).url : link.href;
    } catch {
      return link.href;
    }
  }

  window.reverie = { tell, token };

  document.body.addEventListener("htmx:responseError", (event) => {
    const message = event.detail.xhr.getResponseHeader("X-Reverie-Problem");
    tell(message ? decodeURIComponent(message) : "That did not work. Try again in a moment.", true);
  });
  document.body.addEventListener("htmx:sendError", () => tell("The server cannot be reached.", true));

  document.addEventListener("click", (event) => {
    const veil = event.target.closest("[data-unveil]")?.closest(".veil");
    if (!veil) return;
    const around = veil.closest(".reel, .clip");
    for (const veiled of around.querySelectorAll(".veiled")) veiled.classList.remove("veiled");
    around.querySelector("video").inert = false;
    veil.remove();
    around.dispatchEvent(new CustomEvent("reverie:unveiled", { bubbles: true }));
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    const waiting = event.target.dataset.waiting;
    if (!waiting || event.defaultPrevented) return;
    const button = event.target.querySelector("button");
    button.dataset.resting = button.textContent;
    button.textContent = waiting;
    button.disabled = true;
  });

  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button[data-resting]")) {
      button.textContent = button.dataset.resting;
      button.disabled = false;
    }
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-share]");
    if (!link) return;
    event.preventDefault();
    const url = await shortLink(link);
    try {
      if (navigator.share) await navigator.share({ title: link.dataset.title, url });
      else {
        await navigator.clipboard.writeText(url);
        tell("The link is copied.");
      }
    } catch (error) {
      if (error.name !== "AbortError") tell(url);
    }
  });
})();
