import { expect, test, vi } from 'vitest';
import type { IFormAnswer } from '../core/api';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import { FormSignIn } from './form';

const form: IFormAnswer = {
  kind: 'form',
  identity: '0123',
  title: 'Lab',
  asks: 'password',
  username: 'anna',
  keeps: 'session'
};
const typed = { username: 'anna', secret: 's3cret' };
const refused = new AgentError({
  code: 'auth',
  message: 'Lab does not accept the password.',
  hint: 'Check it.',
  retryable: false
});

function signIn(request: IAgent['request']): FormSignIn {
  return new FormSignIn({ request } as IAgent, form);
}

test('what is typed goes in the body, once', async () => {
  const request = vi.fn(() => Promise.resolve({ kept: 'session' }));
  const one = signIn(request as unknown as IAgent['request']);
  expect(await one.submit(typed)).toBe(true);
  expect(request).toHaveBeenCalledExactlyOnceWith('POST', 'sign-ins/form', {
    body: { identity: '0123', ...typed },
    signal: expect.any(AbortSignal) as AbortSignal
  });
});

test('a refusal is shown, and the next try forgets it', async () => {
  const answers: (() => Promise<unknown>)[] = [
    () => Promise.reject(refused),
    () => Promise.resolve({})
  ];
  const one = signIn((() => answers.shift()!()) as IAgent['request']);
  const errors: unknown[] = [];
  one.changed.connect(() => errors.push(one.error));
  expect(await one.submit(typed)).toBe(false);
  expect(one.error).toBe(refused);
  expect(await one.submit(typed)).toBe(true);
  expect(errors).toEqual([null, refused, null, null]);
});

test('one try at a time, and none without a secret', async () => {
  let end: (value: unknown) => void = () => undefined;
  const request = vi.fn(() => new Promise(resolve => (end = resolve)));
  const one = signIn(request as unknown as IAgent['request']);
  expect(await one.submit({ username: 'anna', secret: '' })).toBe(false);
  const first = one.submit(typed);
  expect(one.isBusy).toBe(true);
  expect(await one.submit(typed)).toBe(false);
  end({});
  expect(await first).toBe(true);
  expect(request).toHaveBeenCalledOnce();
});

test('a dialog that was closed says nothing', async () => {
  const abort = new DOMException('gone', 'AbortError');
  const one = signIn((() => Promise.reject(abort)) as IAgent['request']);
  one.dispose();
  expect(await one.submit(typed)).toBe(false);
  expect(one.error).toBeNull();
});
