import { expect, test } from 'vitest';
import type { IJob, IProgress } from '../core/api';
import { fractionOf } from '../core/jobs';
import { measures, statusText } from './words';

const trans = {
  __: (text: string, ...args: (string | number)[]) =>
    text.replace(/%(\d)/g, (_, index) => String(args[Number(index) - 1]))
};

function progress(more: Partial<IProgress>): IProgress {
  const unit = 'bytes';
  return {
    ...{ unit, done: 0, total: null, rate: null, eta_s: null, parts: [] },
    ...more
  };
}

function job(more: Partial<IJob>): IJob {
  return {
    state: 'running',
    progress: progress({}),
    counts: {},
    started: null,
    ended: null,
    ...more
  } as IJob;
}

test('a running transfer says what is known of it', () => {
  expect(measures(job({}), trans)).toEqual([]);
  const half = progress({
    done: 1_200_000_000,
    total: 3_400_000_000,
    rate: 38e6,
    eta_s: 58,
    parts: [{ unit: 'files', done: 3, total: 12 }]
  });
  expect(measures(job({ progress: half }), trans)).toEqual([
    '1.2 GB of 3.4 GB',
    '3 of 12 files',
    '38.0 MB/s',
    '58 s left'
  ]);
});

test('a job that counts no bytes says what it counts', () => {
  const half = progress({ unit: 'steps', done: 3, total: 12, rate: 0.5 });
  expect(measures(job({ progress: half }), trans)).toEqual([
    '3 of 12 steps',
    '0.5 steps/s'
  ]);
  expect(fractionOf(job({ progress: half }))).toBe(0.25);
  const over = progress({ unit: 'rows', done: 1200, total: 1200 });
  expect(measures(job({ state: 'done', progress: over }), trans)).toEqual([
    '1,200 rows'
  ]);
  // The arrow is for what comes here.
  expect(statusText([job({ progress: half })])).toBe('▸ 1');
  expect(statusText([job({ progress: half }), job({})])).toBe('↓ 1 · ▸ 1');
});

test('a transfer that is over says what came and how long it took', () => {
  const over = {
    state: 'done',
    progress: progress({
      done: 21_700,
      total: 21_700,
      rate: 1,
      eta_s: 1,
      parts: [{ unit: 'files', done: 5, total: 5 }]
    }),
    counts: { files_here: 2, files_failed: 0, files_unverified: 1 },
    started: '2026-11-21T04:00:00Z',
    ended: '2026-11-21T04:01:00Z'
  } as const;
  expect(measures(job(over), trans)).toEqual([
    '21.7 kB',
    '5 of 5 files',
    '2 already here',
    '1 without a checksum',
    'in 1 min 00 s'
  ]);
});

test('a transfer that was cancelled or failed says how much had come', () => {
  for (const state of ['cancelled', 'failed'] as const) {
    const half = job({
      state,
      progress: progress({ done: 12e6, total: 64e6 }),
      counts: { files_failed: 2 }
    });
    expect(measures(half, trans)).toEqual(['12.0 MB of 64.0 MB', '2 failed']);
    expect(fractionOf(half)).toBeCloseTo(0.1875);
    expect(measures(job({ state }), trans)).toEqual([]);
  }
});

test('the status bar adds up, and is empty when nothing moves', () => {
  const some = [
    job({ progress: progress({ done: 40, total: 100, rate: 20e6 }) }),
    job({ progress: progress({ done: 44, total: 100, rate: 18e6 }) })
  ];
  expect(statusText(some)).toBe('↓ 2 · 42 % · 38.0 MB/s');
  expect(statusText([job({})])).toBe('↓ 1');
  expect(statusText([])).toBe('');
});
