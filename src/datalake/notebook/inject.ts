/**
 * What a Python kernel is asked to evaluate, and what it answers. Pure.
 *
 * Expressions, not code: they leave no names behind, and the reply holds their
 * values, also where the execution is silent.
 */
import { pythonString } from '../python';
import type { IAttachment } from './metadata';

/** What became of a variable in the kernel. */
export type Variable =
  /** It has the data. */
  | { kind: 'set' }
  /** It has another value, of this type. */
  | { kind: 'taken'; type: string }
  /** The files are not on the kernel's machine, or no longer. */
  | { kind: 'absent' };

/** An attachment whose data is here: the job that got it has its files. */
export interface IReady {
  attachment: IAttachment;
  job: string;
}

/** The value of an expression: its text, or the kind of error. */
export type Value = { text: string } | { error: string };

/** The module that a kernel with our package has. */
const OURS = 'escape_vre.services.datalake.notebook.api';

/** Where expressions of many are told apart. */
export const ALL = 'attached';

/** Sets variables to the files of jobs, in a kernel that has our package. */
export function attachExpression(
  ready: readonly IReady[],
  overwrite: boolean
): string {
  const wanted = ready.map(
    ({ attachment: { variable, style }, job }) =>
      `${pythonString(variable)}: [${pythonString(job)}, ${pythonString(style)}]`
  );
  const options = overwrite ? ', overwrite=True' : '';
  return (
    `__import__("importlib").import_module(${pythonString(OURS)})` +
    `.attach(globals(), {${wanted.join(', ')}}${options})`
  );
}

/** What `attachExpression` says of each variable; null where it says nothing. */
export function readReport(
  value: Value | undefined
): Map<string, Variable> | null {
  if (!value || 'error' in value) {
    return null;
  }
  let report: unknown;
  try {
    report = JSON.parse(value.text);
  } catch {
    return null;
  }
  if (typeof report !== 'object' || report === null) {
    return null;
  }
  return new Map(
    Object.entries(report).map(([name, said]) => [name, readOne(String(said))])
  );
}

/**
 * Sets one variable in a kernel that has no package of ours.
 *
 * `pathlib` and lists are in every Python: a notebook that uses `x[0]` or
 * `for path in x` runs in both.
 */
export function plainExpression(
  { variable, style }: IAttachment,
  paths: readonly string[],
  overwrite: boolean
): string {
  const texts = paths.map(pythonString);
  const list = `[${texts.join(', ')}]`;
  const value =
    style === 'files'
      ? `list(map(__import__("pathlib").Path, ${list}))`
      : style === 'peer-file' && texts.length === 1
        ? texts[0]
        : list;
  const name = pythonString(variable);
  return overwrite
    ? `globals().update({${name}: ${value}}) or "set"`
    : '(lambda there, new: "set" if there is new ' +
        'or type(there) is type(new) and there == new ' +
        'else "taken by " + type(there).__name__)' +
        `(*(lambda new: (globals().setdefault(${name}, new), new))(${value}))`;
}

/** What `plainExpression` says. */
export function readPlain(value: Value | undefined): Variable | null {
  return value && 'text' in value
    ? readOne(value.text.replace(/^['"]|['"]$/g, ''))
    : null;
}

function readOne(said: string): Variable {
  return said === 'set' || said === 'absent'
    ? { kind: said }
    : { kind: 'taken', type: said.replace(/^taken by /, '').slice(0, 60) };
}
