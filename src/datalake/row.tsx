import {
  caretDownIcon,
  caretRightIcon,
  fileIcon
} from '@jupyterlab/ui-components';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatBytes } from '../ui/format';
import {
  containerIcon,
  datasetIcon,
  getIcon,
  insertIcon,
  scopeIcon
} from '../ui/icons';
import { Name } from '../ui/name';
import { StateShape } from '../ui/outline/shape';
import type { IStateView } from './rowstate';
import type { INode } from '../ui/outline/node';
import { isCollection, sharedEnd } from '../ui/outline/node';

export interface IRowProps {
  node: INode;
  state: IStateView;
  bytes: number | null;
  isActive: boolean;
  trans: TranslationBundle;
  onToggle: () => void;
  onGet: () => void;
  onGetHow: (event: React.MouseEvent) => void;
  onInsert: () => void;
  onMore: (event: React.MouseEvent) => void;
}

/** A scope, one click away from its list. */
export function ScopeRow({ node }: { node: INode }): React.JSX.Element {
  return (
    <>
      <span className="escape-Row-caret" />
      <scopeIcon.react tag="span" className="escape-Row-icon" />
      <Name name={node.name} />
    </>
  );
}

/** A container, dataset or file: name, size, state; actions on hover. */
export function DidRow(props: IRowProps): React.JSX.Element {
  const { node, state, bytes } = props;
  const Icon = iconOf(node);
  const Caret = node.isExpanded ? caretDownIcon : caretRightIcon;
  return (
    <>
      <Indent depth={node.depth} />
      <span
        className="escape-Row-caret"
        onMouseDown={event => event.stopPropagation()}
        onDoubleClick={event => event.stopPropagation()}
        onClick={event => {
          event.stopPropagation();
          props.onToggle();
        }}
      >
        {isCollection(node) && <Caret.react tag="span" />}
      </span>
      <Icon.react tag="span" className="escape-Row-icon" />
      <Name name={node.name} sharedEnd={sharedEnd(node)} />
      <span className="escape-Row-size">
        {bytes === null ? '' : formatBytes(bytes)}
      </span>
      <span className="escape-Row-state" data-shape={state.shape}>
        <StateShape shape={state.shape} />
        <span className="escape-Row-word">{state.word}</span>
        {state.more && <span className="escape-Row-more">{state.more}</span>}
      </span>
      <Actions {...props} />
      {state.shape === 'moving' && (
        <span
          className="escape-Row-progress"
          style={{ width: `${(state.fraction ?? 0) * 100}%` }}
        />
      )}
    </>
  );
}

export function Indent({ depth }: { depth: number }): React.JSX.Element | null {
  if (depth <= 0) {
    return null;
  }
  const style = { '--escape-depth': depth } as React.CSSProperties;
  return <span className="escape-Row-indent" style={style} />;
}

function Actions(props: IRowProps): React.JSX.Element {
  const { trans } = props;
  const tabIndex = props.isActive ? 0 : -1;
  const button = (
    Icon: typeof getIcon,
    label: string,
    onClick: (event: React.MouseEvent) => void,
    className = ''
  ) => (
    <button
      className={`escape-Row-action ${className}`}
      tabIndex={tabIndex}
      title={label}
      aria-label={label}
      onMouseDown={event => event.stopPropagation()}
      onDoubleClick={event => event.stopPropagation()}
      onClick={event => {
        event.stopPropagation();
        onClick(event);
      }}
    >
      <Icon.react tag="span" />
    </button>
  );
  const canGet = props.state.shape !== 'here' && props.state.shape !== 'moving';
  return (
    <span className="escape-Row-actions">
      {canGet && button(getIcon, trans.__('Get'), props.onGet)}
      {canGet &&
        button(
          caretDownIcon,
          trans.__('Choose folder or files'),
          props.onGetHow,
          'escape-mod-beside'
        )}
      {button(insertIcon, trans.__('Insert into notebook'), props.onInsert)}
      {button(ellipsesIcon, trans.__('More actions'), props.onMore)}
    </span>
  );
}

function iconOf(node: INode): typeof fileIcon {
  switch (node.row?.type) {
    case 'container':
      return containerIcon;
    case 'dataset':
      return datasetIcon;
    default:
      return fileIcon;
  }
}
