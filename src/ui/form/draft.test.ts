import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AgentError } from '../../core/errors';
import { Draft } from './draft';
import { filled } from './pair';

interface IAsked {
  name: string;
  signal: AbortSignal;
  answer: (plan: { files: number }) => void;
  fail: (error: Error) => void;
}

let asked: IAsked[];

beforeEach(() => {
  asked = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const refusal = (more: object = {}) =>
  new AgentError({
    code: 'usage',
    message: 'The name is taken.',
    hint: 'Choose another.',
    retryable: false,
    details: more
  });

function draftOf(
  submit: (value: { name: string; note: string }) => Promise<string> = value =>
    Promise.resolve(value.name)
) {
  return new Draft({
    value: { name: 'a', note: '' },
    check: ({ name }) => (name === '' ? { name: '' } : {}),
    about: ({ name }) => (name === '' ? null : name),
    plan: ({ name }, signal) =>
      new Promise<{ files: number }>((resolve, reject) =>
        asked.push({ name, signal, answer: resolve, fail: reject })
      ),
    allows: ({ files }) => files > 0,
    submit
  });
}

/** Let what was typed rest, and what was answered arrive. */
const rest = () => vi.advanceTimersByTimeAsync(1000);

test('it can be done once the plan is there and allows it', async () => {
  const draft = draftOf();
  await rest();
  expect([draft.isAsking, draft.isReady]).toEqual([true, false]);
  asked[0].answer({ files: 0 });
  await rest();
  expect([draft.isAsking, draft.isReady]).toEqual([false, false]);
  draft.set({ name: 'b' });
  await rest();
  asked[1].answer({ files: 2 });
  await rest();
  expect(draft.isReady).toBe(true);
  expect(await draft.submit()).toEqual({ result: 'b' });
});

test('an answer counts only for what is filled in now', async () => {
  const draft = draftOf();
  await rest();
  draft.set({ name: 'ab' });
  draft.set({ name: 'abc' });
  await rest();
  expect(asked.map(one => one.name)).toEqual(['a', 'abc']);
  expect(asked[0].signal.aborted).toBe(true);
  asked[1].answer({ files: 1 });
  asked[0].answer({ files: 99 });
  await rest();
  expect(draft.plan).toEqual({ files: 1 });
});

test('what the plan does not depend on does not ask again', async () => {
  const draft = draftOf();
  await rest();
  asked[0].answer({ files: 1 });
  await rest();
  draft.set({ note: 'x' });
  expect(draft.isReady).toBe(true);
  await rest();
  expect(asked).toHaveLength(1);
});

test('too little to ask: no plan, and a problem that is not said', async () => {
  const draft = draftOf();
  await rest();
  asked[0].answer({ files: 1 });
  await rest();
  draft.set({ name: '' });
  expect(draft.plan).toBeNull();
  expect(draft.problems).toEqual({ name: '' });
  expect([draft.isAsking, draft.isReady]).toEqual([false, false]);
});

test('a refusal is shown at the field that it is about, else beside', async () => {
  const draft = draftOf();
  await rest();
  asked[0].fail(refusal({ field: 'name' }));
  await rest();
  expect(draft.problems).toEqual({ name: 'The name is taken.' });
  expect(draft.errorBeside).toBeNull();
  expect(draft.isReady).toBe(false);
  draft.again();
  await rest();
  asked[1].fail(refusal());
  await rest();
  expect(draft.problems).toEqual({});
  expect(draft.errorBeside?.message).toBe('The name is taken.');
});

test('what could not be done says why, and can be tried again', async () => {
  let isRefused = true;
  const draft = draftOf(value =>
    isRefused ? Promise.reject(refusal()) : Promise.resolve(value.name)
  );
  await rest();
  asked[0].answer({ files: 1 });
  await rest();
  expect(await draft.submit()).toBeNull();
  expect([draft.isBusy, draft.errorBeside?.code]).toEqual([false, 'usage']);
  isRefused = false;
  expect(draft.isReady).toBe(true);
  expect(await draft.submit()).toEqual({ result: 'a' });
});

test('a disposed draft stops what it asked for', async () => {
  const draft = draftOf();
  await rest();
  draft.dispose();
  expect(asked[0].signal.aborted).toBe(true);
});

test('pairs without a key are not filled in', () => {
  expect(
    filled([
      [' run ', ' 7 '],
      ['', 'x'],
      ['', '']
    ])
  ).toEqual([['run', '7']]);
});
