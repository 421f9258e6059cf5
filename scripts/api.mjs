// Writes the types of the agent's data: `src/core/api.ts` for the agent's own, and one
// `src/<service>/api.ts` for each service, from the OpenAPI document.
//
// node scripts/api.mjs [document] [folder]: read another document, write below another folder.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import prettier from 'prettier';

const [read = 'src/core/agent.openapi.json', folder = 'src'] =
  process.argv.slice(2);
const document = JSON.parse(readFileSync(read, 'utf8'));
const models = document.components.schemas;

/** The names of all models that a part of the document refers to. */
function referredTo(part, found = new Set()) {
  for (const [key, value] of Object.entries(part ?? {})) {
    if (key === '$ref') {
      const name = value.split('/').pop();
      if (!found.has(name)) {
        found.add(name);
        referredTo(models[name], found);
      }
    } else if (typeof value === 'object') {
      referredTo(value, found);
    }
  }
  return found;
}

const asked = new Set();
for (const verbs of Object.values(document.paths)) {
  for (const operation of Object.values(verbs)) {
    referredTo(operation.requestBody, asked);
  }
}

/** An answer has every field; a request may leave out those with a default. */
function complete(name, model) {
  return asked.has(name) || !model.properties
    ? model
    : { ...model, required: Object.keys(model.properties) };
}

async function write(path, prefix, names) {
  const every = new Set(names);
  names.forEach(name => referredTo(models[name], every));
  const schemas = Object.fromEntries(
    [...every].sort().map(name => [name, complete(name, models[name])])
  );
  const types = await openapiTS({
    openapi: document.openapi,
    info: document.info,
    paths: {},
    components: { schemas }
  });
  const shown = types.filter(type => type.name?.text === 'components');
  const text = [
    '/** Generated from the OpenAPI document of the agent by `make api`. */',
    astToString(shown).replace('export interface', 'interface'),
    "type Schemas = components['schemas'];",
    ...names.map(
      name => `export type I${name.slice(prefix.length)} = Schemas['${name}'];`
    )
  ].join('\n');
  // The settings that hold for the file where it belongs, wherever it is written.
  const options = await prettier.resolveConfig(join('src', path));
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(
    target,
    await prettier.format(text, { ...options, filepath: path })
  );
}

const left = new Set(Object.keys(models));
// The longest prefix first: one may begin with another.
const services = Object.entries(document['x-services']).sort(
  ([, one], [, other]) => other.length - one.length
);
for (const [service, prefix] of services) {
  const own = [...left].filter(name => name.startsWith(prefix));
  own.forEach(name => left.delete(name));
  await write(join(service, 'api.ts'), prefix, own);
}
await write(join('core', 'api.ts'), '', [...left]);
