import type { ITrans } from '../core/errors';
import type { INothing } from '../ui/sidebar/look';
import { widerPattern } from './query';
import type { IQuery } from './query';
import type { IDatalake } from './tokens';

/** Why there are no rows, and what to do about it. */
export function nothingHere(model: IDatalake, trans: ITrans): INothing {
  const { query, filter } = model;
  if (!query) {
    return filter
      ? {
          sentence: trans.__(
            'No scope has “%1” in its name. Choose a scope, or type scope:name.',
            filter
          ),
          action: {
            label: trans.__('Show all scopes'),
            onClick: () => model.showHome()
          }
        }
      : { sentence: trans.__('This data lake has no scopes yet.') };
  }
  const sentence = nothingFound(model.type, query, trans);
  if (model.type !== 'all') {
    return {
      sentence,
      action: {
        label: trans.__('Show all types'),
        onClick: () => void model.setType('all')
      }
    };
  }
  if (query.conditions) {
    return {
      sentence,
      action: {
        label: trans.__('Search without conditions'),
        onClick: () => void model.searchBy('')
      }
    };
  }
  return widerPattern(query.name) === null || query.pattern.startsWith('*')
    ? { sentence }
    : {
        sentence,
        action: {
          label: trans.__('Search inside names too'),
          onClick: () => void model.widen()
        }
      };
}

function nothingFound(type: string, query: IQuery, trans: ITrans): string {
  const { scope, pattern } = query;
  if (query.conditions) {
    return type === 'all'
      ? trans.__('Nothing in %1 matches these conditions.', scope)
      : trans.__('Nothing of this type in %1 matches these conditions.', scope);
  }
  switch (type) {
    case 'container':
      return trans.__('No container in %1 matches “%2”.', scope, pattern);
    case 'dataset':
      return trans.__('No dataset in %1 matches “%2”.', scope, pattern);
    case 'file':
      return trans.__('No file in %1 matches “%2”.', scope, pattern);
    default:
      return pattern === '*'
        ? trans.__('The scope %1 is empty.', scope)
        : trans.__('Nothing in %1 matches “%2”.', scope, pattern);
  }
}
