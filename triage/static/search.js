// Search that never looks for a half-written word.
import { composing } from './forms.js';

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

const wire = () => document.querySelectorAll('[data-search]').forEach(wireSearch);
document.addEventListener('htmx:load', wire);
wire();
