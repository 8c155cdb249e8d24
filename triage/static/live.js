// Live pages: when the list is asked for, how fresh the screen is, and no lost words offline.
import { $, $$, cookie, modified, say, when } from './screen.js';

const STALE = 10000;
const OFFLINE = 30000;

let last = Date.now(); // when the list is known to have shown the present
let ticked = last;
// What is shown is the server's time: this computer's clock may be wrong.
export let ahead = last - new Date(document.body.dataset.now);
let heard = last; // the present that the stream told of last
let reached = last; // when any answer came
let asked = last;
let known; // revision and minute that the list was last asked for
let behind = false;
let ended = false;
let state = 'live';
let requests = 0;
let gone = 0; // when the network or the server was last seen to be away
let why = 'textWrite'; // what offline is the matter

const place = () => $('[data-live]');
// The page's own list if it has one: the strip must not make an old list look fresh.
export const source = () => $('[data-live-source]:not(#alerts)') ?? $('#alerts');

// The stream of all tabs says that there is news; where there is none the list is asked for every 5 s.
let meet;
function listen() {
  const url = new URL('live-worker.js', import.meta.url);
  const port = window.SharedWorker ? new SharedWorker(url).port : new Worker(url);
  port.onmessage = ({ data }) => hear(...data);
  meet = () => port.postMessage(!document.hidden);
  meet();
}

// A word is revision and minute, how long before (ms) the database confirmed them, and when it came.
function hear(word, age, at) {
  if (word === 'end') { ended = true; wake(); return; }
  heard = Math.max(heard, Math.min(at, Date.now()) - age);
  if (word !== known) { known = word; wake(); } else if (!behind) last = Math.max(last, heard);
}

export function wake() {
  behind = true;
  asked = Date.now();
  document.body.dispatchEvent(new Event('live:now'));
}

function tick() {
  if (!place()) return;
  const now = Date.now();
  const back = Math.max(0, ticked - now); // a clock set back makes nothing fresh
  last -= back; heard -= back; reached -= back; asked -= back; gone -= back; ahead -= back;
  ticked = now;
  const silent = now - heard > 7000;
  if (silent) meet();
  // An alarm that nobody takes on gets louder, a question falls due: by time alone.
  $$('[data-turns]').forEach((it) => { it.at ??= now + it.dataset.turns * 1000; if (it.at < now) { it.at = Infinity; wake(); } });
  if ((behind || silent) && now - asked >= (document.hidden ? OFFLINE : 5000)) wake();
  show();
}

// An answer was not shown: it is asked for again.
export const missed = () => { behind = true; };

function sent({ detail: { elt } }) {
  if (elt === source()) behind = false; // what comes from now on may be missing in the answer
  if (!elt.closest('[data-live-source]')) busy(1);
}

function answered({ detail: { elt, successful, xhr } }) {
  if (!elt.closest('[data-live-source]')) busy(-1);
  else if (successful) reached = Date.now();
  else behind = true;
  if (elt !== source()) { show(); return; }
  // The session has ended: nothing of a patient stays on the screen.
  if (ended && !successful) document.body.replaceChildren($('#ended').content);
  ended = false;
  if (!successful) return;
  last = Date.now();
  ahead = last - new Date(xhr.getResponseHeader('Date'));
  show();
  if (behind) queueMicrotask(wake); // not yet: until this is over htmx drops what asks again
}

// An emergency is told once on this device: by the page that somebody is at, and who leaves it at once hears it on the next.
const said = [];
const rung = () => document.cookie.match(/(?:^|; )rung=([^;]*)/)?.[1].split('-') ?? [];
function ring() {
  const news = $$('[data-ring]').filter(({ dataset }) => ![...rung(), ...said].includes(dataset.ring));
  if (!news.length || !document.hasFocus()) return;
  const rings = news.map((it) => it.dataset.ring);
  said.push(...rings);
  say(news.map((it) => it.textContent).join(' '), $('#ring'));
  setTimeout(() => cookie('rung', [...rung(), ...rings].slice(-99).join('-')), 2000);
}

function busy(more) {
  requests = Math.max(0, requests + more);
  document.body.toggleAttribute('data-busy-page', requests > 0);
}

// The clinic's time, whatever this computer's clock and zone are.
export const clock = (at) => new Date(at - ahead).toLocaleTimeString('en-GB', { timeZone: document.body.dataset.zone });

export function show() {
  const out = place();
  if (!out || document.hidden) return;
  ring();
  const { paused } = document.body.dataset; // since when
  const age = Date.now() - (paused ? reached : last);
  const now = !navigator.onLine || gone > Math.max(reached, heard) || age > OFFLINE ? 'offline' : paused ? 'paused' : age > STALE ? 'stale' : 'live';
  const more = { stale: ` (${Math.round(age / 1000)} s)`, offline: ` · ${out.dataset[why]}` }[now] ?? '';
  out.hidden = false;
  out.dataset.state = now;
  out.textContent = `${out.getAttribute(`data-text-${now}`)} ${clock(+paused || last)}${more}`;
  if (now !== state) change(now, out.dataset.textWrite);
}

function change(now, text) {
  state = now;
  why = 'textWrite';
  const off = now === 'offline';
  $$('[data-write]').filter((button) => off || button.title === text).forEach((button) => {
    button.ariaDisabled = off ? 'true' : null;
    button.title = off ? text : '';
  });
  if (off) say(text);
}

function refuse(event, text = 'textWrite') {
  event.preventDefault();
  event.stopImmediatePropagation();
  why = text;
  say(place().dataset[why]);
  show();
}

// Offline, and nothing came from the server: a list that alone gets no answer keeps nobody on the page.
const away = () => state === 'offline' && Math.max(reached, heard) <= Math.max(gone, Date.now() - OFFLINE);

// A link would lead to the browser's error page, and the typed words would be lost.
function stay(event) {
  const link = event.target.closest?.('a[href]:not([href^="#"], [target], [download])');
  if (link?.origin === location.origin && !modified(event) && away()) refuse(event, 'textStay');
}

// A form that meets no server is not sent: the browser would replace the page, and the typed words with it. An emergency always goes.
const met = new WeakSet();
function keepWords(event) {
  const { target: form, submitter } = event;
  if (form.method === 'get' && away()) refuse(event, 'textStay');
  if (form.method !== 'post' || submitter?.matches('[data-always]')) return;
  if (state === 'offline') refuse(event);
  else if (!met.delete(form)) ask(event);
}

async function ask(event) {
  const { target: form, submitter } = event;
  event.preventDefault();
  event.stopImmediatePropagation();
  const wait = { cache: 'no-store', signal: AbortSignal.timeout(5000) };
  if (await fetch(new URL('../live/here', import.meta.url), wait).catch(() => 0)) {
    met.add(form);
    form.requestSubmit(submitter);
  } else {
    gone = Date.now();
    behind = true;
    refuse(event);
  }
}

function holdBack(event) {
  if (state === 'offline' && event.detail.elt.matches('[data-write]')) refuse(event);
}

export function startLive() {
  when('htmx:beforeSend', sent);
  when('htmx:afterRequest', answered);
  if (!place() || !$('[data-live-source]')) return;
  known = source().querySelector('[name=rev]')?.value;
  listen();
  when('htmx:beforeRequest', holdBack);
  when('submit', keepWords, true);
  when('click', stay, true);
  when('visibilitychange', () => { meet(); if (!document.hidden) wake(); });
  addEventListener('online', wake);
  addEventListener('offline', () => { gone = Date.now(); show(); });
  setInterval(tick, 1000);
  show();
}
