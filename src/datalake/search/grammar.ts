/**
 * The conditions of a search: `instrument=LAT and bytes>1MB or format=FITS*`.
 *
 * The agent has the same grammar (`services/datalake/search/grammar.py`), says
 * precisely what is wrong, and decides; both are tested with the same table,
 * `tests/unit/services/datalake/search/grammar.json`. Pure.
 */

export const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const;

export type Operator = (typeof OPERATORS)[number];
export type Join = 'and' | 'or';

/** One row of the editor; the join of the first says nothing. */
export interface ICondition {
  join: Join;
  key: string;
  operator: Operator;
  value: string;
}

/** A search text, taken apart. */
export interface ISearchText {
  /** The DID or pattern before the conditions. */
  target: string;
  conditions: readonly ICondition[];
  /** Where the first mistake is, in characters from 0; null where there is none. */
  mistake: number | null;
}

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const KEY = `${QUOTED}|[^\\s=!<>"()]+`;
const OPERATOR = '==|!=|<=|>=|=|<|>';
const CONDITION = new RegExp(`(${KEY})\\s*(?:${OPERATOR})`, 'g');
const WHOLE = new RegExp(
  `(${KEY})\\s*(${OPERATOR})\\s*(${QUOTED}|[^\\s"]+)`,
  'y'
);
const BLANK = /\s*/y;
const JOIN = new RegExp(`(and|or)(?=\\s|$)(?!\\s*(?:${OPERATOR}))`, 'iy');

/** Where the conditions of a text begin; its length where it has none. */
export function beginOfConditions(text: string): number {
  const first = /^\s*(\S+)/.exec(text);
  let at = 0;
  if (first && !first[1].startsWith('"')) {
    const isDid = first[1].split(/[=!<>]/, 1)[0].includes(':');
    at = isDid ? first[0].length : 0;
  }
  CONDITION.lastIndex = at;
  for (let found = CONDITION.exec(text); found; found = CONDITION.exec(text)) {
    let begin = found.index;
    while (begin > at && text[begin - 1] === '(') {
      begin -= 1;
    }
    if (begin === 0 || /\s/.test(text[begin - 1])) {
      return begin;
    }
  }
  return text.length;
}

/** Take a text apart. */
export function parse(text: string): ISearchText {
  const begin = beginOfConditions(text);
  const target = text.slice(0, begin).trim();
  const conditions: ICondition[] = [];
  let at = skip(text, begin);
  let join: Join | null = null;
  while (at < text.length) {
    JOIN.lastIndex = at;
    const joint = JOIN.exec(text);
    if (joint) {
      if (join || conditions.length === 0) {
        return { target, conditions, mistake: at };
      }
      join = joint[1].toLowerCase() as Join;
      at = skip(text, JOIN.lastIndex);
      continue;
    }
    WHOLE.lastIndex = at;
    const found = WHOLE.exec(text);
    if (!found) {
      return { target, conditions, mistake: at };
    }
    const [, key, operator, value] = found;
    conditions.push({
      join: join ?? 'and',
      key: unquoted(key),
      operator: (operator === '==' ? '=' : operator) as Operator,
      value: unquoted(value)
    });
    join = null;
    at = skip(text, WHOLE.lastIndex);
  }
  return { target, conditions, mistake: join ? text.length : null };
}

/** Write conditions as a person types them. */
export function write(conditions: readonly ICondition[]): string {
  return conditions
    .map(({ join, key, operator, value }, index) => {
      const before = index === 0 || join === 'and' ? '' : 'or ';
      const name = needsQuotes(key) ? inQuotes(key) : quoted(key);
      return `${before}${name}${operator}${quoted(value)}`;
    })
    .join(' ');
}

/** A text as a value that stands for it. */
export function quoted(word: string): string {
  return word !== '' && !/[\s"\\]/.test(word) ? word : inQuotes(word);
}

/** Keys are quoted where they would be read as something else. */
function needsQuotes(key: string): boolean {
  return /[=!<>():]/.test(key) || /^(and|or)$/i.test(key);
}

function inQuotes(word: string): string {
  return `"${word.replace(/(["\\])/g, '\\$1')}"`;
}

function unquoted(word: string): string {
  return word.startsWith('"')
    ? word.slice(1, -1).replace(/\\(.)/g, '$1')
    : word;
}

function skip(text: string, at: number): number {
  BLANK.lastIndex = at;
  BLANK.exec(text);
  return BLANK.lastIndex;
}
