import { expect, test } from 'vitest';
import type { IJob } from '../core/api';
import { fractionOf } from '../core/jobs';
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
    files_failed: 0,
    files_unverified: 0,
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
    '3 of 12 files',
    '38.0 MB/s',
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
    '21.7 kB',
    '5 of 5 files',
    '2 already here',
    'in 1 min 00 s'
  ]);
});

test('a transfer that was cancelled or failed says how much had come', () => {
  for (const state of ['cancelled', 'failed'] as const) {
    const half = job({ state, bytes_done: 12e6, bytes_total: 64e6 });
    expect(measures(half, trans)).toEqual(['12.0 MB of 64.0 MB']);
    expect(fractionOf(half)).toBeCloseTo(0.1875);
    expect(measures(job({ state }), trans)).toEqual([]);
  }
});

test('each state of a transfer has a word', () => {
  const words = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
  expect(words.map(state => stateWord(job({ state }), trans))).toEqual([
    'waiting',
    'on its way',
    'here',
    'failed',
    'cancelled'
  ]);
});

test('the status bar adds up, and is empty when nothing moves', () => {
  const some = [
    job({ bytes_done: 40, bytes_total: 100, rate: 20e6 }),
    job({ bytes_done: 44, bytes_total: 100, rate: 18e6 })
  ];
  expect(statusText(some)).toBe('↓ 2 · 42 % · 38.0 MB/s');
  expect(statusText([job({})])).toBe('↓ 1');
  expect(statusText([])).toBe('');
});
