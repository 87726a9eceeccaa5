// Server-side rendering as React does it, without React: components that return trees of elements, and a
// renderer that escapes and joins them, once for every request.
const h = (type, props, ...children) => ({type, props: props || {}, children});
const escapes = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => escapes[c]);

function render(node) {
  if (node === null || node === undefined || node === false) return '';
  if (Array.isArray(node)) return node.map(render).join('');
  if (typeof node !== 'object') return escape(node);
  if (typeof node.type === 'function') return render(node.type({...node.props, children: node.children}));
  const attributes = Object.entries(node.props)
      .filter(([, value]) => value !== false && value !== null)
      .map(([name, value]) => ` ${name === 'className' ? 'class' : name}="${escape(value)}"`)
      .join('');
  return `<${node.type}${attributes}>${node.children.map(render).join('')}</${node.type}>`;
}

const Item = ({index, name}) =>
    h('li', {className: index % 2 ? 'odd' : 'even'}, h('a', {href: `/item/${index}`}, name), ' & more');
const List = ({items}) => h('ul', null, items.map((name, index) => h(Item, {index, name})));
const Page = ({title, items}) =>
    h('html', {lang: 'en'}, h('head', null, h('title', null, title)),
      h('body', null, h('h1', null, title), h(List, {items}), h('footer', null, '<rendered on the server>')));

const items = Array.from({length: 50}, (_, index) => `Item number ${index}`);
const page = () => '<!DOCTYPE html>' + render(h(Page, {title: 'Fifty items', items}));

if (typeof addEventListener === 'function' && typeof process === 'undefined') {
  addEventListener('fetch', (event) => {
    event.respondWith(new Response(page(), {headers: {'Content-Type': 'text/html'}}));
  });
} else {
  const port = Number(process.argv[2]);
  require('http').createServer((request, response) => {
    const body = Buffer.from(page());
    response.writeHead(200, {'Content-Type': 'text/html', 'Content-Length': body.length});
    response.end(body);
  }).listen({port, backlog: 1024});
}
