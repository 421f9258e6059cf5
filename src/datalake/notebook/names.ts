/** Names of variables. Pure. */
import type { ITrans } from '../../core/errors';
import { KEYWORDS, TAKEN } from '../python';

const LONGEST = 100;

/** Words of Python that may be names all the same. */
const SOFT = new Set(['match', 'case', 'type']);

/**
 * Whether a variable can have this name.
 *
 * ASCII only: Python has the letters of all scripts, some of which look alike.
 * `_1` and `__x__` are IPython's and Python's.
 */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= LONGEST &&
    /^_?[A-Za-z]\w*$/.test(value) &&
    (!KEYWORDS.has(value) || SOFT.has(value))
  );
}

/** Why a name that was typed cannot be that of a variable, or null. */
export function problemOf(
  name: string,
  others: readonly string[],
  trans: ITrans
): string | null {
  if (name === '') {
    return trans.__('Type the name of a variable.');
  }
  if (KEYWORDS.has(name)) {
    return trans.__('%1 is a word of Python.', name);
  }
  if (!isName(name)) {
    return trans.__(
      'A name has letters without accents, digits and _, and begins with a letter.'
    );
  }
  if (TAKEN.has(name)) {
    return trans.__('%1 means something else in Python.', name);
  }
  if (others.includes(name)) {
    return trans.__('%1 is the name of another attachment.', name);
  }
  return null;
}
