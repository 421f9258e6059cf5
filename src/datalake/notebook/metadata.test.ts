import { describe, expect, test } from 'vitest';
import { attach, detach, read, rename } from './metadata';
import type { IAttachment, IMetadata } from './metadata';
import { isName, problemOf } from './names';

const trans = {
  __: (text: string, ...args: (string | number)[]) =>
    text.replace(/%(\d)/g, (_, index) => String(args[Number(index) - 1]))
};

const ours = (...attachments: unknown[]): IMetadata => ({
  ours: { attachments },
  peer: undefined
});
const peer = (...attachments: unknown[]): IMetadata => ({
  ours: undefined,
  peer: attachments
});

const CURVES: IAttachment = {
  variable: 'curves',
  ref: 'rucio:demo:fermi.lightcurves',
  instance: null,
  style: 'files'
};

describe('what is read', () => {
  test('is what we write', () => {
    const other = { ...CURVES, variable: 'other', instance: 'pond' };
    const written = attach(attach(ours(), CURVES), other);
    expect(written.ours).toEqual({
      attachments: [
        { variable: 'curves', ref: CURVES.ref },
        { variable: 'other', ref: CURVES.ref, instance: 'pond' }
      ]
    });
    expect(read(written)).toEqual([CURVES, other]);
  });

  test('is what rucio-jupyterlab writes', () => {
    const did = 'cms:/A/B/C:x';
    const list = [
      { did, type: 'collection', variableName: 'c' },
      { did: 'demo:a.fits', type: 'file', variableName: '_f' }
    ];
    expect(read(peer(...list))).toEqual([
      {
        variable: 'c',
        ref: `rucio:${did}`,
        instance: null,
        style: 'peer-files'
      },
      {
        variable: '_f',
        ref: 'rucio:demo:a.fits',
        instance: null,
        style: 'peer-file'
      }
    ]);
  });

  test.each([
    undefined,
    null,
    7,
    'rucio:demo:a',
    {},
    { attachments: {} },
    { attachments: 'x' },
    [[]],
    { attachments: [null, 7, 'x', [], {}] }
  ])('is nothing where metadata makes no sense: %j', some => {
    expect(read({ ours: some, peer: some })).toEqual([]);
  });

  test.each([
    { variable: 'a b', ref: 'rucio:demo:a' },
    { variable: '1a', ref: 'rucio:demo:a' },
    { variable: 'class', ref: 'rucio:demo:a' },
    { variable: 'é', ref: 'rucio:demo:a' },
    { variable: '__builtins__', ref: 'rucio:demo:a' },
    { variable: 'a\n', ref: 'rucio:demo:a' },
    { variable: 'a'.repeat(1000), ref: 'rucio:demo:a' },
    { variable: ['a'], ref: 'rucio:demo:a' },
    { variable: 'a', ref: 'demo:a' },
    { variable: 'a', ref: 'rucio:demo' },
    { variable: 'a', ref: 'rucio::a' },
    { variable: 'a', ref: 'https://example.org/a:b:c' },
    { variable: 'a', ref: `rucio:demo:${'a'.repeat(10_000)}` },
    { variable: 'a', ref: 7 },
    { variable: 'a', ref: 'rucio:demo:a', instance: 7 },
    { variable: 'a' },
    { ref: 'rucio:demo:a' }
  ])('leaves out an entry of ours that makes no sense: %j', entry => {
    expect(read(ours(entry, { variable: 'b', ref: CURVES.ref }))).toEqual([
      { ...CURVES, variable: 'b' }
    ]);
  });

  test('has each variable once, ours first', () => {
    const both = {
      ...ours(
        { variable: 'a', ref: 'rucio:demo:1' },
        { variable: 'a', ref: 'rucio:demo:2' }
      ),
      peer: [{ did: 'demo:3', type: 'file', variableName: 'a' }]
    };
    expect(read(both).map(({ ref }) => ref)).toEqual(['rucio:demo:1']);
  });

  test('has an end', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      variable: `v${index}`,
      ref: 'rucio:demo:a'
    }));
    expect(read(ours(...many))).toHaveLength(500);
  });
});

describe('what is changed', () => {
  const strange = { variable: 'class', more: [1] };
  const both: IMetadata = {
    ours: {
      kept: true,
      attachments: [strange, { variable: 'a', ref: 'rucio:demo:1', note: 'n' }]
    },
    peer: [7, { did: 'demo:2', type: 'file', variableName: 'b', more: 1 }]
  };

  test('is changed where it stands, and all else stays', () => {
    const renamed = rename(rename(both, 'a', 'x'), 'b', 'y');
    expect(renamed).toEqual({
      ours: {
        kept: true,
        attachments: [
          strange,
          { variable: 'x', ref: 'rucio:demo:1', note: 'n' }
        ]
      },
      peer: [7, { did: 'demo:2', type: 'file', variableName: 'y', more: 1 }]
    });
    expect(detach(detach(both, 'a'), 'b')).toEqual({
      ours: { kept: true, attachments: [strange] },
      peer: [7]
    });
  });

  test('leaves no empty keys', () => {
    expect(detach(ours({ variable: 'a', ref: CURVES.ref }), 'a').ours).toBe(
      undefined
    );
    const file = { did: 'demo:2', type: 'file', variableName: 'b' };
    expect(detach(peer(file), 'b').peer).toBe(undefined);
  });

  test('can be undone, in the key where it was', () => {
    for (const before of [
      ours({ variable: 'a', ref: CURVES.ref, instance: 'pond' }),
      peer({ did: 'demo:2', type: 'file', variableName: 'a' }),
      peer({ did: 'demo:2', type: 'collection', variableName: 'a' })
    ]) {
      const [one] = read(before);
      expect(attach(detach(before, 'a'), one)).toEqual(before);
    }
  });

  test('does not touch what is no list', () => {
    const odd = { ours: { attachments: 'x' }, peer: { a: 1 } };
    expect(detach(odd, 'a')).toEqual(odd);
    expect(attach(odd, CURVES)).toEqual({
      ours: { attachments: [{ variable: 'curves', ref: CURVES.ref }] },
      peer: { a: 1 }
    });
  });
});

describe('a name that is typed', () => {
  test('is checked with a sentence', () => {
    const problem = (name: string) => problemOf(name, ['other'], trans);
    expect(problem('')).toBe('Type the name of a variable.');
    expect(problem('class')).toBe('class is a word of Python.');
    expect(problem('list')).toBe('list means something else in Python.');
    expect(problem('other')).toBe('other is the name of another attachment.');
    for (const name of [
      '1a',
      'a-b',
      'a b',
      'é',
      '__x',
      '_1',
      'x'.repeat(200)
    ]) {
      expect(problem(name)).toMatch(/^A name has letters/);
    }
    expect(problem('lc_2026')).toBeNull();
  });

  test('may be a word that Python takes for one in some places only', () => {
    expect(isName('match')).toBe(true);
    expect(isName('lambda')).toBe(false);
  });
});
