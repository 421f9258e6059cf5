import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IJob } from '../../core/api';
import { AgentError } from '../../core/errors';
import type { IAgent, IJobs } from '../../core/tokens';
import type { IRowState } from '../api';
import { Attached } from './attached';
import type { Value } from './inject';
import { ALL } from './inject';
import type { IMetadata } from './metadata';
import type { IDataSettings, INotebook } from './tokens';
import { describeEntry, summarize } from './words';

const trans = {
  __: (text: string, ...args: (string | number)[]) =>
    text.replace(/%(\d)/g, (_, index) => String(args[Number(index) - 1]))
};

/** What happened, in its order. */
let log: string[];
let states: Record<string, Partial<IRowState>>;
/** What the agent answers a get with, by the ref. */
let gets: Record<string, Partial<IJob> | AgentError>;
let files: string[];
let answers: ((expression: string) => Value)[];
let settings: IDataSettings;
let notebook: FakeNotebook;
let known: Map<string, IJob>;
let attached: Attached;

class FakeNotebook implements INotebook {
  readonly metadataChanged = new Signal<this, void>(this);
  readonly kernelBegan = new Signal<this, void>(this);
  cells: string[] = [];
  language = 'python';
  hasKernel = true;

  get metadata(): IMetadata {
    return this._metadata;
  }

  set metadata(metadata: IMetadata) {
    this._metadata = metadata;
    this.metadataChanged.emit();
  }

