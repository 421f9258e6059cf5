import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import {
  attachExpression,
  plainExpression,
  readPlain,
  readReport
} from './inject';
import type { IAttachment } from './metadata';

const one: IAttachment = {
  variable: 'data',
  ref: 'rucio:demo:a',
  instance: null,
  style: 'files'
};

/** Evaluate an expression as IPython does, after some code; gives text and value. */
function python(
  before: string,
  expression: string
): { said: string; value: string } {
  const program = `import json, sys
names = {"__builtins__": __builtins__}
exec(sys.argv[1], names)
said = repr(eval(sys.argv[2], names))
print(json.dumps({"said": said, "value": repr(names["data"])}))`;
  const answer = execFileSync('python3', ['-c', program, before, expression], {
    encoding: 'utf8'
  });
  return JSON.parse(answer) as { said: string; value: string };
}

const PATHS = ['/data/a b', '/data/"); import os; x = ("', '/data/\u202e'];

test('the report of a kernel with our package is read', () => {
  const text = '{"a": "set", "b": "taken by DataFrame", "c": "absent"}';
  expect(readReport({ text })).toEqual(
    new Map<string, object>([
      ['a', { kind: 'set' }],
      ['b', { kind: 'taken', type: 'DataFrame' }],
      ['c', { kind: 'absent' }]
    ])
  );
  expect(readReport({ error: 'ModuleNotFoundError' })).toBeNull();
  expect(readReport({ text: '<Report>' })).toBeNull();
  expect(readReport({ text: '7' })).toBeNull();
  expect(readReport(undefined)).toBeNull();
});

test('what is asked of our package names job, shape and variable', () => {
  expect(attachExpression([{ attachment: one, job: 'j"1' }], true)).toBe(
    '__import__("importlib").import_module(' +
      '"escape_vre.services.datalake.notebook.api")' +
      '.attach(globals(), {"data": ["j\\"1", "files"]}, overwrite=True)'
  );
});

test('without our package a variable is a list of paths', () => {
  const { said, value } = python('', plainExpression(one, PATHS, false));
  expect(readPlain({ text: said })).toEqual({ kind: 'set' });
  expect(value).toMatch(/^\[PosixPath\('\/data\/a b'\), /);
  expect(value).toContain('import os');
});

test('of rucio-jupyterlab’s it is text, or a list of text', () => {
  const file = { ...one, style: 'peer-file' } as const;
  const files = { ...one, style: 'peer-files' } as const;
  expect(python('', plainExpression(file, ['/a'], false)).value).toBe("'/a'");
  expect(python('', plainExpression(files, ['/a'], false)).value).toBe(
    "['/a']"
  );
});

test('another value is kept unless it is to be overwritten', () => {
  const before = 'data = 7';
  const kept = python(before, plainExpression(one, PATHS, false));
  expect(readPlain({ text: kept.said })).toEqual({
    kind: 'taken',
    type: 'int'
  });
  expect(kept.value).toBe('7');
  const lost = python(before, plainExpression(one, ['/a'], true));
  expect(readPlain({ text: lost.said })).toEqual({ kind: 'set' });
  expect(lost.value).toBe("[PosixPath('/a')]");
  const same = python(
    'import pathlib\ndata = [pathlib.Path("/a")]',
    plainExpression(one, ['/a'], false)
  );
  expect(readPlain({ text: same.said })).toEqual({ kind: 'set' });
  expect(readPlain({ error: 'ValueError' })).toBeNull();
});
