/** What a person typed in the search field, understood. Pure. */
import type { Intent } from '../ui/sidebar/base';
import { beginOfConditions } from './search/grammar';

export interface IQuery {
  scope: string;
  /** What Rucio is asked, with its `*` wildcards. */
  pattern: string;
  /** The name part as typed, '' when everything is meant. */
  name: string;
  /** Conditions on metadata as typed, '' for none. */
  conditions: string;
}

/**
 * Understand the text of the search field.
 *
 * `scope:name` names the scope; without it the scope at hand is meant. A name
 * may hold further colons and slashes (`cms:/A/B/C`), so only the first colon
 * counts. Conditions on metadata may follow (`fermi instrument=LAT`).
 */
export function understand(
  text: string,
  scopeAtHand: string | null,
  scopes: readonly string[]
): Intent<IQuery> {
  const begin = beginOfConditions(text);
  const conditions = text.slice(begin).trim();
  const search = (scope: string, name: string): Intent<IQuery> => ({
    kind: 'search',
    query: { scope, name, pattern: patternOf(name), conditions }
  });
  const typed = text
    .slice(0, begin)
    .trim()
    .replace(/^rucio:(?=[^:]+:)/, '');
  const colon = typed.indexOf(':');
  if (colon > 0) {
    return search(typed.slice(0, colon), typed.slice(colon + 1).trim());
  }
  if (scopeAtHand !== null) {
    return search(scopeAtHand, typed);
  }
  if (typed && scopes.includes(typed)) {
    return search(typed, '');
  }
  const fitting = matchingScopes(typed, scopes);
  if (typed && fitting.length === 1) {
    return search(fitting[0], '');
  }
  // No scope can be told from the text: show the scopes that fit it.
  return { kind: 'home', filter: typed };
}

/** The text that stands for a query, as a person types it. */
export function textOf({ scope, name, pattern, conditions }: IQuery): string {
  const target = `${scope}:${pattern === '*' ? '' : name}`;
  return conditions ? `${target} ${conditions}` : target;
}

/** `fermi` means "begins with fermi"; a pattern with a `*` stays as it is. */
export function patternOf(name: string): string {
  if (name === '') {
    return '*';
  }
  return name.includes('*') ? name : `${name}*`;
}

/** The same name anywhere inside, or null when that would be no wider. */
export function widerPattern(name: string): string | null {
  const bare = name.replace(/^\*+|\*+$/g, '');
  if (bare === '' || name.startsWith('*')) {
    return null;
  }
  return `*${bare}*`;
}

/** Scopes that begin with the text, then those that hold it. */
export function matchingScopes(
  text: string,
  scopes: readonly string[]
): string[] {
  const wanted = text.toLowerCase();
  const begins: string[] = [];
  const holds: string[] = [];
  for (const scope of scopes) {
    const at = scope.toLowerCase().indexOf(wanted);
    if (at === 0) {
      begins.push(scope);
    } else if (at > 0) {
      holds.push(scope);
    }
  }
  return [...begins, ...holds];
}
