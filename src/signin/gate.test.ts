import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import { Gate } from './gate';

function error(message: string, details: unknown): AgentError {
  const body = { code: 'auth', message, hint: '', retryable: false, details };
  return new AgentError(body);
}

const ended = error('The session has ended.', { sign_in: '/hub/login' });
const down = error('The provider is down.', { retry_after_s: 5 });
const other = error('A wrong password.', {});

let page: EventTarget;
let gate: Gate;
let answer: () => Promise<unknown>;
let looks: number;
let changes: number;
let openings: number;

beforeEach(() => {
  vi.useFakeTimers();
  page = new EventTarget();
  looks = changes = openings = 0;
  answer = () => Promise.reject(ended);
  gate = new Gate({
    window: page,
    look: () => {
      looks += 1;
      return answer();
    }
  });
  gate.changed.connect(() => (changes += 1));
  gate.opened.connect(() => (openings += 1));
});

afterEach(() => {
  gate.dispose();
  vi.useRealTimers();
});

test('many failures are one message', () => {
  for (let n = 0; n < 10; n++) {
    gate.meet(error('The session has ended.', { sign_in: '/hub/login' }));
  }
  expect(gate.error?.message).toBe('The session has ended.');
  expect(gate.way).toEqual({ kind: 'link', url: '/hub/login' });
  expect(changes).toBe(1);
});

test('a failure of another sort is none of its business', () => {
  gate.meet(other);
  gate.meet(new TypeError('x'));
  expect(gate.error).toBeNull();
  expect(changes).toBe(0);
});

test('coming back to the page after a sign-in opens it', async () => {
  gate.meet(ended);
  await vi.advanceTimersByTimeAsync(3000);
  expect(looks).toBe(0);
  answer = () => Promise.resolve({});
  page.dispatchEvent(new Event('visibilitychange'));
  page.dispatchEvent(new Event('focus'));
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toBe(1);
  expect([gate.error, openings]).toEqual([null, 1]);
  page.dispatchEvent(new Event('focus'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(1);
});

test('it looks gently by itself, and says what has changed', async () => {
  gate.meet(ended);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBeGreaterThanOrEqual(5);
  expect(looks).toBeLessThanOrEqual(7);
  expect(changes).toBe(1);
  answer = () => Promise.reject(down);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(gate.error?.message).toBe('The provider is down.');
  answer = () => Promise.resolve({});
  await vi.advanceTimersByTimeAsync(11_000);
  expect(openings).toBe(1);
});

test('what is wrong behind it is not its to say', async () => {
  gate.meet(ended);
  answer = () => Promise.reject(other);
  await gate.check();
  expect([gate.error, openings]).toEqual([null, 1]);
});

test('it learns from an agent that is watched, and lets its answers by', async () => {
  const agent = {
    request: (_: string, path: string) =>
      path === 'good' ? Promise.resolve('yes') : Promise.reject(ended),
    stream: () => Promise.reject(down)
  } as unknown as IAgent;
  const watched = gate.watch(agent);
  expect(await watched.request('GET', 'good')).toBe('yes');
  expect(gate.error).toBeNull();
  await expect(watched.request('GET', 'bad')).rejects.toBe(ended);
  expect(gate.error).toBe(ended);
  const options = { signal: new AbortController().signal, onRows: () => {} };
  await expect(watched.stream('x', options)).rejects.toBe(down);
  expect(gate.error).toBe(down);
});

test('another service is another gate', () => {
  gate.meet(ended);
  gate.forget();
  expect([gate.error, openings]).toEqual([null, 0]);
});
