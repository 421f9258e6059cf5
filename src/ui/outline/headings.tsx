import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useSignals } from '../signals';
import type { IHeading } from './look';
import type { IOutlineRow } from './node';
import type { Outline } from './outline';

/** The column headings, which sort; nothing where there is only one order. */
export function Headings<R extends IOutlineRow>(props: {
  outline: Outline<R>;
  headings: readonly IHeading[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { outline, headings, trans } = props;
  useSignals(outline.sorted);
  if (headings.length === 0) {
    return null;
  }
  const { by, isReversed } = outline.order;
  const Caret = isReversed ? caretDownIcon : caretUpIcon;
  return (
    <div className="escape-Headings" role="group" aria-label={trans.__('Sort')}>
      {headings.map(({ id, label, title }) => {
        const isOn = by === id;
        const name =
          isOn && isReversed ? trans.__('%1, reversed', title) : title;
        return (
          <button
            key={id}
            className={`escape-Heading escape-mod-${id}`}
            title={name}
            aria-label={name}
            aria-pressed={isOn}
            onClick={() => outline.sortBy(id)}
          >
            <span>{label}</span>
            {isOn && (
              <Caret.react tag="span" className="escape-Heading-caret" />
            )}
          </button>
        );
      })}
    </div>
  );
}
