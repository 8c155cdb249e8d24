// Who has a patient's page open: seconds on the server's clock, and a word on leaving.
import { ahead } from './live.js';
import { $$ } from './screen.js';

const { body } = document;

setInterval(() => $$('[data-since]').forEach((time) => {
  const seconds = Math.max(0, (Date.now() - ahead - new Date(time.dateTime)) / 1000);
  const [second, minute] = time.dataset.since.split(' ');
  time.textContent = seconds < 60 ? `${seconds | 0} ${second}` : `${seconds / 60 | 0} ${minute}`;
}), 1000);

addEventListener('pagehide', () => {
  const url = $$('#here')[0]?.dataset.leave;
  if (url) fetch(url, { method: 'POST', keepalive: true, headers: JSON.parse(body.getAttribute('hx-headers')) });
});
