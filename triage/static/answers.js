// Answers by key: y, n, u and the like; one key, one question.
import { composing } from './forms.js';
import { $$, when } from './screen.js';

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

// A number, or that it is not known: whichever comes last.
when('input', ({ target }) => {
  const [text, box] = target.closest?.('.with-unit')?.querySelectorAll('input') ?? [];
  if (target === box && box?.checked) text.value = '';
  else if (box && target === text && text.value) box.checked = false;
}, true);

when('keydown', answerByKey, true); // before the shortcuts of the page
when('change', (event) => {
  const group = event.target.closest?.('[data-answer]');
  if (group) markAnswer(group);
}, true);
