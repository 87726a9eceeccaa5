// `node node_net.js PORT close|keepalive`: Node's TCP sockets. It does not parse requests, it counts
// the empty lines that end them.
'use strict';
const [port, mode] = process.argv.slice(2);
const close = mode === 'close';
const answer = Buffer.from(
    'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n' + (close ? 'Connection: close\r\n' : '') +
    '\r\nHello, World!');
require('net')
    .createServer((socket) => {
      let rest = '';
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => {
        if (close) return socket.end(answer);
        const parts = (rest + data.toString('latin1')).split('\r\n\r\n');
        rest = parts.pop();
        for (const _ of parts) socket.write(answer);
      });
    })
    .listen({port: Number(port), backlog: 1024});
