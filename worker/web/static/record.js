// The record's page comes to life: it plays, lets words be chosen, and takes what is said without loading again. It
// reads well without this.

document.documentElement.classList.add("scripted");
function playsAreButtons() {
  for (const control of document.querySelectorAll(".play:not([role])")) control.setAttribute("role", "button");
}
playsAreButtons();
document.addEventListener("htmx:after:swap", playsAreButtons);

import "./player.js";
import "./arriving.js";
import "./choosing.js";
import "./writing.js";
import "./times.js";
import "./wave.js";
