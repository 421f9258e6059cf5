import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { TypeFilter } from '../../datalake/query';
import type { AgentError } from '../../core/errors';
import { isStopped } from '../../core/errors';
import { Empty } from '../empty';
import { ErrorBox } from '../errorbox';
import { isSaid } from '../../signin/notice';
import { Waiting } from '../waiting';
import type { IBrowseOptions } from './browse';
import type { IQuery } from '../../datalake/query';
import { widerPattern } from '../../datalake/query';

/** What stands in the place of the list, or null when there is a list. */
export function insteadOfList(props: IBrowseOptions): React.JSX.Element | null {
  const { model, trans } = props;
  const { tree, query } = model;
  const [first] = tree.rows;
  const who = model.instance?.title ?? trans.__('the data lake');
  const isBare = tree.rows.length === 0;
  const onlyError =
    (isBare ? model.error : null) ??
    (query && tree.rows.length === 1 && first.kind === 'failed'
      ? first.error
      : null);
  if (isSaid(model.gate, onlyError)) {
    return <></>;
  }
  if (model.error && isBare) {
    const again = () => void model.refresh();
    return <Failed error={model.error} {...props} onAgain={again} />;
  }
  // A search that names its scope waits for nothing but its own answer.
  if (model.isStarting && !query) {
    return (
      <Waiting
        since={model.since}
        who={who}
        trans={trans}
        rows={6}
        onCancel={() => model.stop()}
      />
    );
  }
  if (!model.instance) {
    return (
      <Empty
        action={{
          label: trans.__('Try again'),
          onClick: () => void model.refresh()
        }}
      >
        {trans.__(
          'No data lake is configured. An administrator adds one in escape_vre_config.json.'
        )}
      </Empty>
    );
  }
  if (query && tree.rows.length === 1 && first.kind === 'waiting') {
    return (
      <Waiting
        since={tree.root.since}
        who={who}
        trans={trans}
        rows={6}
        onCancel={() => model.cancel(tree.root)}
      />
    );
  }
  if (
    query &&
    tree.rows.length === 1 &&
    first.kind === 'failed' &&
    first.error
  ) {
    const again = () => void model.again(tree.root);
    return <Failed error={first.error} {...props} onAgain={again} />;
  }
  return tree.rows.length === 0 ? <NothingFound {...props} /> : null;
}

/** Why there is no list; to have stopped it oneself is no error. */
function Failed(
  props: IBrowseOptions & { error: AgentError; onAgain: () => void }
): React.JSX.Element {
  const { error, model, trans, onAgain } = props;
  if (isStopped(error)) {
    return (
      <Empty action={{ label: trans.__('Try again'), onClick: onAgain }}>
        {error.message}
      </Empty>
    );
  }
  const near = error.near;
  // Another scope is searched for the same name.
  const name = model.query?.name ?? '';
  const text = near?.includes(':') ? near : `${near}:${name}`;
  return (
    <ErrorBox
      error={error}
      trans={trans}
      onAgain={onAgain}
      suggestion={
        near === null
          ? undefined
          : { text: near, onClick: () => void model.search(text) }
      }
    />
  );
}

function NothingFound(props: IBrowseOptions): React.JSX.Element {
  const { model, trans } = props;
  const { query } = model;
  if (!query) {
    return model.filter ? (
      <Empty
        action={{
          label: trans.__('Show all scopes'),
          onClick: () => model.showScopes()
        }}
      >
        {trans.__(
          'No scope has “%1” in its name. Choose a scope, or type scope:name.',
          model.filter
        )}
      </Empty>
    ) : (
      <Empty>{trans.__('This data lake has no scopes yet.')}</Empty>
    );
  }
  const sentence = nothingFound(model.type, query, trans);
  if (model.type !== 'all') {
    return (
      <Empty
        action={{
          label: trans.__('Show all types'),
          onClick: () => void model.setType('all')
        }}
      >
        {sentence}
      </Empty>
    );
  }
  return widerPattern(query.name) === null || query.pattern.startsWith('*') ? (
    <Empty>{sentence}</Empty>
  ) : (
    <Empty
      action={{
        label: trans.__('Search inside names too'),
        onClick: () => void model.widen()
      }}
    >
      {sentence}
    </Empty>
  );
}

function nothingFound(
  type: TypeFilter,
  query: IQuery,
  trans: TranslationBundle
): string {
  const { scope, pattern } = query;
  switch (type) {
    case 'container':
      return trans.__('No container in %1 matches “%2”.', scope, pattern);
    case 'dataset':
      return trans.__('No dataset in %1 matches “%2”.', scope, pattern);
    case 'file':
      return trans.__('No file in %1 matches “%2”.', scope, pattern);
    default:
      return pattern === '*'
        ? trans.__('The scope %1 is empty.', scope)
        : trans.__('Nothing in %1 matches “%2”.', scope, pattern);
  }
}
