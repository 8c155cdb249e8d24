// Shortcuts: a control declares its key in data-key; pressing it does what clicking or focusing it does.
import { composing } from './forms.js';
import { $, $$, choose, say, when } from './screen.js';

const TEXT = 'input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]';

let prefix = '';

const on = () => document.documentElement.dataset.shortcuts !== 'off';
const visible = (element) => 'keyHidden' in element.dataset || element.getClientRects().length > 0;
const typing = (element) => element.closest?.(TEXT);

// In the row that has the focus first, then on the page; never in some other row.
function find(key) {
  const row = document.activeElement?.closest?.('[data-row]');
  const match = (root) => $$(`[data-key="${CSS.escape(key)}"]`, root).filter((e) => visible(e) && !e.disabled && e.ariaDisabled !== 'true');
  return (row && match(row)[0]) ?? match(document).find((element) => !element.closest('[data-row]'));
}

function activate(control) {
  if (control.matches(TEXT)) { control.focus(); control.select?.(); return; }
  if (control.matches('form')) { control.requestSubmit(); return; }
  control.click();
  if (control.matches('summary')) control.focus(); // what opened is next
}

export function moveRow(step) {
  const links = $$('[data-row-link]').filter(visible);
  const row = document.activeElement?.closest?.('[data-row]');
  const at = links.findIndex((link) => link === document.activeElement || row?.contains(link));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  next?.focus();
  return Boolean(next);
}

function single(event) {
  const step = { j: 1, k: -1 }[event.key];
  if (step) return moveRow(step);
  const control = find(prefix ? `${prefix} ${event.key}` : event.key);
  if (control) { activate(control); return true; }
  if (!prefix && $(`[data-key^="${CSS.escape(event.key)} "]`)) {
    prefix = event.key;
    setTimeout(() => { prefix = ''; }, 1500);
    return true;
  }
  return false;
}

// Ctrl+Enter and Escape work inside text fields too; both are dead while a conversion is open.
function chord(event) {
  if (event.key === 'Escape') return find('Escape');
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    return event.target.closest('form')?.querySelector('[data-key="Ctrl+Enter"]') ?? find('Ctrl+Enter');
  }
  return null;
}

function onKey(event) {
  if (event.defaultPrevented || $('dialog[open]')) return;
  if (composing(event)) { warnIme(event); return; }
  const control = chord(event);
  if (control) { event.preventDefault(); activate(control); return; }
  if (!on() || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !'jk'.includes(event.key) || typing(event.target)) return;
  if (event.key.length !== 1 || event.key === ' ') return;
  const handled = single(event);
  if (handled) event.preventDefault();
  if (handled && prefix !== event.key) prefix = '';
}

// With the IME on, letters arrive as "Process": say so once instead of doing nothing.
function warnIme(event) {
  const list = $('[data-keys-list]');
  if (typing(event.target) || !list || list.dataset.warned) return;
  list.dataset.warned = 'yes';
  say(list.dataset.textIme);
}

const make = (name, textContent) => Object.assign(document.createElement(name), { textContent });

function describe(list) {
  const { dataset } = list;
  const seen = new Map();
  $$('[data-key]').filter((e) => visible(e) || e.closest('details')).forEach((control) => {
    const { key, keyLabel } = control.dataset;
    const text = keyLabel ?? control.ariaLabel ?? [...control.childNodes].filter((n) => !n.matches?.('kbd, b, .sr')).map((n) => n.textContent).join(' ').trim();
    if (!seen.has(key)) seen.set(key, control.closest('[data-row]') ? text + dataset.textRow : text);
  });
  if ($('[data-row-link]')) seen.set('j', dataset.textNext).set('k', dataset.textPrevious);
  if ($('[data-answer]')) seen.set('y n u', dataset.textAnswers).set('Delete', dataset.textClear);
  list.replaceChildren(...[...seen].flatMap(([key, text]) => {
    const term = make('dt', '');
    term.append(make('kbd', key));
    return [term, make('dd', text)];
  }));
}

export function startKeys() {
  when('keydown', onKey);
  const list = $('[data-keys-list]');
  if (!list) return;
  const box = $('[data-shortcuts-switch]');
  when('click', (event) => { if (event.target.closest?.('[data-dialog=keys]')) { describe(list); box.checked = on(); } }, true);
  box.addEventListener('change', () => choose('shortcuts', box.checked ? 'on' : 'off'));
}
