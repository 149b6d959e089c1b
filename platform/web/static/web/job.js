/* A video in the making: its progress as the server tells it, then the page's last state. */
(() => {
  "use strict";

  const job = document.querySelector("[data-events]");
  if (!job) return;

  const percent = job.querySelector("[data-percent]");
  const bar = job.querySelector("[data-progress]");
  const queue = job.querySelector("[data-queue]");
  const steps = ["queued", "in_progress", "completed"];
  const events = new EventSource(job.dataset.events);
  let status = job.dataset.state;

  function mark(reached) {
    if (reached === status) return;
    status = reached;
    const now = steps.indexOf(reached);
    steps.forEach((name, index) => {
      const line = job.querySelector(`[data-step=${name}]`);
      if (line) line.className = index < now ? "done" : index === now ? "now" : "";
    });
    queue.textContent = "Taken from the line";
  }

  function place(position) {
    if (!position) return;
    const text = position === 1 ? "Next in line" : `Number ${position} in line`;
    if (queue.textContent !== text) queue.textContent = text;
  }

  function finish() {
    events.close();
    window.htmx.ajax("GET", job.dataset.self, { target: job, swap: "outerHTML" });
  }

  events.addEventListener("progress", (event) => {
    const video = JSON.parse(event.data);
    percent.textContent = `${video.progress} %`;
    bar.value = video.progress;
    mark(video.status);
    place(video.queue_position);
  });
  events.addEventListener("end", finish);
  events.addEventListener("deleted", () => {
    events.close();
    window.location.assign("/studio");
  });
})();
