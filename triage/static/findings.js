// Answers: clearing one with the pointer, and Enter that saves a field instead of sending the form.
import './answers.js';
import './autosave.js';
import { composing } from './forms.js';
import { $$, when } from './screen.js';

// The keyboard clears with Delete; the small cross does the same.
function clear(event) {
  const chosen = event.target.closest?.('[data-clear]')?.closest('.fnd').querySelector('input:checked');
  if (!chosen) return;
  chosen.focus();
  chosen.dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true }));
}

// Enter would press the form's first button; leaving and coming back saves what was typed.
function stay(event) {
  if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || composing(event) || !event.target.matches?.('#answers input')) return;
  event.preventDefault();
  event.target.blur();
  event.target.focus();
}

// Half a conversion is not saved; its end is.
const composed = (event) => event.target.closest?.('#answers .fnd');
when('input', (event) => { if (event.isComposing && composed(event)) event.stopPropagation(); }, true);
when('compositionend', (event) => { if (composed(event)) event.target.dispatchEvent(new Event('input', { bubbles: true })); });
// What was opened stays open when the part around it is exchanged.
const opened = new Set();
when('htmx:beforeSwap', () => { opened.clear(); $$('details[data-keep][open]').forEach((one) => opened.add(one.id)); });
when('htmx:afterSwap', () => opened.forEach((id) => document.getElementById(id)?.setAttribute('open', '')));
when('click', clear);
when('keydown', stay);
