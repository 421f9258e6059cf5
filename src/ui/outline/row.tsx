import {
  caretDownIcon,
  caretRightIcon,
  ellipsesIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Name } from '../name';
import type { IRowAction, IRowLook } from './look';
import type { INode, IOutlineRow } from './node';
import { sharedEnd } from './node';

export interface IRowProps<R extends IOutlineRow> {
  node: INode<R>;
  look: IRowLook;
  isActive: boolean;
  isExpandable: boolean;
  trans: TranslationBundle;
  onToggle: () => void;
  onAction: (action: IRowAction, button: Element) => void;
}

/** A row: name, cells; actions on hover. */
export function Row<R extends IOutlineRow>(
  props: IRowProps<R>
): React.JSX.Element {
  const { node, look } = props;
  const Caret = node.isExpanded ? caretDownIcon : caretRightIcon;
  const { fraction = null } = look;
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
        {props.isExpandable && <Caret.react tag="span" />}
      </span>
      <look.icon.react tag="span" className="escape-Row-icon" />
      <Name name={node.name} sharedEnd={sharedEnd(node)} />
      {look.cells}
      <Actions {...props} />
      {fraction !== null && (
        <span
          className="escape-Row-progress"
          style={{ width: `${fraction * 100}%` }}
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

function Actions<R extends IOutlineRow>(
  props: IRowProps<R>
): React.JSX.Element | null {
  const { look, trans } = props;
  const actions = [...(look.actions ?? [])];
  if (look.hasMenu) {
    actions.push({
      icon: ellipsesIcon,
      label: trans.__('More actions'),
      run: openMenuBelow,
      isMenu: true
    });
  }
  if (actions.length === 0) {
    return null;
  }
  return (
    <span className="escape-Row-actions">
      {actions.map(action => (
        <button
          key={action.label}
          className={`escape-Row-action ${action.isBeside ? 'escape-mod-beside' : ''}`}
          tabIndex={props.isActive ? 0 : -1}
          title={action.label}
          aria-label={action.label}
          onMouseDown={event => event.stopPropagation()}
          onDoubleClick={event => event.stopPropagation()}
          onClick={event => {
            event.stopPropagation();
            props.onAction(action, event.currentTarget);
          }}
        >
          <action.icon.react tag="span" />
        </button>
      ))}
    </span>
  );
}

/** The same menu as a right click, under the button that asks for it. */
function openMenuBelow(button: Element): void {
  const box = button.getBoundingClientRect();
  button.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: box.left,
      clientY: box.bottom
    })
  );
}
