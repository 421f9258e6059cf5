import { expect, test } from 'vitest';
import type { IJob } from '../core/api';
import { measures, stateWord, statusText } from './words';

const trans = {
  __: (text: string, ...args: (string | number)[]) =>
    text.replace(/%(\d)/g, (_, index) => String(args[Number(index) - 1]))
};

function job(more: Partial<IJob>): IJob {
  return {
    state: 'running',
    bytes_done: 0,
    bytes_total: null,
    files_done: 0,
    files_total: null,
    files_here: 0,
    rate: null,
    eta_s: null,
    started: null,
    ended: null,
    ...more
  } as IJob;
}

test('a running transfer says what is known of it', () => {
  expect(measures(job({}), trans)).toEqual([]);
  const half = {
    bytes_done: 1_200_000_000,
    bytes_total: 3_400_000_000,
    files_done: 3,
    files_total: 12,
    rate: 38e6,
    eta_s: 58
  };
  expect(measures(job(half), trans)).toEqual([
    '1.2 GB of 3.4 GB',
    'files 3 of 12',
    '38 MB/s',
    '58 s left'
  ]);
});

test('a transfer that is over says what came and how long it took', () => {
  const over = {
    state: 'done',
    bytes_done: 21_700,
    files_done: 5,
    files_total: 5,
    files_here: 2,
    rate: 1,
    eta_s: 1,
    started: '2026-11-21T04:00:00Z',
    ended: '2026-11-21T04:01:00Z'
  } as const;
  expect(measures(job(over), trans)).toEqual([
    '22 kB',
    'files 5 of 5',
    '2 were here',
    'in 1 min'
  ]);
});

test('a transfer that waits for a sign-in is stuck, not in a queue', () => {
  const waiting = { message: 'The session has ended.' } as IJob['waiting'];
  expect(stateWord(job({ state: 'queued' }), trans)).toBe('waiting');
  expect(stateWord(job({ state: 'queued', waiting }), trans)).toBe('stuck');
});

test('the status bar adds up, and is empty when nothing moves', () => {
  const some = [
    job({ bytes_done: 40, bytes_total: 100, rate: 20e6 }),
    job({ bytes_done: 44, bytes_total: 100, rate: 18e6 })
  ];
  expect(statusText(some)).toBe('↓ 2 · 42 % · 38 MB/s');
  expect(statusText([job({})])).toBe('↓ 1');
  expect(statusText([])).toBe('');
});
