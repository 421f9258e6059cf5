import type { IPlace } from '../ui/sidebar/tokens';
import type { IQuery } from './query';

const TYPES = ['all', 'collection', 'container', 'dataset', 'file'];

/** What was saved may be another version's. */
export function isPlace(value: unknown): value is IPlace<IQuery> {
  const { instance, query, type } = (value ?? {}) as Partial<IPlace<IQuery>>;
  const isText = (some: unknown) => typeof some === 'string';
  return (
    (instance === null || isText(instance)) &&
    (query === null ||
      [query?.scope, query?.name, query?.pattern, query?.conditions].every(
        isText
      )) &&
    TYPES.includes(type ?? '')
  );
}
