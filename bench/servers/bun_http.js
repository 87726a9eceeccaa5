// `bun bun_http.js PORT close|keepalive`: Bun's own HTTP server.
const [port, mode] = process.argv.slice(2);
const headers = {'Content-Type': 'text/plain', ...(mode === 'close' ? {Connection: 'close'} : {})};
Bun.serve({port: Number(port), fetch: () => new Response('Hello, World!', {headers})});
