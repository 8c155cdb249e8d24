// One event stream for all tabs: over HTTP/1.1 the seventh connection to a host waits for ever. Each visible tab is told.
const ports = new Set();
let source, word, at = 0;

function tell(message) {
  at = Date.now();
  word = [...message, at];
  ports.forEach((port) => port.postMessage(word));
}

function open() {
  source?.close();
  [word, at] = [undefined, Date.now()];
  source = new EventSource('../live');
  source.onmessage = ({ data }) => tell(data.split(' '));
  source.addEventListener('end', () => { source.close(); tell(['end', 0]); at = 0; });
}

function meet(port) {
  port.onmessage = ({ data: visible }) => {
    ports[visible ? 'add' : 'delete'](port);
    if (!ports.size) { if (port === self) { source?.close(); at = 0; } } // a hidden tab's own worker
    else if (Math.abs(Date.now() - at) > 15000) open();
    else if (word) port.postMessage(word);
  };
}

if ('onconnect' in self) onconnect = ({ ports: [port] }) => meet(port);
else meet(self);
