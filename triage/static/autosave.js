// Autosave says when. What got no answer is sent again until it gets one, as of the revision it was given on.
import { clock } from './live.js';
import { $, when } from './screen.js';

const unsaved = new Map();

setInterval(() => {
  if (!$('.htmx-request')) unsaved.forEach((_, elt) => elt.dispatchEvent(new Event(elt.matches('form') ? 'input' : 'change')));
}, 5000);

function tell({ detail: { elt, requestConfig: { parameters, verb }, successful, xhr } }) {
  const place = $('[data-saved]');
  if (!place || verb === 'get' || !elt.closest('[data-autosave]')) return;
  if ((!xhr.status || xhr.status > 499) && elt.matches('.fnd, form')) unsaved.set(elt, parameters.revision);
  const ok = successful && !unsaved.size;
  place.textContent = ok ? `${place.dataset.savedText} ${clock(Date.now())}` : place.dataset.failedText;
  place.classList.toggle('error', !ok);
}

when('htmx:afterRequest', tell);
when('htmx:configRequest', ({ detail: { elt, parameters } }) => { if (unsaved.get(elt)) parameters.revision = unsaved.get(elt); });
when('htmx:beforeOnLoad', ({ detail: { elt, xhr } }) => { if (xhr.status < 500) unsaved.delete(elt); });
when('htmx:oobBeforeSwap', ({ detail }) => { detail.shouldSwap &&= !unsaved.has(detail.target); });
