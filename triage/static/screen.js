// The device's own settings, dialogs, menus, messages and printing.

export const cookie = (name, value) => {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
};

export const $ = (selector) => document.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const when = (name, work, early) => document.addEventListener(name, work, early);

export const modified = (event) => event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;

export const say = (text, place = $('#announce')) => {
  if (place) place.textContent = text;
};

function showControls() {
  $$('[data-toggle-setting], [data-dialog], [data-pause]').forEach((control) => { control.hidden = false; });
  $$('[data-toggle-setting]').forEach((button) => {
    button.ariaPressed = document.documentElement.dataset[button.dataset.toggleSetting] === 'on';
  });
}

// What is chosen in one tab of this device holds in all of them.
const tabs = new BroadcastChannel('settings');
tabs.onmessage = ({ data }) => apply(...data);

function apply(name, value) {
  document.documentElement.dataset[name] = value;
  showControls();
}

export function choose(name, value) {
  apply(name, value);
  cookie(name, value);
  tabs.postMessage([name, value]);
}

function onClick(event) {
  const at = (selector) => event.target.closest?.(selector);
  const setting = at('[data-toggle-setting]');
  if (setting) choose(setting.dataset.toggleSetting, setting.ariaPressed === 'true' ? 'off' : 'on');
  const opener = at('[data-dialog]');
  if (opener) { event.preventDefault(); $(`#${opener.dataset.dialog}`)?.showModal(); }
  if (at('[data-close]')) { event.preventDefault(); at('dialog')?.close(); }
  if (at('[data-print]')) print();
  $$('details.menu[open]').forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
}

function closeWithEscape(event) {
  if (event.key !== 'Escape' || event.isComposing) return;
  const open = event.target.closest?.('details.menu[open], details.arm[open]');
  if (!open) return;
  open.open = false;
  open.querySelector('summary').focus();
  event.stopPropagation();
}

// Two presses, not one and not a form: opening puts the focus on the second button; it closes by itself.
function armed(event) {
  const details = event.target;
  if (!details.matches?.('details.arm') || !details.open) return;
  details.querySelector('div button')?.focus();
  setTimeout(() => { if (!details.contains(document.activeElement)) details.open = false; }, 15000);
}

// A message leaves after ten seconds unless someone is on it; its Undo key keeps working afterwards.
function ageToasts() {
  $$('[data-toast]:not([data-aging])').forEach((toast) => {
    toast.dataset.aging = '';
    const leave = () => (toast.matches(':hover, :focus-within') ? setTimeout(leave, 2000) : toast.classList.add('is-gone'));
    setTimeout(leave, 10000);
  });
}

function refresh() {
  showControls();
  ageToasts();
}

export function startScreen() {
  when('click', onClick);
  when('keydown', closeWithEscape, true);
  when('toggle', armed, true);
  when('htmx:load', refresh);
  refresh();
  if ($('[data-print-now]')) print();
}
