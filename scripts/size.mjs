// Print what the browser loads of the built extension, and hold it to budget.
//
// Eager is what comes with every start of JupyterLab: the remote entry, the
// plugins and their style. The rest comes when a panel is first shown.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const STATIC = new URL('../escape_vre/labextension/static/', import.meta.url);
const EAGER = /^(remoteEntry|lib_index_js|style)/;
const LAZY = /(loader|panel)/;
const LIMITS_KIB = { eager: 60, all: 250 };

const sizes = { eager: 0, all: 0 };
for (const name of readdirSync(STATIC).sort()) {
  if (!name.endsWith('.js')) {
    continue;
  }
  const bytes = gzipSync(readFileSync(new URL(name, STATIC))).length;
  const isEager = EAGER.test(name) && !LAZY.test(name);
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

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`.padStart(10);
}
