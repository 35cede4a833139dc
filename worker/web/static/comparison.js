// Plays a stretch of one of two recordings, and never both at once. The page reads well without this.

const trouble = document.getElementById("trouble");
const sounds = [...document.querySelectorAll("audio")];
let until = null; // where the stretch that was asked for ends
let playing = null; // the control that was used

for (const control of document.querySelectorAll(".play")) control.setAttribute("role", "button");

function stopped() {
  playing?.classList.remove("playing");
  playing = null;
  until = null;
}

document.addEventListener("click", (event) => {
  const control = event.target.closest(".play");
  if (!control) return;
  event.preventDefault();
  const sound = document.getElementById(control.dataset.sound);
  if (control === playing && !sound.paused) {
    sound.pause();
    return;
  }
  for (const one of sounds) one.pause();
  stopped();
  playing = control;
  control.classList.add("playing");
  until = Number(control.dataset.end);
  sound.currentTime = Number(control.dataset.start);
  sound.play().catch(() => { trouble.hidden = false; });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.closest?.(".play")) return;
  event.preventDefault();
  event.target.click();
});

for (const sound of sounds) {
  sound.addEventListener("play", () => {
    for (const other of sounds) if (other !== sound) other.pause();
    if (playing?.dataset.sound !== sound.id) stopped();
    watch(sound);
  });
  sound.addEventListener("pause", () => { if (playing?.dataset.sound === sound.id) stopped(); });
  sound.addEventListener("timeupdate", () => end(sound));
}

function end(sound) {
  if (playing?.dataset.sound === sound.id && until !== null && sound.currentTime >= until) sound.pause();
}

// "timeupdate" is too slow to end a stretch at its last word, and the screen's clock stands still unseen: so both.
function watch(sound) {
  end(sound);
  if (!sound.paused) requestAnimationFrame(() => watch(sound));
}
