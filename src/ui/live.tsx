import * as React from 'react';

/** A screen reader gets an update at most this often. */
const QUIET_MS = 5000;

/** Says a text to a screen reader, politely and not too often. */
export function Live({ text }: { text: string }): React.JSX.Element {
  const [said, setSaid] = React.useState('');
  const last = React.useRef(0);
  React.useEffect(() => {
    const wait = Math.max(0, last.current + QUIET_MS - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="escape-Live" role="status" aria-live="polite">
      {said}
    </div>
  );
}
