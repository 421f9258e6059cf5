import { expect, test } from 'vitest';
import { readLines } from './ndjson';

function bodyOf(...chunks: (string | Uint8Array)[]): {
  body: ReadableStream<Uint8Array>;
  isCancelled: () => boolean;
} {
  let cancelled = false;
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    pull: controller => {
      const next = left.shift();
      if (next === undefined) {
        controller.close();
      } else {
        controller.enqueue(
          typeof next === 'string' ? new TextEncoder().encode(next) : next
        );
      }
    },
    cancel: () => {
      cancelled = true;
    }
  });
  return { body, isCancelled: () => cancelled };
}

async function read(...chunks: (string | Uint8Array)[]): Promise<unknown[][]> {
  const batches: unknown[][] = [];
  for await (const batch of readLines(bodyOf(...chunks).body)) {
    batches.push(batch);
  }
  return batches;
}

test('hands over the lines of a chunk together', async () => {
  expect(await read('{"a":1}\n{"a":2}\n', '{"a":3}\n')).toEqual([
    [{ a: 1 }, { a: 2 }],
    [{ a: 3 }]
  ]);
});

test('joins a line, and a character, cut by a chunk', async () => {
  const bytes = new TextEncoder().encode('{"name":"é"}\n');
  expect(await read(bytes.slice(0, 10), bytes.slice(10))).toEqual([
    [{ name: 'é' }]
  ]);
});

test('takes a last line without a line end, and blank lines', async () => {
  expect(await read('\n{"a":1}\n\n', '{"end":{}}')).toEqual([
    [{ a: 1 }],
    [{ end: {} }]
  ]);
});

test('leaves out a torn last line', async () => {
  expect(await read('{"a":1}\n{"a":')).toEqual([[{ a: 1 }]]);
});

test('tells the server to stop when the reader leaves early', async () => {
  const { body, isCancelled } = bodyOf('{"a":1}\n', '{"a":2}\n', '{"a":3}\n');
  for await (const batch of readLines(body)) {
    expect(batch).toHaveLength(1);
    break;
  }
  expect(isCancelled()).toBe(true);
});
