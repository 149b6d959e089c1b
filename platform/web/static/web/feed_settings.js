/* Fills in the browser's time zone, where none was chosen. */
(() => {
  "use strict";

  const zone = document.querySelector("[data-feed-settings] [name=time_zone]");
  if (!zone || zone.value) return;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zone.options].some((option) => option.value === here)) zone.value = here;
})();
