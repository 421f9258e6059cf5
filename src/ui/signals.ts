import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/**
 * Draw again when one of the signals fires, at most once a frame.
 *
 * Rows may arrive many times a frame; drawing each time would only make the
 * list slower.
 */
export function useSignals(
  ...signals: readonly ISignal<unknown, unknown>[]
): number {
  const [version, setVersion] = React.useState(0);
  React.useEffect(() => {
    let frame = 0;
    const onSignal = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setVersion(before => before + 1);
      });
    };
    signals.forEach(signal => signal.connect(onSignal));
    // What changed between the first drawing and this effect.
    onSignal();
    return () => {
      cancelAnimationFrame(frame);
      signals.forEach(signal => signal.disconnect(onSignal));
    };
  }, signals);
  return version;
}

/** The time since `since`, drawn again when it passes one of the marks. */
export function useElapsed(since: number, marks: readonly number[]): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const next = marks.find(mark => Date.now() - since < mark);
    if (next === undefined) {
      return;
    }
    const wait = since + next - Date.now();
    const timer = setTimeout(() => setNow(Date.now()), Math.max(0, wait));
    return () => clearTimeout(timer);
  }, [since, now]);
  return Math.max(now, Date.now()) - since;
}
