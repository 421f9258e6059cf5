import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';
import type { IOutline } from './navigation';
import { moveFor, typeAhead } from './navigation';

/** Rows are as high as the file browser's. */
export const ROW_PX = 24;

/** Letters typed within this time belong together. */
const TYPING_MS = 700;

export interface ITreeRow {
  /** What a screen reader says; the whole of it. */
  label: string;
  title?: string;
  className?: string;
  isSelected?: boolean;
  /** From 1. */
  position: number;
  /** -1 while it is not known. */
  siblings: number;
  data?: Record<string, string>;
}

export interface IVirtualTreeProps {
  id: string;
  label: string;
  rows: IOutline;
  /** Changes whenever the rows do. */
  version: number;
  /** A change means that the user has sorted again: the list then scrolls to its top. */
  order?: unknown;
  /** The row that the keyboard is on, or -1, as it was when last drawn. */
  active: number;
  /** The same at this moment: keys may come faster than frames. */
  activeNow: () => number;
  isBusy?: boolean;
  keyAt: (index: number) => string;
  describe: (index: number) => ITreeRow;
  draw: (index: number) => React.ReactNode;
  onVisible: (first: number, last: number) => void;
  onMove: (index: number, how: 'select' | 'extend' | 'walk') => void;
  onToggle: (index: number) => void;
  onOpen: (index: number) => void;
  onSelectToggle: (index: number) => void;
  onSelectAll: () => void;
  onKeyDown?: (event: React.KeyboardEvent) => void;
  onMouseDown?: (event: React.MouseEvent, index: number) => void;
  onClick?: (event: React.MouseEvent, index: number) => void;
}

/**
 * A tree that draws only the rows in sight.
 *
 * The focus stays on the tree and `aria-activedescendant` names the row: a
 * focused row would lose the focus by being scrolled out of the document.
 */
