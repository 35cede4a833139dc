// The record's page comes to life: it plays, lets words be chosen, and takes what is said without loading again. It
// reads well without this.

document.documentElement.classList.add("scripted");
for (const control of document.querySelectorAll(".play")) control.setAttribute("role", "button");

import "./player.js";
import "./choosing.js";
import "./writing.js";
import "./times.js";
import "./wave.js";
