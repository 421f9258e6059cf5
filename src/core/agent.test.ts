import type { ServerConnection } from '@jupyterlab/services';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Agent } from './agent';
import { AgentError } from './errors';

const sent: { url: string; init: RequestInit }[] = [];
let answer: () => Promise<Response>;

// Lab's packages need a browser; all we use of them is this.
vi.mock('@jupyterlab/services', () => ({
  ServerConnection: {
    makeRequest: (url: string, init: RequestInit) => {
      sent.push({ url, init });
      return answer();
    }
  }
}));
vi.mock('@jupyterlab/coreutils', () => ({
  URLExt: { join: (...parts: string[]) => parts.join('/') }
}));

const trans = { __: (text: string) => text };
const agent = new Agent(
  { baseUrl: '/user/x', appUrl: 'lab' } as ServerConnection.ISettings,
  trans
);

const FAILURE = {
  code: 'not_found',
  message: 'There is no scope dmeo.',
  hint: 'Did you mean demo?',
  retryable: false,
  details: {}
};

function json(value: unknown, status = 200): void {
  answer = () =>
    Promise.resolve(new Response(JSON.stringify(value), { status }));
}

async function failureOf(promise: Promise<unknown>): Promise<AgentError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(AgentError);
  return error as AgentError;
}

beforeEach(() => {
  sent.length = 0;
});

describe('a request', () => {
  test('carries refs in the query, whatever is in them', async () => {
    json({ sites: [] });
    const ref = 'rucio:cms:/A/B/C?&#';
    await agent.request('GET', 'datalake/replicas', {
      query: { ref, instance: undefined }
    });
    const [path, query] = sent[0].url.split('?');
    expect(path).toBe('/user/x/escape-vre/datalake/replicas');
    expect(new URLSearchParams(query).get('ref')).toBe(ref);
    expect([...new URLSearchParams(query).keys()]).toEqual(['ref']);
  });

  test('says that its body is JSON', async () => {
    json({});
    await agent.request('POST', 'datalake/get', { body: { refs: [] } });
    expect(sent[0].init.headers).toEqual({
      'Content-Type': 'application/json'
    });
    expect(sent[0].init.body).toBe('{"refs":[]}');
  });

  test('that may be sent again has a key of its own', async () => {
    json({});
    const options = { body: {}, repeatable: true };
    await agent.request('POST', 'datalake/get', options);
    await agent.request('POST', 'datalake/get', options);
    await agent.request('POST', 'sign-outs', { body: {} });
    const keys = sent.map(({ init }) =>
      new Headers(init.headers).get('Idempotency-Key')
    );
    expect(keys[0]).toMatch(/^[A-Za-z0-9-]{8,64}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys[2]).toBeNull();
  });

  test('fails with what the agent says', async () => {
    json({ error: FAILURE }, 404);
    const error = await failureOf(agent.request('GET', 'x'));
    expect(error.code).toBe('not_found');
    expect(error.hint).toBe('Did you mean demo?');
    expect(error.status).toBe(404);
    expect(error.report()).toContain('There is no scope dmeo.');
  });

  test('tells a missing extension, a lost sign-in and a lost server', async () => {
    json({ message: 'Not Found' }, 404);
    let error = await failureOf(agent.request('GET', 'x'));
    expect(error.code).toBe('server_extension_missing');
    json({ message: 'Forbidden' }, 403);
    error = await failureOf(agent.request('GET', 'x'));
    expect(error.code).toBe('jupyter_sign_in');
    expect(error.details).toEqual({ sign_in: '/user/x/lab' });
    answer = () => {
      const page = new Response('<html>Sign in</html>', { status: 200 });
      Object.defineProperty(page, 'redirected', { value: true });
      return Promise.resolve(page);
    };
    error = await failureOf(agent.request('GET', 'x'));
    expect(error.code).toBe('jupyter_sign_in');
    answer = () => Promise.resolve(new Response('<html>', { status: 200 }));
    error = await failureOf(agent.request('GET', 'x'));
    expect(error.code).toBe('bad_response');
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    error = await failureOf(agent.request('GET', 'x'));
    expect(error.code).toBe('jupyter_unreachable');
  });

  test('that was given up is no error', async () => {
    const abort = new AbortController();
    abort.abort();
    answer = () => Promise.reject(new TypeError('aborted'));
    await expect(
      agent.request('GET', 'x', { signal: abort.signal })
    ).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('a list', () => {
  const read = async (text: string, status = 200) => {
    answer = () => Promise.resolve(new Response(text, { status }));
    const rows: unknown[] = [];
    const promise = agent.stream('datalake/dids', {
      signal: new AbortController().signal,
      onRows: more => rows.push(...more)
    });
    return { rows, promise };
  };

  test('hands over rows and resolves with its end', async () => {
    const { rows, promise } = await read(
      '{"n":1}\n{"n":2}\n{"end":{"count":2,"truncated":true}}\n'
    );
    expect(await promise).toEqual({ count: 2, truncated: true });
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('that breaks hands over what came, then fails', async () => {
    const { rows, promise } = await read(
      `{"n":1}\n${JSON.stringify({ error: FAILURE })}\n`
    );
    expect((await failureOf(promise)).code).toBe('not_found');
    expect(rows).toEqual([{ n: 1 }]);
  });

  test('that just stops was cut off', async () => {
    const { promise } = await read('{"n":1}\n{"n":');
    expect((await failureOf(promise)).code).toBe('cut_off');
    const { promise: garbled } = await read('{"n":1}\n<html>\n');
    expect((await failureOf(garbled)).code).toBe('cut_off');
  });

  test('that is refused fails at once', async () => {
    const { promise } = await read(JSON.stringify({ error: FAILURE }), 404);
    expect((await failureOf(promise)).code).toBe('not_found');
  });
});
