import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IJob, IProgress } from './api';
import { JOB_SCHEMA, Jobs } from './jobs';
import type { IAgent } from './tokens';

function bytes(done: number): IProgress {
  const unit = 'bytes';
  return { unit, done, total: null, rate: null, eta_s: null, parts: [] };
}

function job(id: string, more: Partial<IJob> = {}): IJob {
  return {
    id,
    kind: 'get',
    title: id,
    service: 'datalake',
    instance: 'demo',
    refs: [`rucio:demo:${id}`],
    state: 'running',
    state_word: 'on its way',
    keeps_server_alive: true,
    progress: bytes(0),
    counts: {},
    result: {},
    error: null,
    created: `2026-11-21T00:00:0${id}Z`,
    started: null,
    ended: null,
    destination: '/data',
    path: null,
    contents_path: null,
    note: null,
    waiting: null,
    ...more
  };
}

const OVER = { state: 'done', ended: '2026-11-21T01:00:00Z' } as const;

let answers: IJob[];
let asked: string[];
let jobs: Jobs;
let ended: string[];
const events = new Signal<object, { schema_id: string }>({});

const agent: IAgent = {
  request: <T>(method: string, path: string) => {
    asked.push(`${method} ${path}`);
    return Promise.resolve(
      (path === 'jobs' ? { jobs: answers } : answers[0]) as T
    );
  },
  stream: () => Promise.reject(new Error('not asked for'))
};

beforeEach(() => {
  answers = [];
  asked = [];
  ended = [];
  jobs = new Jobs(agent, events);
  jobs.ended.connect((_, one) => {
    ended.push(one.id);
  });
});

afterEach(() => jobs.dispose());

const emit = (one: IJob, schema = JOB_SCHEMA) =>
  events.emit({ schema_id: schema, ...one });

describe('jobs', () => {
  test('are listed newest first and found by what they fetch', async () => {
    answers = [job('1'), job('3'), job('2', OVER)];
    await jobs.refresh();
    expect(jobs.list.map(one => one.id)).toEqual(['3', '2', '1']);
    expect(jobs.active.map(one => one.id)).toEqual(['3', '1']);
    expect(jobs.activeFor('rucio:demo:1')?.id).toBe('1');
    expect(jobs.activeFor('rucio:demo:2')).toBeUndefined();
    expect(ended).toEqual([]);
  });

  test('end once, whichever message comes first', async () => {
    emit(job('1'));
    emit(job('1', { progress: bytes(5) }));
    expect(jobs.get('1')?.progress.done).toBe(5);
    answers = [job('1', OVER)];
    await jobs.refresh();
    emit(job('1', OVER));
    expect(ended).toEqual(['1']);
  });

  test('that were over when first seen are not announced', () => {
    emit(job('1', OVER));
    expect(ended).toEqual([]);
  });

  test('are announced again after another try', async () => {
    emit(job('1'));
    emit(job('1', { state: 'failed', ended: '2026-11-21T01:00:00Z' }));
    answers = [job('1', { state: 'queued' })];
    await jobs.retry('1');
    expect(asked).toEqual(['POST jobs/1/retry']);
    expect(jobs.active).toHaveLength(1);
    emit(job('1', { state: 'done', ended: '2026-11-21T02:00:00Z' }));
    expect(ended).toEqual(['1', '1']);
  });

  test('ignore other events, and everything once disposed', () => {
    emit(job('1'), 'https://events.jupyter.org/other');
    expect(jobs.list).toHaveLength(0);
    jobs.dispose();
    emit(job('1'));
    expect(jobs.list).toHaveLength(0);
  });

  test('are forgotten one by one or all that are over', async () => {
    answers = [job('1', OVER), job('2'), job('3', OVER)];
    await jobs.refresh();
    await jobs.clearFinished();
    expect(asked.slice(1).sort()).toEqual(['DELETE jobs/1', 'DELETE jobs/3']);
    expect(jobs.list.map(one => one.id)).toEqual(['2']);
  });

  test('are forgotten of one service, if only those are meant', async () => {
    answers = [job('1', OVER), job('2', { ...OVER, service: 'workflows' })];
    await jobs.refresh();
    await jobs.clearFinished(one => one.service === 'workflows');
    expect(asked.slice(1)).toEqual(['DELETE jobs/2']);
    expect(jobs.list.map(one => one.id)).toEqual(['1']);
  });
});
