// Forms: errors get the focus, one press makes one record, answers by key, autosave says when, search waits for the IME.
import { say } from './screen.js';

const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const composing = (event) => event.isComposing || event.keyCode === 229;

function focusErrors(root) {
  const summary = root.querySelector('[data-error-summary]');
  if (summary) summary.focus();
}

// --- one press, one record -----------------------------------------------------------------------------------------
function guardSubmit(event) {
  const form = event.target;
  if (event.submitter?.matches('[data-always]')) return; // an emergency never waits for another answer
  if (form.method === 'dialog' || form.method === 'get' || 'repeat' in form.dataset) return;
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
  if (root.dataset) delete root.dataset.busy;
  $$('[data-busy]', root).forEach((form) => delete form.dataset.busy);
  $$('[aria-busy=true]', root).forEach((button) => button.removeAttribute('aria-busy'));
  root.removeAttribute?.('aria-busy');
}

// --- answers -------------------------------------------------------------------------------------------------------
function markAnswer(group) {
  const chosen = group.querySelector('input[type=radio]:checked');
  const blank = group.querySelector('[data-blank]');
  if (blank) blank.disabled = Boolean(chosen);
  if (!group.classList.contains('answer')) return;
  const urgent = group.classList.contains('urgent');
  group.classList.toggle('open', !chosen);
  group.classList.toggle('is-yes', urgent && chosen?.value === 'yes');
  group.classList.toggle('is-unknown', urgent && ['unknown', 'not_known'].includes(chosen?.value));
}

function answerByKey(event) {
  const group = event.target.closest?.('[data-answer]');
  if (!group || event.repeat || composing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Backspace' || event.key === 'Delete') return clearAnswer(event, group);
  const radio = group.querySelector(`[data-answer-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!radio || radio.disabled) return;
  event.preventDefault();
  event.stopPropagation();
  if (!radio.checked) radio.click();
  // One key, one question: the focus goes on, a held key does not (event.repeat above).
  const groups = $$('[data-answer]', group.closest('[data-answers]') ?? group.parentElement).filter((g) => g.getClientRects().length);
  const next = groups[groups.indexOf(group) + 1];
  (next?.querySelector('input:checked') ?? next?.querySelector('input[type=radio]') ?? radio).focus();
}

function clearAnswer(event, group) {
  const chosen = group.querySelector('input[type=radio]:checked');
  if (!chosen) return;
  event.preventDefault();
  chosen.checked = false;
  markAnswer(group);
  chosen.dispatchEvent(new Event('input', { bubbles: true }));
  chosen.dispatchEvent(new Event('change', { bubbles: true }));
}

// --- search that never looks for a half-written word ------------------------------------------------------------------
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

// Enter that confirms a conversion must not submit anything.
function stopImeEnter(event) {
  if (event.key === 'Enter' && composing(event)) event.stopImmediatePropagation();
}

// --- autosave ---------------------------------------------------------------------------------------------------------
function showSaved(event) {
  if (!event.detail.elt.closest('[data-autosave]') || event.detail.requestConfig?.verb === 'get') return;
  const place = document.querySelector('[data-saved]');
  if (!place) return;
  const ok = event.detail.successful;
  place.textContent = ok ? `${place.dataset.savedText} ${new Date().toLocaleTimeString('en-GB')}` : place.dataset.failedText;
  place.classList.toggle('error', !ok);
}

function afterRequest(event) {
  release(event.detail.elt);
  showSaved(event);
  if (event.detail.xhr?.status === 422) say(document.querySelector('[data-error-summary]')?.textContent.trim() ?? '');
}

export function startForms() {
  document.addEventListener('submit', guardSubmit, true);
  document.addEventListener('keydown', stopImeEnter, true);
  document.addEventListener('keydown', answerByKey);
  document.addEventListener('change', (event) => {
    const group = event.target.closest?.('[data-answer]');
    if (group) markAnswer(group);
  }, true);
  document.addEventListener('htmx:afterRequest', afterRequest);
  document.addEventListener('htmx:afterSwap', (event) => focusErrors(event.detail.elt));
  document.addEventListener('htmx:load', (event) => $$('[data-search]', event.detail.elt.parentElement ?? document).forEach(wireSearch));
  addEventListener('pageshow', (event) => { if (event.persisted) release(document.body); });
  $$('[data-search]').forEach(wireSearch);
  focusErrors(document);
}