  get kernel() {
    return this.hasKernel
      ? {
          language: Promise.resolve(this.language),
          evaluate: (expressions: Record<string, string>) => {
            const expression = expressions[ALL];
            const names =
              /attach\(globals\(\), \{(.*?)\}/.exec(expression)?.[1] ?? 'plain';
            log.push(`set ${names.replace(/"/g, '')}`);
            const answer = answers.shift() ?? allSet;
            return Promise.resolve({ [ALL]: answer(expression) });
          }
        }
      : null;
  }

  private _metadata: IMetadata = { ours: undefined, peer: undefined };
}

/** What the package says where nothing is in the way. */
function allSet(expression: string): Value {
  const names = [...expression.matchAll(/"(\w+)": \[/g)].map(([, one]) => one);
  const report = Object.fromEntries(names.map(name => [name, 'set']));
  return { text: JSON.stringify(report) };
}

const ended = new Signal<IJobs, IJob>({} as IJobs);
const jobs = {
  changed: new Signal<IJobs, void>({} as IJobs),
  ended,
  active: [],
  get: (id: string) => known.get(id),
  activeFor: () => undefined,
  put: (job: IJob) => known.set(job.id, job)
} as unknown as IJobs;

const progress = { unit: 'bytes', done: 0, total: null, parts: [] };

const agent = {
  request: (_: string, path: string, options: { body: { refs: string[] } }) => {
    const { refs } = options.body;
    if (path === 'datalake/states') {
      log.push(`look ${refs.join()}`);
      const rows = refs.map(ref => ({
        ...{ ref, local: 'elsewhere', sites: [], job: null, problem: null },
        ...states[ref]
      }));
      return Promise.resolve({ rows });
    }
    log.push(`get ${refs.join()}`);
    const job = gets[refs[0]];
    return job instanceof AgentError
      ? Promise.reject(job)
      : Promise.resolve({ state: 'done', refs, progress, ...job });
  },
  stream: (path: string, { onRows }: { onRows: (rows: object[]) => void }) => {
    log.push(`files ${path}`);
    onRows(files.map(file => ({ path: file, state: 'here' })));
    return Promise.resolve({ count: 1, truncated: false });
  }
} as unknown as IAgent;

const A = { variable: 'a', ref: 'rucio:demo:a' };
const B = { variable: 'b', ref: 'rucio:demo:b' };

function begin(...attachments: object[]): void {
  notebook.metadata = { ours: { attachments }, peer: undefined };
  attached = new Attached({
    notebook,
    agent,
    jobs,
    settings: () => settings,
    trans
  });
}

const settled = () => new Promise(resolve => setTimeout(resolve));

function view(variable: string) {
  const entry = attached.get(variable)!;
  const state = attached.stateOf(entry);
  return describeEntry(entry, state, attached.jobOf(entry), trans);
}

beforeEach(() => {
  log = [];
  states = {};
  gets = { [A.ref]: { id: '1' }, [B.ref]: { id: '2' } };
  files = ['/data/a'];
  answers = [];
  settings = { getAtStart: true, askAboveBytes: 1e9 };
  notebook = new FakeNotebook();
  known = new Map();
});

afterEach(() => attached.dispose());

test('a kernel that is there gets what is attached', async () => {
  states[A.ref] = { local: 'here' };
  begin(A);
  await settled();
  expect(log).toEqual([`look ${A.ref}`, `get ${A.ref}`, 'set a: [1, files]']);
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
  expect(view('a')).toMatchObject({ state: { shape: 'here' }, sentence: '' });
});

test('without a kernel nothing is fetched', async () => {
  notebook.hasKernel = false;
  begin(A);
  await settled();
  expect(log).toEqual([]);
});

test('at a restart what was here is set before anything is asked', async () => {
  begin(A);
  await settled();
  log = [];
  notebook.kernelBegan.emit();
  await settled();
  expect(log.sort()).toEqual(
    ['set a: [1, files]', `look ${A.ref}`, `get ${A.ref}`].sort()
  );
  // Newer data has another job, and replaces it.
  gets[A.ref] = { id: '9' };
  log = [];
  notebook.kernelBegan.emit();
  await settled();
  expect(log.filter(one => one.startsWith('set'))).toEqual([
    'set a: [1, files]',
    'set a: [9, files]'
  ]);
});

test('a variable comes when its transfer ends', async () => {
  gets[A.ref] = { id: '1', state: 'running' };
  begin(A);
  await settled();
  expect(log.some(one => one.startsWith('set'))).toBe(false);
  ended.emit({ id: 'another', state: 'done' } as IJob);
  const job = { id: '1', state: 'done', refs: [A.ref] } as unknown as IJob;
  known.set('1', job);
  ended.emit(job);
  await settled();
  expect(log).toContain('set a: [1, files]');
});

test('a transfer that fails says why, and can be tried again', async () => {
  const error = { code: 'x', message: 'It broke.', hint: 'Wait.' };
  gets[A.ref] = { id: '1', state: 'failed', error } as unknown as IJob;
  begin(A);
  await settled();
  expect(view('a')).toMatchObject({
    state: { shape: 'problem', word: 'failed' },
    sentence: 'It broke. Wait.',
    remedies: ['get']
  });
  gets[A.ref] = { id: '2' };
  await attached.bring('a');
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
});

test('what the agent refuses is said of that attachment alone', async () => {
  gets[A.ref] = new AgentError({
    code: 'not_found',
    message: 'There is no a.',
    hint: '',
    retryable: false
  });
  begin(A, B);
  await settled();
  expect(view('a').sentence).toBe('There is no a.');
  expect(attached.get('b')?.variable).toEqual({ kind: 'set' });
});

test('what is large, or is not to be fetched, waits for the person', async () => {
  states[A.ref] = { bytes: 2e9 };
  states[B.ref] = { bytes: 2e9, local: 'here' };
  begin(A, B);
  await settled();
  expect(log).not.toContain(`get ${A.ref}`);
  expect(log).toContain(`get ${B.ref}`);
  expect(view('a')).toMatchObject({
    sentence: '2.0 GB that are fetched only when you say so.',
    remedies: ['get']
  });
  await attached.bring('a');
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
  settings.getAtStart = false;
  states[A.ref] = { bytes: 1 };
  log = [];
  notebook.kernelBegan.emit();
  await settled();
  expect(log).not.toContain(`get ${A.ref}`);
});

test('what is large together is fetched as far as the limit goes', async () => {
  settings.askAboveBytes = 100;
  states[A.ref] = { bytes: 60 };
  states[B.ref] = { bytes: 60 };
  begin(A, B);
  await settled();
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
  expect(attached.get('b')?.isHeld).toBe(true);
  expect(log).not.toContain(`get ${B.ref}`);
});

test('what no site has makes no transfer that could only fail', async () => {
  states[A.ref] = { problem: 'no site has an available replica' };
  begin(A);
  await settled();
  expect(log).toEqual([`look ${A.ref}`]);
  expect(view('a')).toMatchObject({ remedies: ['get'] });
  expect(view('a').sentence).toContain('no site has an available replica');
});

test('another value is kept until the person says otherwise', async () => {
  answers = [() => ({ text: '{"a": "taken by int"}' })];
  begin(A);
  await settled();
  expect(view('a')).toMatchObject({
    state: { shape: 'problem', word: 'name in use' },
    sentence: 'a has another value in this kernel (int), which was kept.',
    remedies: ['overwrite', 'rename']
  });
  await attached.overwrite('a');
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
});

test('files that are gone are fetched again, and set then', async () => {
  begin(A);
  await settled();
  const absent = () => ({ text: '{"a": "absent"}' });
  answers = [absent];
  gets[A.ref] = { id: '9' };
  notebook.kernelBegan.emit();
  await settled();
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
  // Where the agent has them, the kernel is on another machine.
  states[A.ref] = { local: 'here' };
  answers = [absent];
  notebook.kernelBegan.emit();
  await settled();
  expect(view('a').sentence).toBe(
    'The kernel of this notebook runs on a machine that does not have the files.'
  );
  expect(log.some(one => one.startsWith('files'))).toBe(false);
});

test('a kernel that is not Python is asked for nothing', async () => {
  notebook.language = 'r';
  states[A.ref] = { local: 'here' };
  begin(A);
  await settled();
  expect(log).toEqual([`look ${A.ref}`, `get ${A.ref}`]);
  expect(view('a')).toMatchObject({
    state: { shape: 'here' },
    sentence:
      'Variables are set in Python only. For r, insert a cell with the paths.',
    remedies: ['paths']
  });
});

test('a kernel without our package gets paths, not too many', async () => {
  const missing = () => ({ error: 'ModuleNotFoundError' });
  answers = [missing, () => ({ text: "'set'" })];
  begin(A);
  await settled();
  expect(log.slice(-3)).toEqual([
    'set a: [1, files]',
    'files jobs/1/files',
    'set plain'
  ]);
  expect(attached.get('a')?.variable).toEqual({ kind: 'set' });
  files = Array.from({ length: 30_000 }, (_, index) => `/data/${index}`);
  answers = [missing, missing];
  notebook.kernelBegan.emit();
  await settled();
  expect(view('a').sentence).toMatch(/^It has more than 20,?000 files/);
});

test('attaching suggests a free name, and attaches nothing twice', async () => {
  notebook.cells = ['curves = 1'];
  begin(A);
  await settled();
  const did = { scope: 'demo', name: 'x.curves', type: 'dataset' };
  const ref = 'rucio:demo:x.curves';
  gets[ref] = { id: '3' };
  expect(attached.attach([{ ...did, ref }], null)).toMatchObject([
    { variable: 'curves_2', ref }
  ]);
  expect(attached.attach([{ ...did, ref }], null)).toEqual([]);
  // The same name in another lake is another thing.
  expect(attached.attach([{ ...did, ref }], 'pond')).toMatchObject([
    { variable: 'curves_3', instance: 'pond' }
  ]);
  await settled();
  expect(log).toContain('set curves_2: [3, files]');
});

test('a new name is set at once, without another transfer', async () => {
  begin(A);
  await settled();
  log = [];
  attached.rename('a', 'renamed');
  await settled();
  expect(log).toContain('set renamed: [1, files]');
  // The same job answers: it is asked whether all of it is still here.
  expect(log.filter(one => one.startsWith('set'))).toHaveLength(1);
  expect(attached.get('a')).toBeUndefined();
});

test('detaching can be undone until the name is another’s', async () => {
  begin(A);
  const { attachment } = attached.get('a')!;
  attached.detach('a');
  expect(attached.entries).toEqual([]);
  expect(attached.restore(attachment)).toBe(true);
  expect(attached.restore(attachment)).toBe(false);
  expect(notebook.metadata.ours).toEqual({ attachments: [A] });
});

test('all of a notebook is said in a word', async () => {
  states[A.ref] = { local: 'here' };
  gets[B.ref] = { id: '2', state: 'running' };
  begin(A, B);
  await settled();
  const all = () => summarize([view('a'), view('b')], trans);
  expect(all()).toEqual({
    shape: 'moving',
    word: '1 of 2 here',
    sentence: 'Data of this notebook: 2 attached, 1 here, 1 on the way'
  });
  answers = [1, 2].map(() => () => ({ text: '{"a": "taken by int"}' }));
  notebook.kernelBegan.emit();
  await settled();
  expect(all()).toMatchObject({ shape: 'problem', word: '1 problem' });
});
