import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ICheck } from '../core/api';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import { Doctor } from './model';

type Rows = (rows: ICheck[]) => void;

let asked: { onRows: Rows; signal: AbortSignal; end: (e?: Error) => void }[];
let doctor: Doctor;

const agent = {
  stream: (_path: string, options: { onRows: Rows; signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve({}));
      asked.push({ ...options, end });
      options.signal.addEventListener('abort', () =>
        reject(new DOMException('', 'AbortError'))
      );
    })
} as unknown as IAgent;

function check(subject: string, state: ICheck['state']): ICheck {
  const hint = state === 'failed' ? 'Do this.' : '';
  const message = 'It is so.';
  return { subject, name: 'name', state, message, hint, took_ms: 1 };
}

beforeEach(() => {
  asked = [];
  doctor = new Doctor(agent);
});

afterEach(() => doctor.dispose());

test('checks come as they are done, those of a subject together', async () => {
  const running = doctor.run();
  asked[0].onRows([check('a', 'ok'), check('b', 'failed')]);
  expect(doctor.isRunning).toBe(true);
  asked[0].onRows([check('a', 'warning')]);
  asked[0].end();
  await running;
  expect(doctor.isRunning).toBe(false);
  expect([...doctor.groups.keys()]).toEqual(['a', 'b']);
  expect(doctor.groups.get('a')?.map(({ state }) => state)).toEqual([
    'ok',
    'warning'
  ]);
  expect(doctor.count('failed')).toBe(1);
  expect(doctor.text().split('\n')).toEqual([
    'ok: a: name. It is so.',
    'warning: a: name. It is so.',
    'failed: b: name. It is so.',
    '    Do this.'
  ]);
});

test('once more takes the place of what is running', async () => {
  const first = doctor.run();
  const second = doctor.run();
  await first;
  expect(asked[0].signal.aborted).toBe(true);
  expect(doctor.isRunning).toBe(true);
  asked[1].onRows([check('a', 'ok')]);
  asked[1].end();
  await second;
  expect(doctor.groups.size).toBe(1);
});

test('what ends it is kept with what came before', async () => {
  const running = doctor.run();
  asked[0].onRows([check('a', 'ok')]);
  const body = { code: 'remote', message: 'Gone.', hint: '', retryable: true };
  asked[0].end(new AgentError(body, 502));
  await running;
  expect(doctor.error?.message).toBe('Gone.');
  expect(doctor.groups.size).toBe(1);
  expect(doctor.text()).toContain('Gone.');
});
