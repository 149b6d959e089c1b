/* The words beside the prompt write into it; posting details show only when they matter. */
(() => {
  "use strict";

  const prompt = document.getElementById("id_prompt");
  const isToBePosted = document.getElementById("id_is_to_be_posted");
  const posting = document.querySelector("[data-posting]");

  function showPosting() {
    posting.hidden = !isToBePosted.checked;
  }
  isToBePosted.addEventListener("change", showPosting);
  showPosting();

  function write(text) {
    prompt.value = text;
    prompt.focus();
    prompt.setSelectionRange(text.length, text.length);
  }

  document.addEventListener("click", (event) => {
    const word = event.target.closest("[data-word]");
    if (word) write(`${prompt.value.trimEnd()} ${word.dataset.word}`.trimStart());
    if (!event.target.closest("[data-surprise]")) return;
    const groups = [...document.querySelectorAll("[data-words]")];
    const chosen = groups.map((group) => {
      const words = group.querySelectorAll("[data-word]");
      return words[Math.floor(Math.random() * words.length)].dataset.word;
    });
    write(chosen.join(" "));
  });
})();
