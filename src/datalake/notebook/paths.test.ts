import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { codeOf, pathsCell } from './paths';

const paths = ['/data/a', '/data/it\'s $x "y" \\n `z`\n'];
const one = { variable: 'curves', did: 'demo:a\nb', paths };

test('R gets a vector', () => {
  expect(pathsCell('R', { ...one, variable: '_next' })).toEqual({
    type: 'code',
    source: [
      '# demo:a?b',
      '`_next` <- c(',
      '  "/data/a",',
      '  "/data/it\'s $x \\"y\\" \\\\n `z`\\u000a"',
      ')'
    ].join('\n')
  });
});

test('Julia gets an array, in which nothing is interpolated', () => {
  const { source } = pathsCell('julia', { ...one, variable: 'end' });
  expect(source.split('\n')).toEqual([
    '# demo:a?b',
    'var"end" = [',
    '  "/data/a",',
    '  "/data/it\'s \\$x \\"y\\" \\\\n `z`\\u000a"',
    ']'
  ]);
});

test('bash gets an array with exactly the paths', () => {
  const { source } = pathsCell('bash', one);
  const shown = execFileSync(
    'bash',
    ['-c', `${source}\nprintf '%s|' "\${curves[@]}"`],
    { encoding: 'utf8' }
  );
  expect(shown).toBe(`${paths.join('|')}|`);
});

test('what has another language gets text in which nothing means anything', () => {
  const cell = pathsCell('fortran', { ...one, did: '<b>demo</b>:*a*' });
  expect(cell.type).toBe('markdown');
  expect(cell.source.split('\n').every(line => line.startsWith('    '))).toBe(
    true
  );
  expect(cell.source).toContain('/data/a');
});

test('Python gets the line that has the same value', () => {
  const attachment = {
    variable: 'curves',
    ref: 'rucio:cms:/A/"B"',
    instance: null,
    style: 'files'
  } as const;
  const call = 'escape_vre.get("cms:/A/\\"B\\"")';
  expect(codeOf(attachment)).toBe(`curves = ${call}`);
  expect(codeOf({ ...attachment, instance: 'pond' })).toContain(
    ', instance="pond")'
  );
  expect(codeOf({ ...attachment, style: 'peer-file' })).toBe(
    `curves = str(${call}.path)`
  );
  expect(codeOf({ ...attachment, style: 'peer-files' })).toBe(
    `curves = [str(path) for path in ${call}]`
  );
});
