import { expect, test } from 'vitest';
import type { IJob } from '../core/api';
import type { IRowState } from './api';
import { describe } from './rowstate';

const trans = {
  __: (text: string, ...args: (string | number)[]) =>
    text.replace(/%(\d)/g, (_, index) => String(args[Number(index) - 1]))
};

function state(more: Partial<IRowState>): IRowState {
  return {
    ref: 'rucio:demo:x',
    bytes: null,
    length: null,
    local: 'elsewhere',
    local_files: null,
    mounted: false,
    path: null,
    contents_path: null,
    sites: [],
    obstacle: null,
    job: null,
    job_state: null,
    fraction: null,
    problem: null,
    note: null,
    ...more
  };
}

function said(more: Partial<IRowState>, job?: Partial<IJob>): string[] {
  const view = describe(state(more), job as IJob | undefined, trans);
  return [view.shape, view.word, view.more, view.sentence];
}

test('each state has a shape, a word and a sentence', () => {
  expect(said({ local: 'here', mounted: true, path: '/eos/x' })).toEqual([
    'here',
    'here',
    'mounted',
    'here, mounted: used in place'
  ]);
  expect(said({ local: 'here', path: '/data/x' })).toEqual([
    'here',
    'here',
    '',
    'here'
  ]);
  expect(said({ sites: ['A', 'B'] })).toEqual([
    'elsewhere',
    'elsewhere',
    'A, B',
    'elsewhere (A, B)'
  ]);
  expect(said({ local: 'partly', local_files: 3, length: 12 })).toEqual([
    'partly',
    'partly',
    '3 of 12',
    'partly here: 3 of 12 files'
  ]);
  expect(said({ problem: 'no site has a copy' })).toEqual([
    'problem',
    'failed',
    'no site has a copy',
    'failed: no site has a copy'
  ]);
  const obstacle = {
    kind: 'protocol',
    message: 'EOS offers it by root only.',
    hint: 'Ask the site.'
  } as const;
  expect(said({ sites: ['EOS'], obstacle })).toEqual([
    'blocked',
    'no https',
    'EOS',
    'no https: EOS offers it by root only. Ask the site.'
  ]);
  const waiting = { message: 'The session has ended.' } as IJob['waiting'];
  expect(said({}, { state: 'queued', waiting })).toEqual([
    'problem',
    'waiting',
    'The session has ended.',
    'waiting: The session has ended.'
  ]);
  expect(describe(undefined, undefined, trans).shape).toBe('unknown');
});

test('a job that puts files into it says so', () => {
  const job = {
    kind: 'put',
    state: 'running',
    progress: { unit: 'bytes', done: 42, total: 100, parts: [] }
  } as unknown as IJob;
  expect(said({ sites: ['A'] }, job)).toEqual([
    'moving',
    '42 %',
    '',
    'files are being put, 42 %'
  ]);
});

test('an unfinished job says more than the state it was asked in', () => {
  const job = {
    state: 'running',
    progress: { unit: 'bytes', done: 42, total: 100, parts: [] },
    note: null
  } as unknown as IJob;
  const unknown = { ...job.progress, total: null };
  expect(said({}, job)).toEqual(['moving', '42 %', '', 'on its way 42 %']);
  expect(said({ job: 'j', job_state: 'running', fraction: 0.5 })).toEqual([
    'moving',
    '50 %',
    '',
    'on its way 50 %'
  ]);
  expect(
    said({}, { ...job, progress: unknown, note: 'Waiting for Rucio' })
  ).toEqual([
    'moving',
    'waiting',
    'Waiting for Rucio',
    'on its way; Waiting for Rucio'
  ]);
  expect(said({ local: 'here' }, { ...job, state: 'done' })[0]).toBe('here');
});
