// The wall: its places are fixed and only filled anew, so a page that is open for months does not grow.
(() => {
  const set = document.body.dataset;
  const every = Number(set.every), fresh = Number(set.new), silent = Number(set.silent);
  const byId = (id) => document.getElementById(id);
  const put = (place, text) => { if (place.textContent !== text) place.textContent = text; };
  const hide = (place, hidden) => { if (place.hidden !== hidden) place.hidden = hidden; };
  const places = [...byId('calls').children].map((li) => ({
    li, at: Number(li.dataset.at), ticket: li.querySelector('.ticket'), ja: li.querySelector('.ja'), en: li.querySelector('.en'),
  }));
  const stations = [...byId('waits').children].map((line) => ({ line, name: line.dataset.station, range: line.querySelector('b') }));
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: set.zone });
  const sound = byId('sound');
  let rev = set.rev;
  let heard = Date.now(); // when the server last answered, on this screen's clock
  let ahead = Number(set.now) - heard; // how far the server's clock is ahead of this screen's
  let latest = Math.max(...places.map((place) => place.at));
  let audio;

  function fill(shown) {
    places.forEach((place, n) => {
      const call = shown.calls[n];
      place.at = call ? call.at : 0;
      put(place.ticket, call ? call.ticket : '');
      put(place.ja, call ? call.ja || call.en : '');
      put(place.en, call ? call.en : '');
      hide(place.li, !call);
    });
    hide(byId('nobody'), shown.calls.length > 0);
    stations.forEach(({ line, name, range }) => { put(range, shown.waits[name] ?? ''); hide(line, !shown.waits[name]); });
    hide(byId('no-waits'), Object.values(shown.waits).some(Boolean));
    rev = shown.rev;
    const newest = Math.max(0, ...shown.calls.map((call) => call.at));
    if (newest > latest) chime();
    latest = Math.max(latest, newest);
  }

  // Old numbers are worse than none: after a minute without an answer they are taken down. A clock that was set counts too.
  function tick() {
    const lost = Math.abs(Date.now() - heard) > silent;
    document.body.classList.toggle('is-lost', lost);
    hide(byId('ask'), !lost);
    const now = Date.now() + ahead;
    put(byId('clock'), clock.format(now));
    put(byId('as-of'), clock.format(heard + ahead));
    places.forEach((place) => place.li.classList.toggle('is-new', now - place.at < fresh));
  }

  async function ask() {
    let next = Math.max(every, 1000); // a server that is away is not asked more often than this
    try {
      const headers = { 'X-Background': '1' };
      const answer = await fetch(`${set.url}?rev=${rev}`, { headers, cache: 'no-store', signal: AbortSignal.timeout(10000) });
      if (answer.status === 401) { location.replace(set.setUp); return; } // shut out: nothing stays on the screen
      if (!answer.ok) throw new Error(answer.status);
      if (answer.status === 200) fill(await answer.json());
      heard = Date.now();
      ahead = Number(answer.headers.get('X-Wall-Now')) - heard;
      next = every;
      if (answer.headers.get('X-Wall-Release') !== set.release) await renew();
    } catch { /* the next answer heals it; tick() says when there has been none for too long */ }
    tick();
    setTimeout(ask, next);
  }

  // A new release: the page is asked for first, so that it is never given up for a server that is just restarting.
  let renewed = Date.now();
  async function renew() {
    if (Date.now() - renewed < silent) return;
    renewed = Date.now();
    const page = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(10000) });
    if (page.ok) location.reload();
  }

  // Sound is off until somebody turns it on here: browsers play nothing before that, and a waiting room may want it quiet.
  function chime() {
    if (!audio || audio.state !== 'running') return;
    [[660, 0], [528, 0.35]].forEach(([pitch, after]) => {
      const tone = new OscillatorNode(audio, { frequency: pitch }), level = new GainNode(audio, { gain: 0 });
      const begin = audio.currentTime + after;
      level.gain.setTargetAtTime(0.12, begin, 0.02);
      level.gain.setTargetAtTime(0, begin + 0.1, 0.18);
      tone.connect(level).connect(audio.destination);
      tone.onended = () => { tone.disconnect(); level.disconnect(); };
      tone.start(begin);
      tone.stop(begin + 1.2);
    });
  }

  async function turn(on) {
    if (on) { audio ??= new AudioContext(); await audio.resume(); chime(); } else await audio?.suspend();
    sound.setAttribute('aria-pressed', String(audio?.state === 'running'));
  }

  sound.hidden = false;
  sound.addEventListener('click', () => turn(sound.getAttribute('aria-pressed') !== 'true'));
  setInterval(tick, 1000);
  tick();
  setTimeout(ask, every);
})();
