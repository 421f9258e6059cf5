import { expect, test } from 'vitest';
import type { ILoss, IPreview, IRse, IRule, ITrouble } from '../api';
import type { IPlurals } from '../put/words';
import { attributesOf, rseChoices } from '../rses/words';
import {
  lossLines,
  previewLines,
  ruleFacts,
  ruleState,
  ruleTitle,
  troubleText
} from './words';

const fill = (text: string, args: (string | number)[]) =>
  text.replace(/%(\d)/g, (_, at) => String(args[Number(at) - 1]));
const trans: IPlurals = {
  __: (text, ...args) => fill(text, args),
  _n: (one, many, n, ...args) => fill(n === 1 ? one : many, [n, ...args])
};

const RULE = {
  id: 'r',
  state: 'OK',
  copies: 2,
  expression: 'country=NL',
  fraction: null,
  why: null,
  expires: null,
  mine: true,
  account: 'jane',
  comment: null,
  locked: false
} as unknown as IRule;

const state = (more: Partial<IRule>) => {
  const { shape, word, sentence } = ruleState({ ...RULE, ...more }, trans);
  return [shape, word, sentence];
};

test('each state of a rule has a shape and a word', () => {
  expect(state({})).toEqual(['here', 'complete', 'complete']);
  expect(state({ state: 'REPLICATING', fraction: 0.42 })).toEqual([
    'moving',
    'replicating 42 %',
    'replicating 42 %'
  ]);
  expect(state({ state: 'STUCK', why: 'No route.' })).toEqual([
    'problem',
    'stuck',
    'stuck: No route.'
  ]);
  expect(state({ state: 'SUSPENDED' })[0]).toBe('blocked');
  expect(state({ state: 'SOMETHING' })).toEqual([
    'unknown',
    'something',
    'something'
  ]);
});

test('a rule says how many copies, where, until when, and whose it is', () => {
  expect(ruleTitle(RULE, trans)).toBe('2 copies at country=NL');
  expect(ruleFacts(RULE, trans)).toBe('no end');
  expect(
    ruleFacts(
      {
        ...RULE,
        expires: '2026-12-24T12:00:00Z',
        mine: false,
        comment: 'paper'
      },
      trans
    )
  ).toMatch(/^until .*2026.* · by jane · paper$/);
});

test('why a file has not arrived', () => {
  const trouble = {
    ref: 'rucio:demo:a.fits',
    rse: 'SOUTH',
    source: 'NORTH',
    attempts: 3,
    reason: 'Connection refused.'
  } as ITrouble;
  expect(troubleText(trouble, trans)).toBe(
    'demo:a.fits from NORTH to SOUTH: Connection refused. (tried 3 times)'
  );
});

const NORTH = {
  name: 'NORTH',
  tape: false,
  writable: true,
  free: 2e9,
  quota: { used: 0, files: 0, limit: 1e9, left: 1e9 },
  attributes: {
    country: 'NL',
    NORTH: true,
    site: 'NORTH',
    cheap: true,
    fts: 'https://x'
  }
} as unknown as IRse;

test('an RSE is described by what a person chooses it by', () => {
  const closed = { ...NORTH, name: 'CLOSED', writable: false };
  const empty = {
    ...NORTH,
    name: 'EMPTY',
    quota: { used: 0, files: 0, limit: 0, left: 0 }
  };
  expect(attributesOf(NORTH)).toEqual(['country=NL', 'cheap']);
  expect(rseChoices([closed, empty, NORTH], trans)).toEqual([
    {
      value: 'NORTH',
      label: 'NORTH',
      more: '2.0 GB free · 1.0 GB of your quota left · country=NL · cheap',
      obstacle: undefined
    },
    expect.objectContaining({
      value: 'CLOSED',
      obstacle: 'It accepts no files at present.'
    }),
    expect.objectContaining({
      value: 'EMPTY',
      obstacle: 'You have no quota there.'
    })
  ]);
});

test('a preview says which RSEs match, how much it is, and a refusal first', () => {
  const preview = {
    rses: [NORTH],
    usable: ['NORTH'],
    copies: 2,
    bytes: 10,
    files: 3,
    expires: null,
    refusal: null,
    hint: null,
    warnings: ['It is on tape.']
  } as IPreview;
  const lines = previewLines(preview, trans);
  expect(lines.map(({ kind, text }) => [kind, text])).toEqual([
    ['fine', 'One RSE matches.'],
    ['plain', '20 B in all, 3 files in each copy.'],
    ['warning', 'It is on tape.']
  ]);
  expect(lines[0].items?.[0]).toContain('NORTH: 2.0 GB free');
  const refused = { ...preview, refusal: 'Only one RSE matches.', hint: null };
  expect(previewLines(refused, trans)[0]).toEqual({
    kind: 'problem',
    text: 'Only one RSE matches.'
  });
});

test('what is lost with a rule is a warning, unless other rules keep it', () => {
  const loss = {
    unprotected: 2,
    examples: ['demo:a'],
    message: 'No other rule keeps 2 files.',
    note: null
  } as unknown as ILoss;
  expect(lossLines(loss)).toEqual([
    {
      kind: 'warning',
      text: 'No other rule keeps 2 files.',
      items: ['demo:a']
    }
  ]);
  expect(lossLines({ ...loss, unprotected: 0 })[0].kind).toBe('fine');
});
