import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, quoted, write } from './grammar';
import type { ICondition } from './grammar';

type Parsed = [string, string | null, string, [string, string, string][][]];
type Examples = {
  parsed: Parsed[];
  mistakes: [string, number, number][];
  quoted: [string, string][];
};

const examples = JSON.parse(
  readFileSync(
    new URL(
      '../../../tests/unit/services/datalake/search/grammar.json',
      import.meta.url
    ),
    'utf8'
  )
) as Examples;

/** Groups of conditions, as the agent has them. */
function groups(conditions: readonly ICondition[]): string[][][] {
  const found: string[][][] = [];
  conditions.forEach(({ join, key, operator, value }, index) => {
    if (index === 0 || join === 'or') {
      found.push([]);
    }
    found.at(-1)?.push([key, operator, value]);
  });
  return found;
}

test.each(examples.parsed)('%s is understood as the agent does', (...row) => {
  const [text, , , expected] = row;
  const { conditions, mistake } = parse(text);
  expect(groups(conditions)).toEqual(expected);
  expect(mistake).toBeNull();
});

test.each(examples.parsed)('%s is written as it is read', (...row) => {
  const { target, conditions } = parse(row[0]);
  const again = parse(`${target} ${write(conditions)}`);
  expect(again.conditions).toEqual(conditions);
  expect(again.target).toBe(target);
});

test.each(examples.mistakes.filter(([, at]) => at > 0))(
  '%s has a mistake',
  text => {
    expect(parse(text).mistake).not.toBeNull();
  }
);

test.each(examples.quoted)('%s is quoted as the agent does', (value, text) => {
  expect(quoted(value)).toBe(text);
});
