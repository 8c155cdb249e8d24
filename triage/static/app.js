// Entry: everything works as plain links and forms without this; it makes the same page quicker and safer.
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { startForms } from './forms.js';
import { startScreen } from './screen.js';
import './presence.js';

startScreen();
startLive(); // before the forms: offline nothing is sent, so nothing is marked as sent
startForms();
startKeys();