export function VirtualTree(props: IVirtualTreeProps): React.JSX.Element {
  const { rows, active } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    getScrollElement: () => scroller.current,
    getItemKey: props.keyAt,
    overscan: 8,
    rangeExtractor: range => {
      const from = Math.max(0, range.startIndex - range.overscan);
      const to = Math.min(range.count - 1, range.endIndex + range.overscan);
      const indexes = active >= 0 && active < from ? [active] : [];
      for (let index = from; index <= to; index++) {
        indexes.push(index);
      }
      if (active > to && active < range.count) {
        indexes.push(active);
      }
      return indexes;
    }
  });
  const items = virtual.getVirtualItems();
  const { startIndex, endIndex } = virtual.range ?? {
    startIndex: 0,
    endIndex: -1
  };

  useSteadyScroll(scroller, props, startIndex);

  React.useEffect(() => {
    props.onVisible(startIndex, endIndex);
  }, [startIndex, endIndex, props.version]);

  useActiveInSight(scroller, props.activeNow);

  const typed = React.useRef({ text: '', at: 0 });
  const rowId = (index: number) =>
    `${props.id}-${props.keyAt(index).replace(/[^\w.-]/g, c => `_${c.codePointAt(0)}_`)}`;

  const go = (index: number, how: 'select' | 'extend' | 'walk') => {
    props.onMove(index, how);
    virtual.scrollToIndex(index, { align: 'auto' });
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget) {
      // A button inside a row keeps the keys that press it and leave it.
      if (['Enter', ' ', 'Tab', 'Shift'].includes(event.key)) {
        return;
      }
      scroller.current?.focus();
      if (event.key === 'Escape') {
        event.stopPropagation();
        return;
      }
    }
    const handled = handleKey(event);
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    } else {
      props.onKeyDown?.(event);
    }
  };

  const handleKey = (event: React.KeyboardEvent): boolean => {
    const { key } = event;
    const at = props.activeNow();
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && key.toLowerCase() === 'a') {
      props.onSelectAll();
      return true;
    }
    if (event.altKey) {
      return false;
    }
    if (key === 'ContextMenu' || (key === 'F10' && event.shiftKey)) {
      openMenu(scroller.current, at >= 0 ? rowId(at) : null);
      return true;
    }
    const height = scroller.current?.clientHeight ?? ROW_PX;
    const page = Math.max(1, Math.floor(height / ROW_PX) - 1);
    const move = moveFor(key, at, page, rows);
    if (move) {
      typed.current.text = '';
      if (move.kind === 'move') {
        go(move.to, event.shiftKey ? 'extend' : isCommand ? 'walk' : 'select');
      } else {
        props.onToggle(at);
      }
      return true;
    }
    if (isCommand) {
      if (key === ' ' && at >= 0) {
        props.onSelectToggle(at);
        return true;
      }
      return false;
    }
    if (key === 'Enter' && at >= 0) {
      props.onOpen(at);
      return true;
    }
    const isTyping =
      Date.now() - typed.current.at < TYPING_MS && typed.current.text !== '';
    if (key === ' ' && !isTyping && at >= 0) {
      props.onSelectToggle(at);
      return true;
    }
    // `/` goes to the search field, which the panel sees to.
    if ([...key].length === 1 && key !== '/') {
      const text = isTyping ? typed.current.text + key : key;
      typed.current = { text, at: Date.now() };
      const to = typeAhead(text, at, rows);
      if (to >= 0) {
        go(to, 'select');
      }
      return true;
    }
    return false;
  };

  return (
    <div
      className="escape-Tree"
      id={props.id}
      role="tree"
      aria-label={props.label}
      aria-multiselectable="true"
      aria-busy={props.isBusy}
      aria-activedescendant={
        active >= 0 && active < rows.length ? rowId(active) : undefined
      }
      tabIndex={0}
      ref={scroller}
      onKeyDown={onKeyDown}
    >
      <div
        className="escape-Tree-rows"
        role="none"
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map(item => {
          const { index } = item;
          const row = props.describe(index);
          const isActive = index === active;
          return (
            <div
              key={props.keyAt(index)}
              id={rowId(index)}
              className={[
                'escape-Tree-row',
                row.className ?? '',
                isActive ? 'escape-mod-active' : '',
                row.isSelected ? 'jp-mod-selected' : ''
              ].join(' ')}
              style={{ transform: `translateY(${item.start}px)` }}
              role="treeitem"
              aria-label={row.label}
              aria-level={rows.level(index) + 1}
              aria-expanded={
                rows.isExpandable(index) ? rows.isExpanded(index) : undefined
              }
              aria-selected={row.isSelected ?? false}
              aria-posinset={row.position}
              aria-setsize={row.siblings}
              title={row.title}
              onMouseDown={event => props.onMouseDown?.(event, index)}
              onClick={event => props.onClick?.(event, index)}
              onDoubleClick={() => props.onOpen(index)}
              {...row.data}
            >
              {props.draw(index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/**
 * Keep the first row in sight where it is when rows arrive above it.
 */
function useSteadyScroll(
  scroller: React.RefObject<HTMLDivElement>,
  props: IVirtualTreeProps,
  first: number
): void {
  const anchor = React.useRef<{ key: string; index: number } | null>(null);
  const count = props.rows.length;
  React.useLayoutEffect(() => {
    anchor.current = null;
    scroller.current?.scrollTo({ top: 0 });
  }, [props.order]);
  React.useLayoutEffect(() => {
    const before = anchor.current;
    if (before && scroller.current && scroller.current.scrollTop > 0) {
      const isSame =
        before.index < count && props.keyAt(before.index) === before.key;
      if (!isSame) {
        for (let index = 0; index < count; index++) {
          if (props.keyAt(index) === before.key) {
            scroller.current.scrollTop += (index - before.index) * ROW_PX;
            break;
          }
        }
      }
    }
  }, [props.version, count]);
  React.useLayoutEffect(() => {
    anchor.current =
      first < count ? { key: props.keyAt(first), index: first } : null;
  });
}

/**
 * Keep the row that the keyboard is on in sight when the tree gets lower, as
 * it does when Details open below it.
 */
function useActiveInSight(
  scroller: React.RefObject<HTMLDivElement>,
  activeNow: () => number
): void {
  const now = React.useRef(activeNow);
  now.current = activeNow;
  React.useEffect(() => {
    const tree = scroller.current;
    if (!tree) {
      return;
    }
    // clientHeight is rounded, perhaps to more than there is.
    const height = () => Math.floor(tree.getBoundingClientRect().height);
    let before = height();
    const observer = new ResizeObserver(() => {
      const active = now.current();
      const top = active * ROW_PX;
      const bottom = top + ROW_PX - height();
      const wasInSight =
        top >= tree.scrollTop && top + ROW_PX <= tree.scrollTop + before + 1;
      if (active >= 0 && wasInSight && bottom > tree.scrollTop) {
        tree.scrollTop = bottom;
      }
      before = height();
    });
    observer.observe(tree);
    return () => observer.disconnect();
  }, []);
}

/** Lab opens its context menu for the row that the mouse would be over. */
function openMenu(tree: HTMLElement | null, rowId: string | null): void {
  const row = rowId === null ? null : document.getElementById(rowId);
  const target = row ?? tree;
  if (target) {
    const box = target.getBoundingClientRect();
    target.dispatchEvent(
      new MouseEvent('contextmenu', {
        bubbles: true,
        cancelable: true,
        clientX: box.left + 40,
        clientY: box.bottom - 4
      })
    );
  }
}
