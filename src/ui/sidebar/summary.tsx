import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatCount } from '../format';
import { Live } from '../live';
import type { IOutlineRow } from '../outline/node';
import { isThing } from '../outline/node';
import type { Outline } from '../outline/outline';
import { useSignals } from '../signals';
import type { IPanelModel } from './tokens';

/** One line: how much was found. */
export function Summary<R extends IOutlineRow>(props: {
  model: IPanelModel<R>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed, model.outline.tree.changed);
  const count = foundText(model.outline, trans);
  return (
    <div className="escape-Summary">
      <span className="escape-Summary-count">{count}</span>
      <Live text={count} />
    </div>
  );
}

/** How many rows the outermost list has. */
export function countOf<R extends IOutlineRow>({ tree }: Outline<R>): number {
  const { children } = tree.root;
  const last = children.at(-1);
  return children.length - (last !== undefined && !isThing(last) ? 1 : 0);
}

/** `12 so far`, `First 2,000 shown`, `12 found`: how far the search has come. */
export function foundText<R extends IOutlineRow>(
  outline: Outline<R>,
  trans: TranslationBundle
): string {
  const { root } = outline.tree;
  const count = countOf(outline);
  if (root.loading === 'running') {
    return count ? trans.__('%1 so far', formatCount(count)) : '';
  }
  if (root.children.at(-1)?.kind === 'truncated') {
    return trans.__('First %1 shown', formatCount(count));
  }
  return root.loading === 'done'
    ? trans.__('%1 found', formatCount(count))
    : '';
}
