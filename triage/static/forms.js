// Forms: errors get the focus, one press makes one record.
import { $, $$, say, when } from './screen.js';

export const composing = (event) => event.isComposing || event.keyCode === 229;

const focusErrors = (root) => root.querySelector('[data-error-summary]')?.focus();

function guardSubmit(event) {
  const form = event.target;
  if (event.submitter?.matches('[data-always]')) return; // an emergency never waits for another answer
  if (form.method !== 'post' || 'repeat' in form.dataset) return;
  if (form.dataset.busy) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const button = event.submitter ?? form.querySelector('button:not([type=button])');
  form.dataset.busy = 'yes';
  button?.setAttribute('aria-busy', 'true');
  setTimeout(() => release(form), 20000);
}

function release(root) {
  delete root.dataset.busy;
  $$('[data-busy]', root).forEach((form) => delete form.dataset.busy);
  $$('[aria-busy=true]', root).forEach((button) => { button.ariaBusy = null; });
  root.ariaBusy = null;
}

// Enter that confirms a conversion must not submit anything.
function stopImeEnter(event) {
  if (event.key === 'Enter' && composing(event)) event.stopImmediatePropagation();
}

function afterRequest(event) {
  release(event.detail.elt);
  if (event.detail.xhr?.status === 422) say($('[data-error-summary]')?.textContent.trim() ?? '');
}

export function startForms() {
  when('submit', guardSubmit, true);
  when('keydown', stopImeEnter, true);
  when('htmx:afterRequest', afterRequest);
  when('htmx:afterSwap', (event) => focusErrors(event.detail.elt));
  addEventListener('pageshow', (event) => { if (event.persisted) release(document.body); });
  focusErrors(document);
}
