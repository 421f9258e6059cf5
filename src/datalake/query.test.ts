import { describe, expect, test } from 'vitest';
import { matchingScopes, textOf, understand, widerPattern } from './query';

const SCOPES = ['cms', 'demo', 'demo.user', 'fermi'];

function search(text: string, atHand: string | null = null): unknown {
  const intent = understand(text, atHand, SCOPES);
  return intent.kind === 'search'
    ? [intent.query.scope, intent.query.pattern]
    : `scopes ${intent.filter}`;
}

describe('the search text', () => {
  test('searches the scope at hand for what begins with it', () => {
    expect(search('fermi', 'demo')).toEqual(['demo', 'fermi*']);
    expect(search('', 'demo')).toEqual(['demo', '*']);
    expect(search('  x  ', 'demo')).toEqual(['demo', 'x*']);
  });

  test('changes the scope before the first colon only', () => {
    expect(search('cms:/A/B/C', 'demo')).toEqual(['cms', '/A/B/C*']);
    expect(search('cms:a:b')).toEqual(['cms', 'a:b*']);
    expect(search('demo:')).toEqual(['demo', '*']);
    expect(search('rucio:demo:fermi')).toEqual(['demo', 'fermi*']);
  });

  test('keeps the wildcards of who knows them', () => {
    expect(search('*.fits', 'demo')).toEqual(['demo', '*.fits']);
    expect(search('demo:a*b')).toEqual(['demo', 'a*b']);
  });

  test('may be followed by conditions', () => {
    const conditions = 'instrument=LAT or bytes > 1MB';
    const intent = understand(`my file ${conditions}`, 'demo', SCOPES);
    expect(intent).toEqual({
      kind: 'search',
      query: { scope: 'demo', name: 'my file', pattern: 'my file*', conditions }
    });
    expect(search('cms:/A/B/C a=1')).toEqual(['cms', '/A/B/C*']);
    expect(search('a=1', 'demo')).toEqual(['demo', '*']);
    expect(search('a=1')).toBe('scopes ');
  });

  test('is written again as it is understood', () => {
    for (const text of ['demo:', 'demo:x', 'demo:x a=1', 'demo: a=1 or b<2']) {
      const intent = understand(text, null, SCOPES);
      expect(intent.kind === 'search' && textOf(intent.query)).toBe(text);
    }
  });

  test('means a scope when none is at hand', () => {
    expect(search('demo')).toEqual(['demo', '*']);
    expect(search('fer')).toEqual(['fermi', '*']);
    expect(search('dem')).toBe('scopes dem');
    expect(search('zzz')).toBe('scopes zzz');
  });
});

test('widens to inside names, unless it is wide already', () => {
  expect(widerPattern('fermi')).toBe('*fermi*');
  expect(widerPattern('fermi*')).toBe('*fermi*');
  expect(widerPattern('*fermi')).toBeNull();
  expect(widerPattern('')).toBeNull();
});

test('scopes that begin with the text come first', () => {
  expect(matchingScopes('m', SCOPES)).toEqual([
    'cms',
    'demo',
    'demo.user',
    'fermi'
  ]);
  expect(matchingScopes('DE', SCOPES)).toEqual(['demo', 'demo.user']);
});
