import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { IJob } from '../../core/api';
import { AgentError } from '../../core/errors';
import type { IJobs } from '../../core/tokens';
import { States } from './states';

const changed = new Signal<IJobs, void>({} as IJobs);
const ended = new Signal<IJobs, IJob>({} as IJobs);
const jobs = { changed, ended, active: [] } as unknown as IJobs;

interface IState {
  ref: string;
  note?: string | null;
  local: string;
}

interface IAsked {
  refs: string[];
  signal?: AbortSignal;
  answer: (local?: Record<string, string>) => void;
  fail: (error: Error) => void;
}

let asked: IAsked[];
let states: States<IState>;

const ask = (refs: readonly string[], signal?: AbortSignal) =>
  new Promise<IState[]>((resolve, reject) => {
    signal?.addEventListener('abort', () =>
      reject(new DOMException('', 'AbortError'))
    );
    asked.push({
      refs: [...refs],
      signal,
      answer: (local = {}) =>
        resolve(refs.map(ref => ({ ref, local: local[ref] ?? 'here' }))),
      fail: reject
    });
  });

const flush = () => vi.advanceTimersByTimeAsync(130);

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  states = new States({ jobs, ask });
});

afterEach(() => {
  states.dispose();
  vi.useRealTimers();
});

test('says once what is not known of the rows in sight', async () => {
  const said = 'Sites could not be read: busy.';
  const noted = new States<IState>({
    jobs,
    ask: refs =>
      Promise.resolve(
        refs.map(ref => ({ ref, local: '', note: ref === 'c' ? null : said }))
      )
  });
  noted.want(['a', 'b', 'c']);
  await flush();
  expect(noted.note).toBe(said);
  noted.want(['c']);
  await flush();
  expect(noted.note).toBe('');
  noted.dispose();
});

test('asks once for what is in sight when the scrolling rests', async () => {
  states.want(['a']);
  states.want(['a', 'b']);
  await flush();
  expect(asked.map(one => one.refs)).toEqual([['a', 'b']]);
  asked[0].answer();
  await flush();
  states.want(['b', 'c']);
  await flush();
  expect(asked[1].refs).toEqual(['c']);
  expect(states.get('a')?.local).toBe('here');
});

test('asks for no more than 200 at once', async () => {
  states.want(Array.from({ length: 450 }, (_, index) => `${index}`));
  await flush();
  expect(asked.map(one => one.refs.length)).toEqual([200, 200, 50]);
});

test('drops a question that was scrolled away, keeps one in sight', async () => {
  states.want(['a', 'b']);
  await flush();
  states.want(['b', 'c']);
  expect(asked[0].signal?.aborted).toBe(false);
  states.want(['z']);
  expect(asked[0].signal?.aborted).toBe(true);
  await flush();
  states.want(['a']);
  await flush();
  expect(asked.at(-1)?.refs).toEqual(['a']);
});

test('asks again for what is in sight when a job has ended', async () => {
  states.want(['a']);
  await flush();
  asked[0].answer();
  await flush();
  ended.emit({} as IJob);
  await flush();
  expect(asked).toHaveLength(2);
  expect(states.get('a')?.local).toBe('here');
});

test('tells of an error, and waits before it asks again', async () => {
  states.want(['a']);
  await flush();
  asked[0].fail(
    new AgentError({ code: 'x', message: '', hint: '', retryable: true })
  );
  await flush();
  expect(states.error?.code).toBe('x');
  states.want(['a']);
  await flush();
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(asked).toHaveLength(2);
});

test('looks again at rows that are known, when they must be known now', async () => {
  states.want(['a', 'b']);
  await flush();
  asked[0].answer();
  await flush();
  const found = states.look(['a', 'b']);
  expect(asked[1].refs).toEqual(['a', 'b']);
  asked[1].answer({ b: 'elsewhere' });
  expect((await found).map(state => state.local)).toEqual([
    'here',
    'elsewhere'
  ]);
  expect(states.get('b')?.local).toBe('elsewhere');
});

test('what rows are sorted by is asked for once, beyond what is in sight', async () => {
  states.want(['a']);
  states.need(['a', 'b', 'c']);
  await flush();
  expect(asked.map(one => one.refs)).toEqual([['a', 'b', 'c']]);
  expect(states.isSettled).toBe(false);
  asked[0].answer();
  await flush();
  expect(states.isSettled).toBe(true);
  // Only what is in sight is asked for again when a job has ended.
  ended.emit({} as IJob);
  await flush();
  expect(asked[1].refs).toEqual(['a']);
});

test('forgets everything with another instance', async () => {
  states.want(['a']);
  await flush();
  asked[0].answer();
  await flush();
  states.enter();
  expect(states.get('a')).toBeUndefined();
});
