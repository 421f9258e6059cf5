import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/** Something that is somewhere, and can begin there. */
export interface IPlaced<P> {
  readonly place: P;
  readonly isDisposed: boolean;
  readonly changed: ISignal<unknown, void>;
  start(place?: P): Promise<void>;
}

export interface IMemoryOptions<P> {
  model: IPlaced<P>;
  memory: IStateDB | null;
  /** Under which name the place is kept. */
  key: string;
  /** What was saved may be another version's. */
  isPlace: (value: unknown) => value is P;
}

/** Start the model where it was when the page was left, and remember on. */
export async function startWhereLeft<P extends object>(
  options: IMemoryOptions<P>
): Promise<void> {
  const { model, memory, key, isPlace } = options;
  const left = await memory?.fetch(key).catch(console.warn);
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
        void memory.save(key, place).catch(console.warn);
      }
    });
  }
  await started;
}

/** A copy, which does not change with the model. */
function asJSON(place: object): ReadonlyPartialJSONValue {
  return JSON.parse(JSON.stringify(place)) as ReadonlyPartialJSONValue;
}
