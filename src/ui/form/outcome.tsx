import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { LONG_MS, NOTICED_MS } from '../waiting';
import { useElapsed } from '../signals';
import type { Draft } from './draft';

/** One thing that will happen, or that stands in the way. */
export interface IOutcomeLine {
  kind: 'plain' | 'fine' | 'warning' | 'problem';
  text: string;
  /** Names or values that a person wants to see, folded at first. */
  items?: readonly string[];
}

const SHAPES = { plain: '', fine: '✓', warning: '!', problem: '✕' };

/** What will happen, as soon as it is known; read out when it changes. */
export function Outcome<V extends object, P, R>(props: {
  draft: Draft<V, P, R>;
  /** Who is asked. */
  who: string;
  lines: (plan: P) => readonly IOutcomeLine[];
  /** What is said while there is not enough to ask. */
  before?: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { draft, trans } = props;
  const { plan, isAsking } = draft;
  const lines = plan === null ? [] : props.lines(plan);
  return (
    <div className="escape-Outcome" role="status" aria-busy={isAsking}>
      {isAsking && <Asking {...props} since={draft.since} />}
      {plan === null && !isAsking && !draft.error && props.before && (
        <p className="escape-Field-hint">{props.before}</p>
      )}
      {lines.length > 0 && (
        <ul className={isAsking ? 'escape-mod-old' : ''}>
          {lines.map(line => (
            <Line key={line.text} line={line} trans={trans} />
          ))}
        </ul>
      )}
      {draft.errorBeside && (
        <div className="escape-Outcome-error">
          <p>{draft.errorBeside.message}</p>
          <p className="escape-Field-hint">
            {draft.errorBeside.hint}{' '}
            {draft.errorBeside.retryable && (
              <button
                type="button"
                className="escape-Link"
                onClick={() => draft.again()}
              >
                {trans.__('Try again')}
              </button>
            )}
          </p>
        </div>
      )}
      {draft.isBusy && <p>{trans.__('Working…')}</p>}
    </div>
  );
}

function Asking(props: {
  since: number;
  who: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const elapsed = useElapsed(props.since, [NOTICED_MS, LONG_MS]);
  if (elapsed < NOTICED_MS) {
    return null;
  }
  return (
    <p className="escape-Field-hint">
      {elapsed < LONG_MS
        ? props.trans.__('Checking…')
        : props.trans.__('Waiting for %1…', props.who)}
    </p>
  );
}

function Line(props: {
  line: IOutcomeLine;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { kind, text, items = [] } = props.line;
  return (
    <li className="escape-Outcome-line" data-kind={kind}>
      <span className="escape-Outcome-shape" aria-hidden="true">
        {SHAPES[kind]}
      </span>
      {items.length === 0 ? (
        <span>{text}</span>
      ) : (
        <details>
          <summary>{text}</summary>
          <ul tabIndex={0} aria-label={text}>
            {items.map(item => (
              <li key={item}>{item}</li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
