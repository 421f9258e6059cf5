import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';
import type { IPlace } from '../../datalake/query';
import type { IDatalake } from '../../datalake/tokens';

const KEY = 'escape-vre:datalake';

/** Start the model where it was when the page was left, and remember on. */
export async function startWhereLeft(
  model: IDatalake,
  memory: IStateDB | null
): Promise<void> {
  const left = await memory?.fetch(KEY).catch(console.warn);
  if (model.isDisposed) {
    return;
  }
  const started = model.start(isPlace(left) ? left : undefined);
  if (memory) {
    let saved = asJSON(model.place);
    model.changed.connect(() => {
      const place = asJSON(model.place);
      if (!JSONExt.deepEqual(place, saved)) {
        saved = place;
        void memory.save(KEY, place).catch(console.warn);
      }
    });
  }
  await started;
}

function asJSON(place: IPlace): ReadonlyPartialJSONValue {
  return { ...place, query: place.query && { ...place.query } };
}

/** What was saved may be another version's. */
export function isPlace(value: unknown): value is IPlace {
  const { instance, query, type } = (value ?? {}) as Partial<IPlace>;
  const isText = (some: unknown) => typeof some === 'string';
  return (
    (instance === null || isText(instance)) &&
    (query === null ||
      [query?.scope, query?.name, query?.pattern].every(isText)) &&
    ['all', 'collection', 'container', 'dataset', 'file'].includes(type ?? '')
  );
}
