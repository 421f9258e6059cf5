import * as React from 'react';

/** What was asked, null until it is known; a failure leaves it unknown. */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  about: readonly unknown[]
): T | null {
  const [answer, setAnswer] = React.useState<T | null>(null);
  React.useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    setAnswer(null);
    ask(signal).then(
      found => {
        if (!signal.aborted) {
          setAnswer(found);
        }
      },
      (error: unknown) => {
        if (!signal.aborted) {
          console.warn(error);
        }
      }
    );
    return () => abort.abort();
  }, about);
  return answer;
}
