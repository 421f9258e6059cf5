import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ISignInAnswer } from '../core/api';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import { DeviceSignIn } from './device';

const LAKE = 'the lake';

const begun = {
  id: 'a1',
  title: LAKE,
  state: 'waiting',
  user_code: 'ABCD-EFGH',
  verification_uri: 'https://iam.example.org/device',
  verification_uri_complete: null,
  expires_in: 600,
  error: null
} as ISignInAnswer;

const broken = new AgentError({
  code: 'jupyter_unreachable',
  message: 'No answer.',
  hint: '',
  retryable: true
});

const form = {
  kind: 'form',
  identity: '0123',
  title: LAKE,
  asks: 'token',
  username: '',
  keeps: 'session'
} as const;

let asked: string[];
let answers: (Partial<ISignInAnswer> | typeof form | Error)[];
let signIn: DeviceSignIn;

const agent = {
  request: (
    method: string,
    path: string,
    options?: { body?: unknown; signal?: AbortSignal }
  ) =>
    new Promise((resolve, reject) => {
      asked.push(`${method} ${path}`);
      options?.signal?.addEventListener('abort', () =>
        reject(new DOMException('', 'AbortError'))
      );
      const answer = answers.shift();
      if (answer instanceof Error) {
        reject(answer);
      } else if (answer) {
        resolve({ ...begun, ...answer });
      }
    })
} as unknown as IAgent;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answers = [];
  signIn = new DeviceSignIn(agent, '0123');
});

afterEach(() => {
  signIn.dispose();
  vi.useRealTimers();
});

test('a code is followed to its end', async () => {
  const seen: (string | undefined)[] = [];
  signIn.changed.connect(() => seen.push(signIn.found?.state));
  answers = [{}, {}, { state: 'done' }];
  expect(await signIn.run()).toBe(true);
  expect(asked).toEqual([
    'POST sign-ins',
    'GET sign-ins/a1',
    'GET sign-ins/a1'
  ]);
  expect(seen).toEqual([undefined, 'waiting', 'waiting', 'done']);
});

test('a question that breaks is asked again', async () => {
  answers = [{}, broken, { state: 'done' }];
  const running = signIn.run();
  await vi.advanceTimersByTimeAsync(2000);
  expect(await running).toBe(true);
});

test('a refusal is said, and another code can be had', async () => {
  const error = { ...begun.error, code: 'auth', message: 'Refused.', hint: '' };
  answers = [{}, { state: 'failed', error } as Partial<ISignInAnswer>];
  expect(await signIn.run()).toBe(false);
  expect(signIn.error?.message).toBe('Refused.');
  answers = [{}, { state: 'done' }];
  expect(await signIn.run()).toBe(true);
  expect(signIn.error).toBeNull();
});

test('no code at all is said', async () => {
  answers = [broken];
  expect(await signIn.run()).toBe(false);
  expect(signIn.error).toBe(broken);
});

test('a code that is given up is given up everywhere', async () => {
  answers = [{}];
  const running = signIn.run();
  await vi.advanceTimersByTimeAsync(0);
  answers = [{ state: 'cancelled' }];
  await signIn.cancel();
  expect(await running).toBe(false);
  expect(asked.at(-1)).toBe('POST sign-ins/a1/cancel');
});

test('where something is typed, there is no code to follow', async () => {
  answers = [form];
  expect(await signIn.run()).toBe(false);
  expect(signIn.form).toMatchObject(form);
  expect([signIn.found, signIn.error]).toEqual([null, null]);
  expect(asked).toEqual(['POST sign-ins']);
});
