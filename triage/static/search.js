// Search that never looks for a half-written word.
import { composing } from './forms.js';
import { moveRow } from './keys.js';
import { $, modified, when } from './screen.js';

function wireSearch(box) {
  if (box.dataset.wired) return;
  box.dataset.wired = 'yes';
  let timer;
  let last = box.value;
  const go = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (box.value === last) return;
      last = box.value;
      box.dispatchEvent(new Event('search:go', { bubbles: true }));
    }, 200);
  };
  box.addEventListener('input', (event) => { if (!event.isComposing) go(); });
  box.addEventListener('compositionend', go);
  // Enter leads into the answers once they belong to what is typed; only the second Enter, on a name that was read, acts.
  let shown = box.value;
  box.addEventListener('htmx:afterOnLoad', () => { shown = last; });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || composing(event) || box.value !== shown) return;
    const first = document.querySelector(`${box.getAttribute('hx-target')} [data-row-link]`);
    if (!first) return;
    event.preventDefault();
    first.focus();
  });
}

// The arrows lead from the search into its answers, from row to row, and back.
function arrow(event) {
  const box = $('[data-search]');
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || modified(event) || event.defaultPrevented || composing(event) || $('dialog[open]')) return;
  if (event.target !== box && !event.target.matches?.('[data-row-link]')) return;
  if (event.target === box && (step < 0 || (box.value && !$('[data-row] [data-row-link]')))) return;
  if (!moveRow(step) && step < 0) box.focus();
  event.preventDefault();
}

const wire = () => document.querySelectorAll('[data-search]').forEach(wireSearch);
when('htmx:load', wire);
when('keydown', arrow);
wire();
