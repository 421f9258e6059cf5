import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatCount } from '../format';
import { useSignals } from '../signals';
import type { LogBuffer } from './logbuffer';
import { LogLines } from './loglines';
import { isScaled, LINE_PX, linesFor, placeOf, scrollOf } from './logscroll';

export interface ILogOptions {
  buffer: LogBuffer;
  /** What a screen reader calls it. */
  label: string;
  trans: TranslationBundle;
}

/** A log that grows: follows its end, and can be searched. */
export class LogView extends ReactWidget {
  constructor(options: ILogOptions) {
    super();
    this._options = options;
    this.addClass('escape-Log');
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: ILogOptions;
}

interface IFound {
  text: string;
  lines: readonly number[];
  isDone: boolean;
}

const NOTHING: IFound = { text: '', lines: [], isDone: true };

function View(props: ILogOptions): React.JSX.Element {
  const { buffer, trans } = props;
  useSignals(buffer.changed);
  const scroller = React.useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = React.useState(true);
  const [first, setFirst] = React.useState(0);
  const height = useHeight(scroller);
  const shown = Math.max(1, Math.floor(height / LINE_PX));
  const count = buffer.length;

  const goTo = (line: number) => {
    const element = scroller.current;
    if (element) {
      element.scrollTop = scrollOf(line, count, shown);
      // Where the text is higher than its room, the bar may not move at all.
      setFirst(Math.min(Math.max(0, count - shown), Math.max(0, line)));
    }
  };
  React.useLayoutEffect(() => {
    if (isFollowing) {
      goTo(count);
    }
  }, [isFollowing, count, shown]);

  const moveBy = (lines: number) => goTo(first + lines);
  useWheel(scroller, pixels => {
    // Elsewhere a pixel of the scroll bar is a pixel of the text.
    if (!isScaled(count)) {
      return false;
    }
    moveBy(Math.trunc(pixels / LINE_PX) || Math.sign(pixels));
    return true;
  });

  const { found, at, search, go } = useSearch(buffer, line => {
    setFollowing(false);
    goTo(Math.max(0, line - Math.floor(shown / 2)));
  });
  const current = found.lines[at] ?? -1;

  return (
    <>
      <div className="escape-Log-bar">
        <input
          className="escape-Log-search"
          type="search"
          aria-label={trans.__('Search the log')}
          placeholder={trans.__('Search')}
          onChange={event => search(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              event.preventDefault();
              go(event.shiftKey ? -1 : 1);
            }
          }}
        />
        <span className="escape-Log-found" role="status">
          {foundText(found, at, trans)}
        </span>
        <button
          className="escape-Link"
          disabled={found.lines.length === 0}
          onClick={() => go(-1)}
        >
          {trans.__('Previous')}
        </button>
        <button
          className="escape-Link"
          disabled={found.lines.length === 0}
          onClick={() => go(1)}
        >
          {trans.__('Next')}
        </button>
        <label className="escape-Log-follow">
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={event => setFollowing(event.target.checked)}
          />
          {trans.__('Follow')}
        </label>
      </div>
      <div
        className="escape-Log-scroller"
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label={props.label}
        onKeyDown={event => {
          const lines = linesFor(event.key, count, shown);
          if (lines !== 0 && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            moveBy(lines);
          }
        }}
        onScroll={event => {
          const { scrollTop } = event.currentTarget;
          const place = placeOf(scrollTop, count, shown);
          setFirst(place.line);
          // Who leaves the end stays there; who comes back to it follows again.
          setFollowing(place.isAtEnd);
        }}
      >
        <LogLines
          buffer={buffer}
          first={Math.min(first, Math.max(0, count - shown))}
          shown={shown}
          wanted={found.text}
          current={current}
        />
      </div>
    </>
  );
}

function foundText(
  { text, lines, isDone }: IFound,
  at: number,
  trans: TranslationBundle
): string {
  if (text === '') {
    return '';
  }
  if (lines.length === 0) {
    return isDone ? trans.__('Nothing found') : trans.__('Searching…');
  }
  return trans.__(
    '%1 of %2',
    formatCount(at + 1),
    formatCount(lines.length) + (isDone ? '' : '…')
  );
}

/** What is searched, and where; the lines arrive in turns. */
function useSearch(
  buffer: LogBuffer,
  show: (line: number) => void
): {
  found: IFound;
  at: number;
  search: (text: string) => void;
  go: (step: number) => void;
} {
  const [found, setFound] = React.useState(NOTHING);
  const [at, setAt] = React.useState(0);
  const abort = React.useRef(new AbortController());
  React.useEffect(() => () => abort.current.abort(), []);
  const search = (text: string) => {
    abort.current.abort();
    abort.current = new AbortController();
    const { signal } = abort.current;
    setAt(0);
    if (text === '') {
      setFound(NOTHING);
      return;
    }
    let lines: number[] = [];
    const tell = (isDone: boolean) => {
      if (!signal.aborted) {
        setFound({ text, lines, isDone });
      }
    };
    tell(false);
    void buffer
      .search(text, signal, more => {
        if (lines.length === 0) {
          show(more[0]);
        }
        lines = lines.concat(more);
        tell(false);
      })
      .then(() => tell(true));
  };
  const go = (step: number) => {
    const { length } = found.lines;
    if (length > 0) {
      const next = (at + step + length) % length;
      setAt(next);
      show(found.lines[next]);
    }
  };
  return { found, at, search, go };
}

function useHeight(element: React.RefObject<HTMLElement>): number {
  const [height, setHeight] = React.useState(0);
  React.useLayoutEffect(() => {
    const { current } = element;
    if (!current) {
      return;
    }
    const measure = () => setHeight(current.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return height;
}

/** Take the wheel where `move` wants it; React's own listener may not. */
function useWheel(
  element: React.RefObject<HTMLElement>,
  move: (pixels: number) => boolean
): void {
  const now = React.useRef(move);
  now.current = move;
  React.useEffect(() => {
    const { current } = element;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && event.deltaY !== 0 && now.current(event.deltaY)) {
        event.preventDefault();
      }
    };
    current?.addEventListener('wheel', onWheel, { passive: false });
    return () => current?.removeEventListener('wheel', onWheel);
  }, [element]);
}
