// A desk that visitors can look at: after a minute without input names hide themselves, until somebody shows them again.
import { choose, say } from './screen.js';

const QUIET = 60000;
const root = document.documentElement;
let last = Date.now();
const note = () => { last = Date.now(); };

function watch() {
  if (document.hidden || root.dataset.privacy === 'on' || Math.abs(Date.now() - last) < QUIET) return;
  choose('privacy', 'on');
  say(document.querySelector('[data-said]')?.dataset.said ?? '');
}

for (const kind of ['pointermove', 'pointerdown', 'keydown', 'input', 'wheel']) addEventListener(kind, note, { capture: true, passive: true });
document.addEventListener('visibilitychange', note);
setInterval(watch, 1000);
