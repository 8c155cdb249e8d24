// Live pages: how fresh the screen is, holding the order while someone's hand is in the list, and no lost words offline.
import { say } from './screen.js';

const STALE = 10000;
const OFFLINE = 30000;
const PAUSE = 300000;

const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
let last = Date.now();
let state = 'live';
let released = false;
let pausedAt = 0;

const place = () => document.querySelector('[data-live]');
// The page's own list if it has one: a strip that still answers must not make an old list look fresh.
const source = () => document.querySelector('[data-live-source]:not(#alerts)') ?? document.getElementById('alerts');
const clock = (time) => new Date(time).toLocaleTimeString('en-GB');

// --- freshness --------------------------------------------------------------------------------------------------------
function measure() {
  const age = Date.now() - last;
  return !navigator.onLine || age > OFFLINE ? 'offline' : age > STALE ? 'stale' : 'live';
}

function show() {
  const out = place();
  if (!out || document.hidden) return;
  const now = pausedAt ? 'paused' : measure();
  out.hidden = false;
  out.dataset.state = now;
  const text = out.dataset[`text${now[0].toUpperCase()}${now.slice(1)}`];
  const more = { live: '', paused: '', stale: ` (${Math.round((Date.now() - last) / 1000)} s)`, offline: ` · ${out.dataset.textWrite}` }[now];
  out.textContent = `${text} ${clock(last)}${more}`;
  if (now !== state) change(now, out);
  if (pausedAt && Date.now() - pausedAt > PAUSE) pause(false);
}

function change(now, out) {
  state = now;
  document.body.toggleAttribute('data-offline', now === 'offline');
  $$('[data-write]').forEach((button) => lock(button, now === 'offline', out.dataset.textWrite));
  if (now === 'offline') say(out.dataset.textWrite);
}

function lock(button, locked, why) {
  if (locked) { button.setAttribute('aria-disabled', 'true'); button.title = why; return; }
  if (button.title === why) { button.removeAttribute('aria-disabled'); button.removeAttribute('title'); }
}

// While offline a form is not sent: the browser would replace the page, and the typed words with it. An emergency always goes.
function keepWords(event) {
  if (state !== 'offline' || event.target.method !== 'post' || event.submitter?.matches('[data-always]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  say(place()?.dataset.textWrite ?? '');
}

// --- holding the order ------------------------------------------------------------------------------------------------
const inHand = (list) => list.matches(':hover') || list.contains(document.activeElement) || Boolean(list.querySelector('details[open] form'));
const holding = (list) => Boolean(pausedAt) || (!released && inHand(list));

function addHold(event) {
  const list = document.querySelector('[data-hold]');
  if (!list || event.detail.elt !== source() || event.detail.elt.id === 'alerts') return;
  event.detail.parameters.hold = holding(list) ? '1' : '0';
  event.detail.parameters.known = $$('[data-row]', list).map((row) => row.id).join(',');
}

// An answer in a new order that was asked for before the hand came in is dropped; the next one keeps the rows in place.
function dropLate(event) {
  const list = document.querySelector('[data-hold]');
  if (list && event.detail.requestConfig?.parameters.hold === '0' && holding(list)) event.detail.shouldSwap = false;
}

function letGo(list) {
  if (!inHand(list)) { released = false; wake(); }
}

const wake = () => document.body.dispatchEvent(new Event('live:now'));

function pause(want) {
  pausedAt = want ? Date.now() : 0;
  document.body.toggleAttribute('data-paused', want);
  $$('[data-pause]').forEach((button) => {
    button.setAttribute('aria-pressed', want);
    button.textContent = want ? button.dataset.textResume : button.dataset.textPause;
  });
  show();
  if (!want) wake();
}

function onClick(event) {
  if (event.target.closest?.('[data-release]')) { released = true; pause(false); }
  const button = event.target.closest?.('[data-pause]');
  if (button) pause(button.getAttribute('aria-pressed') !== 'true');
}

// A hidden tab asks every 30 s instead of every 5 s; a paused list asks nothing, the alarms always do.
const askedHidden = new WeakMap();
function slowDown(event) {
  if (state === 'offline' && event.detail.elt.matches('[data-write]')) { event.preventDefault(); say(place()?.dataset.textWrite ?? ''); return; }
  const asks = event.detail.elt.closest('[data-live-source]');
  if (!asks) return;
  if (pausedAt && asks.id !== 'alerts') { event.preventDefault(); return; }
  if (!document.hidden) return;
  if (Date.now() - (askedHidden.get(asks) ?? 0) < OFFLINE) event.preventDefault();
  else askedHidden.set(asks, Date.now());
}

function watchList(list) {
  list.addEventListener('pointerleave', () => letGo(list));
  list.addEventListener('focusout', () => setTimeout(() => letGo(list)));
}

export function startLive() {
  let busy = 0;
  document.addEventListener('htmx:beforeSend', (event) => {
    if (!event.detail.elt.closest('[data-live-source]')) { busy += 1; document.body.setAttribute('data-busy-page', ''); }
  });
  document.addEventListener('htmx:afterRequest', (event) => {
    if (!event.detail.elt.closest('[data-live-source]')) { busy = Math.max(0, busy - 1); document.body.toggleAttribute('data-busy-page', busy > 0); }
    if (event.detail.elt !== source()) return;
    if (event.detail.requestConfig?.parameters.hold === '0') released = false; // shown once, then the rows stay again
    if (event.detail.successful) { last = Date.now(); show(); }
  });
  if (!place() || !document.querySelector('[data-live-source]')) return;
  document.addEventListener('htmx:configRequest', addHold);
  document.addEventListener('htmx:beforeRequest', slowDown);
  document.addEventListener('htmx:beforeSwap', dropLate);
  document.addEventListener('submit', keepWords, true);
  document.addEventListener('click', onClick);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) wake(); });
  addEventListener('online', wake);
  $$('[data-hold]').forEach(watchList);
  $$('[data-pause]').forEach((button) => { button.hidden = false; });
  setInterval(show, 1000);
  show();
}
