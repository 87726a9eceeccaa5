// The simple service worker of the WinterJS benchmark's kind: one fixed answer.
addEventListener('fetch', (event) => {
  event.respondWith(new Response('Hello, World!'));
});
