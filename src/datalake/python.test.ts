import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { codeFor, namesIn, pythonString, variableFor } from './python';

const HOSTILE = [
  '../../x',
  'a\0b',
  '/A/B/C',
  'x'.repeat(250),
  'two\nlines',
  'quote " and \' and \\ and \\n',
  '"); import os; os.system("x") #',
  '"""',
  'tab\tand\rreturn\u2028sep\u2029',
  '\u202egnirts',
  'é ü 文 🔭',
  'last\\'
];

describe('a Python string', () => {
  test('holds exactly the text, whatever the text', () => {
    const literals = HOSTILE.map(pythonString);
    expect(literals.every(literal => !/[\n\r\0]/.test(literal))).toBe(true);
    const program = `import ast, json, sys
print(json.dumps([ast.literal_eval(line) for line in json.load(sys.stdin)]))`;
    const answer = execFileSync('python3', ['-c', program], {
      input: JSON.stringify(literals),
      encoding: 'utf8'
    });
    expect(JSON.parse(answer)).toEqual(HOSTILE);
  });
});

describe('a variable', () => {
  const none = new Set<string>();
  const named = (name: string, type = 'dataset', taken = none) =>
    variableFor({ scope: 'demo', name, type }, taken);

  test('is the last part of the name', () => {
    expect(named('fermi.lightcurves')).toBe('lightcurves');
    expect(named('/A/B/C')).toBe('C');
    expect(named('cms:/A/B/NANO')).toBe('NANO');
  });

  test('leaves out the ending of a file', () => {
    expect(named('lc_0001.fits', 'file')).toBe('lc_0001');
    expect(named('run.simtel.zst', 'file')).toBe('run');
    expect(named('raw.2026', 'file')).toBe('data_2026');
  });

  test('is a valid name that takes nobody else’s', () => {
    expect(named('a.2026-11')).toBe('data_2026_11');
    expect(named('x.class')).toBe('class_data');
    expect(named('x.list')).toBe('list_data');
    expect(named('…')).toBe('data');
    expect(named('naïve')).toBe('nai_ve');
    for (const name of HOSTILE) {
      expect(named(name)).toMatch(/^[A-Za-z_]\w*$/);
    }
  });

  test('gets a number when the notebook has one of that name', () => {
    const taken = namesIn(['lightcurves = 1\nlightcurves_2 = 2']);
    expect(named('fermi.lightcurves', 'dataset', taken)).toBe('lightcurves_3');
  });
});

describe('the code', () => {
  const did = { scope: 'demo', name: 'fermi.lightcurves', type: 'dataset' };
  const after = (...above: string[]) =>
    codeFor([did], { above, all: above }, null);

  test('imports once in a notebook', () => {
    expect(after()).toBe(
      'import escape_vre\n\nlightcurves = escape_vre.get("demo:fermi.lightcurves")'
    );
    for (const source of [
      'import escape_vre',
      'import os, escape_vre\n',
      'x = 1\nimport escape_vre  # ours',
      '"""A text."""\nimport escape_vre'
    ]) {
      expect(after(source)).toBe(
        'lightcurves = escape_vre.get("demo:fermi.lightcurves")'
      );
    }
  });

  test('imports again where nothing above does so for all cells', () => {
    for (const source of [
      'import escape_vre as vre',
      'import escape_vre_more',
      'from escape_vre import get',
      '# import escape_vre',
      'def load():\n    import escape_vre',
      '"""\nimport escape_vre\n"""',
      "text = '''\nimport escape_vre\n'''",
      '%%writefile load.py\nimport escape_vre'
    ]) {
      expect(after(source)).toMatch(/^import escape_vre\n/);
    }
  });

  test('runs from the top: an import below does not count, a name does', () => {
    const below = ['import escape_vre\nlightcurves = 1'];
    expect(codeFor([did], { above: [], all: below }, null)).toBe(
      'import escape_vre\n\nlightcurves_2 = escape_vre.get("demo:fermi.lightcurves")'
    );
  });

  test('gives each of several its own variable, and names another lake', () => {
    const above = ['import escape_vre'];
    const twice = codeFor([did, did], { above, all: above }, 'other');
    expect(twice.split('\n')).toEqual([
      'lightcurves = escape_vre.get("demo:fermi.lightcurves", instance="other")',
      'lightcurves_2 = escape_vre.get("demo:fermi.lightcurves", instance="other")'
    ]);
  });
});
