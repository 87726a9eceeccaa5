// `deno run --allow-net deno_http.js PORT close|keepalive`: Deno's own HTTP server.
const [port, mode] = Deno.args;
const headers = {'Content-Type': 'text/plain', ...(mode === 'close' ? {Connection: 'close'} : {})};
Deno.serve({port: Number(port), onListen() {}}, () => new Response('Hello, World!', {headers}));
