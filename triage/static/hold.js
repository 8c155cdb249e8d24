// Lists that refresh themselves: the order is held while a hand is in the list, and a press of Pause stops it.
import { missed, show, source, wake } from './live.js';
import { $, $$, when } from './screen.js';

const PAUSE = 300000;
let released = false;
let late = false; // the list changed while a button in it waited for its own answer

const list = () => $('[data-hold]');
const inHand = () => list().matches(':hover') || list().contains(document.activeElement) || list().querySelector('details[open] form');
const paused = () => document.body.dataset.paused; // since when
const holding = () => paused() || (!released && inHand());

function addHold({ detail: { elt, parameters } }) {
  if (elt !== source() || elt.id === 'alerts') return;
  parameters.hold = holding() ? '1' : '0';
  parameters.known = $$('[data-row]', list()).map((row) => row.id).join(',');
  if ('liveList' in elt.dataset) parameters.said = $('#alerts input').value;
}

// An answer in a new order that was asked for before the hand came in is dropped. And while a button waits for its answer
// nothing takes its place: htmx would lose that answer with it.
function dropLate({ detail }) {
  const asked = detail.requestConfig;
  if (asked?.parameters.hold === '0' && holding()) { detail.shouldSwap = false; missed(); }
  if (asked?.elt === source() && list().querySelector('.htmx-request')) { detail.shouldSwap = false; late = true; }
}

function answered({ detail: { elt } }) {
  if (late && elt !== source()) { late = false; wake(); }
}

// Shown once, then the rows stay again.
function shown({ detail: { elt, requestConfig } }) {
  if (elt === source() && requestConfig?.parameters.hold === '0') released = false;
}

function letGo() {
  if (!inHand()) { released = false; wake(); }
}

// A paused list asks nothing, the alarms always do; else they come with the answer of a list that brings them.
function holdBack(event) {
  const { elt, requestConfig } = event.detail;
  const brought = elt.id === 'alerts' && !paused() && source().matches('[data-live-list]') && requestConfig.triggeringEvent;
  if (brought || (paused() && elt.matches('[data-live-source]:not(#alerts)'))) event.preventDefault();
}

function pause(want) {
  if (want) document.body.dataset.paused = Date.now();
  else delete document.body.dataset.paused;
  $$('[data-pause]').forEach((button) => {
    button.ariaPressed = want;
    button.textContent = button.dataset[want ? 'textResume' : 'textPause'];
  });
  show();
  if (!want) wake();
}

function onClick({ target }) {
  if (target.closest?.('[data-release]')) { released = true; pause(false); }
  const button = target.closest?.('[data-pause]');
  if (button) pause(button.ariaPressed !== 'true');
}

when('htmx:configRequest', addHold);
when('htmx:beforeRequest', holdBack);
when('htmx:beforeSwap', dropLate);
when('htmx:afterRequest', shown, true); // before what asks again
when('htmx:afterRequest', answered);
when('click', onClick);
list().addEventListener('pointerleave', letGo);
list().addEventListener('focusout', () => setTimeout(letGo));
setInterval(() => { if (Date.now() - paused() > PAUSE) pause(false); }, 1000);
