/* Sending a file with a bar that says how far it is; the form works without this, too. */
(() => {
  "use strict";

  const form = document.querySelector("[data-upload]");
  if (!form) return;

  const file = form.querySelector("input[type=file]");
  const button = form.querySelector("[data-send]");
  const sending = form.querySelector("[data-sending]");
  const bar = sending.querySelector("progress");
  const told = sending.querySelector("[data-told]");
  const stop = form.querySelector("[data-stop]");
  const most = Number(form.dataset.mostBytes);
  const tool = form.querySelector("[data-tool]");
  let request = null;

  function showTool() {
    tool.hidden = form.querySelector("[name=ai]:checked")?.value !== "yes";
  }

  function refuse(field, text) {
    const input = form.elements[field];
    const place = form.querySelector(`[data-field=${field}]`) || form;
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.setAttribute("role", "alert");
    list.append(Object.assign(document.createElement("li"), { textContent: text }));
    if (place === form) form.prepend(list);
    else place.append(list);
    (input?.focus ? input : list).scrollIntoView({ block: "center" });
  }

  function forget() {
    form.querySelectorAll(".errorlist").forEach((list) => list.remove());
  }

  function finish() {
    request = null;
    sending.hidden = true;
    button.disabled = false;
  }

  function answer() {
    const { status, response } = request;
    if (status === 202) {
      told.textContent = "It is here.";
      window.location.assign(form.dataset.then.replace("00000000-0000-0000-0000-000000000000", response.id));
      return;
    }
    finish();
    const errors = Object.entries(response?.errors || {});
    if (errors.length) errors.forEach(([field, texts]) => refuse(field, texts.join(" ")));
    else refuse("", response?.detail || "That did not work. Try again in a moment.");
  }

  form.addEventListener("change", (event) => {
    showTool();
    if (event.target !== file) return;
    forget();
    if (file.files[0]?.size > most) refuse("file", `This file has ${Math.ceil(file.files[0].size / 1048576)} MB; at most ${Math.floor(most / 1048576)} are taken.`);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    forget();
    if (!file.files.length) return refuse("file", "Choose a video file.");
    if (file.files[0].size > most) return refuse("file", "This file is too large.");
    if (!form.querySelector("[name=ai]:checked")) return refuse("ai", "Say whether it was made or changed with AI.");
    request = new XMLHttpRequest();
    request.open("POST", form.dataset.upload);
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      told.textContent = loaded < total ? `${Math.floor(bar.value)} % sent` : "Sent; it is being stored.";
    });
    request.addEventListener("load", answer);
    request.addEventListener("error", () => {
      finish();
      refuse("", "The server cannot be reached. Your file was not sent.");
    });
    request.addEventListener("abort", finish);
    button.disabled = true;
    bar.value = 0;
    told.textContent = "0 % sent";
    sending.hidden = false;
    request.send(new FormData(form));
  });

  stop.addEventListener("click", () => request?.abort());
  showTool();
})();
