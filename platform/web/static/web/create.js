/* The words beside the prompt write into it; a chosen picture is shown; posting details show only
   when they matter. */
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

  const picture = document.getElementById("id_picture");
  const chosen = document.querySelector("[data-chosen]");

  function showPicture() {
    const image = chosen.querySelector("img");
    URL.revokeObjectURL(image.src);
    const file = picture.files[0];
    chosen.hidden = !file;
    if (file) image.src = URL.createObjectURL(file);
    else image.removeAttribute("src");
  }
  picture?.addEventListener("change", showPicture);
  chosen?.querySelector("[data-forget]").addEventListener("click", () => {
    picture.value = "";
    showPicture();
    picture.focus();
  });

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
