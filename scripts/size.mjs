// Print what the browser loads of the built extension, and compare it with the budget.
//
// Eager is what comes with every start of JupyterLab: the remote entry, the
// plugins and their style. The rest comes when a panel is first shown. Reads
// the production build.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const STATIC = new URL('../escape_vre/labextension/static/', import.meta.url);
const LIMITS_KIB = { eager: 25, all: 250 };

const files = readdirSync(STATIC)
  .filter(name => name.endsWith('.js'))
  .sort();
const eager = eagerChunks();
const sizes = { eager: 0, all: 0 };
for (const name of files) {
  const bytes = gzipSync(readFileSync(new URL(name, STATIC))).length;
  const isEager = eager.has(name.split('.')[0]);
  sizes.all += bytes;
  sizes.eager += isEager ? bytes : 0;
  console.log(`${kib(bytes)}  ${isEager ? 'eager' : 'lazy '}  ${name}`);
}
for (const [kind, limit] of Object.entries(LIMITS_KIB)) {
  const isOver = sizes[kind] > limit * 1024;
  console.log(
    `${kib(sizes[kind])}  ${kind}, of ${limit} KiB gzip${isOver ? ': too much' : ''}`
  );
  process.exitCode ||= isOver ? 1 : 0;
}

/** Names of the chunks that the entry asks for to make plugins and style. */
function eagerChunks() {
  const entry = files.find(name => name.startsWith('remoteEntry'));
  const source = readFileSync(new URL(entry, STATIC), 'utf8');
  const chunks = new Set(['remoteEntry', 'style']);
  const exposed = /"\.\/(?:extension|style)":\(\)=>(.*?)\.then/g;
  for (const [, loads] of source.matchAll(exposed)) {
    for (const [, chunk] of loads.matchAll(/\.e\("?([\w-]+)"?\)/g)) {
      chunks.add(chunk);
    }
  }
  if (chunks.size < 4) {
    throw new Error('No production build found: run `npm run build:prod`.');
  }
  return chunks;
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`.padStart(10);
}
