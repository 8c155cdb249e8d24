// Runs before the first paint: forced colour scheme and privacy mode are device settings kept in cookies.
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  for (const name of ['theme', 'privacy', 'shortcuts']) {
    const found = document.cookie.match(new RegExp(`(?:^|; )${name}=([a-z]+)`));
    if (found) root.dataset[name] = found[1];
  }
})();
