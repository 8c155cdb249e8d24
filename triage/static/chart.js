// The body chart: a place on it and its box in the list are one.
import { $$, when } from './screen.js';

function press({ target }) {
  const region = target.closest?.('[data-chart] [data-region]');
  const box = region?.closest('[data-chart]').querySelector(`[type=checkbox][value="${region.dataset.region}"]`);
  if (box && !box.disabled) box.click();
}

function mirror(chart) {
  const on = new Set($$('input:checked', chart).map((box) => box.value));
  $$('[data-region]', chart).forEach((region) => region.classList.toggle('is-on', on.has(region.dataset.region)));
}

const mirrorAll = () => $$('[data-chart]').forEach(mirror);

when('click', press);
when('change', mirrorAll);
when('htmx:load', mirrorAll);
mirrorAll();
