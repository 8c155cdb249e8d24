// The board: an exchanged row keeps what a hand or an eye is on; what has not changed is left alone.
import { $, when } from './screen.js';

const rows = $('#rows');
const filters = $('#filters');

let next; // gets the focus at once: until htmx would give it, another answer may take the row's place

const owner = (row) => row.querySelector('.c-owner .line')?.textContent;

// A menu that is open outlives the exchange of its row, and the word who was first does as long as that is so.
function keep(old, fresh) {
  for (const menu of old.querySelectorAll('details[open]')) fresh.querySelector(`#${CSS.escape(menu.id)}`)?.setAttribute('open', '');
  const told = old.querySelector('.told');
  if (told && owner(old) === owner(fresh) && !fresh.querySelector('.told')) fresh.querySelector('.c-owner')?.append(told);
  const at = document.activeElement; // Undo is gone once it is pressed: the focus stays in the row
  if (old.contains(at) && !fresh.querySelector(`[id="${at.id}"]`)) next = fresh.querySelector('[data-row-link]');
}

function beforeSwap(event) {
  const { target, fragment } = event.detail;
  const words = (place) => place.textContent.replace(/\s+/g, ' ').trim();
  if (target.id === 'news' && words(target) === words(fragment)) event.detail.shouldSwap = false; // said once
  if (target.matches('[data-row]')) keep(target, fragment);
}

// It has been read after fifteen seconds; the row names the owner all the while.
function age() {
  for (const told of rows.querySelectorAll('.told:not([data-aging])')) {
    told.dataset.aging = '';
    setTimeout(() => told.remove(), 15000);
  }
}

// What could not be done is said; the row still shows how it was.
function failed(event) {
  if (rows.contains(event.detail.elt) && event.detail.xhr?.status !== 409) $('#news').textContent = rows.dataset.textFailed;
}

when('htmx:oobBeforeSwap', beforeSwap);
when('htmx:oobAfterSwap', () => { next?.focus(); next = null; });
when('htmx:responseError', failed);
when('htmx:sendError', failed);
when('htmx:afterSettle', age);
// The key "f" presses the bar itself: the focus goes to its first filter.
filters.addEventListener('click', (event) => { if (event.target === filters) filters.querySelector('a').focus(); });
