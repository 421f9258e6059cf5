import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatCount } from '../ui/format';
import { Live } from '../ui/live';
import { useSignals } from '../ui/signals';
import { widerPattern } from './query';
import type { IDatalake } from './tokens';
import { countOf, foundText } from '../ui/sidebar/summary';

/** One line: where we are, what was searched, how much was found. */
export function Summary(props: {
  model: IDatalake;
  trans: TranslationBundle;
  /** Where the focus goes when something else is listed. */
  onDone: () => void;
}): React.JSX.Element | null {
  const { model, trans } = props;
  useSignals(model.changed, model.outline.tree.changed);
  const { query } = model;
  const show = (list: () => void) => () => {
    list();
    props.onDone();
  };
  const count = countText(model, trans);
  const isWide =
    query !== null && query.pattern !== '*' && query.pattern.startsWith('*');
  const canWiden =
    query !== null &&
    !isWide &&
    widerPattern(query.name) !== null &&
    // The sentence in place of an empty list offers it too.
    model.outline.tree.root.children.length > 0;
  return (
    <div className="escape-Summary">
      {query ? (
        <>
          <button
            className="escape-Link"
            title={trans.__('Back to all scopes')}
            onClick={show(() => model.showHome())}
          >
            {trans.__('Scopes')}
          </button>
          <span className="escape-Summary-slash">/</span>
          <button
            className="escape-Link escape-Summary-scope"
            title={trans.__('Everything in %1', query.scope)}
            onClick={show(() => void model.openScope(query.scope))}
          >
            {query.scope}
          </button>
          {query.pattern !== '*' && (
            <>
              <span className="escape-Summary-slash">/</span>
              <span className="escape-Summary-pattern" title={query.pattern}>
                {query.pattern}
              </span>
            </>
          )}
        </>
      ) : (
        <span className="escape-Summary-intro">
          {model.filter
            ? count
            : trans.__(
                'Data stored at many sites. Choose a scope to see its contents.'
              )}
        </span>
      )}
      {query && <span className="escape-Summary-count">{count}</span>}
      {canWiden && (
        <button
          className="escape-Link escape-Summary-wider"
          onClick={show(() => void model.widen())}
        >
          {trans.__('search inside names too')}
        </button>
      )}
      <Live text={count} />
    </div>
  );
}

function countText(model: IDatalake, trans: TranslationBundle): string {
  if (!model.isHome) {
    return foundText(model.outline, trans);
  }
  const count = countOf(model.outline);
  return model.scopes.length === 0
    ? ''
    : trans._n('%1 scope', '%1 scopes', count, formatCount(count));
}
