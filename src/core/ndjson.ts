/**
 * Read JSON lines from a response body as they arrive.
 *
 * Yields the lines of each network chunk together, so that a consumer which
 * draws can do so once a chunk and not once a row.
 */
export async function* readLines(
  body: ReadableStream<Uint8Array>
): AsyncGenerator<unknown[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let finished = false;
  try {
    while (!finished) {
      const { done, value } = await reader.read();
      finished = done;
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (done && rest.trim()) {
        // A torn last line is the sign of a stream that was cut off; the
        // caller notices because no end line came.
        const last = parse(rest);
        if (last !== undefined) {
          yield [last];
        }
      } else {
        const values = lines
          .filter(line => line.trim() !== '')
          .map(line => JSON.parse(line) as unknown);
        if (values.length > 0) {
          yield values;
        }
      }
    }
  } finally {
    // Also when the consumer leaves early: the server then stops sending.
    await reader.cancel().catch(() => undefined);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
