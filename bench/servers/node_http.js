// `node node_http.js PORT close|keepalive`: Node's own HTTP server.
'use strict';
const [port, mode] = process.argv.slice(2);
const body = Buffer.from('Hello, World!');
const headers = {'Content-Type': 'text/plain', 'Content-Length': body.length};
if (mode === 'close') headers.Connection = 'close';
require('http')
    .createServer((request, response) => {
      response.writeHead(200, headers);
      response.end(body);
    })
    .listen({port: Number(port), backlog: 1024});
