import * as React from 'react';
import { elideMiddle, oneLine } from './elide';

/**
 * A name that loses its middle, never its end, when room is short.
 *
 * CSS can elide an end only, so the text is measured. What a screen reader
 * gets is always whole.
 */
export function Name({
  name,
  sharedEnd = 0
}: {
  name: string;
  /** How many characters the neighbours' names end with too. */
  sharedEnd?: number;
}): React.JSX.Element {
  const whole = oneLine(name);
  const node = React.useRef<HTMLSpanElement>(null);
  const [shown, setShown] = React.useState(whole);
  React.useLayoutEffect(() => {
    const element = node.current;
    if (!element) {
      return;
    }
    const fit = () => {
      const room = element.clientWidth;
      const measure = measureFor(element);
      setShown(elideMiddle(whole, text => measure(text) <= room, sharedEnd));
    };
    fit();
    // When the panel changes its width, or actions take some of the row's.
    return onResize(element, fit);
  }, [whole, sharedEnd]);
  return (
    <span className="escape-Name" ref={node}>
      {shown === whole ? (
        whole
      ) : (
        <>
          <span aria-hidden="true">{shown}</span>
          <span className="escape-Unseen">{whole}</span>
        </>
      )}
    </span>
  );
}

let canvas: CanvasRenderingContext2D | null = null;

function measureFor(element: HTMLElement): (text: string) => number {
  canvas ??= document.createElement('canvas').getContext('2d');
  const context = canvas;
  if (!context) {
    return () => 0;
  }
  context.font = getComputedStyle(element).font;
  return text => context.measureText(text).width;
}

const callbacks = new WeakMap<Element, () => void>();
let observer: ResizeObserver | null = null;

/** One observer for all names: a list has some forty in sight. */
function onResize(element: Element, callback: () => void): () => void {
  observer ??= new ResizeObserver(entries => {
    for (const { target } of entries) {
      callbacks.get(target)?.();
    }
  });
  callbacks.set(element, callback);
  observer.observe(element);
  return () => {
    callbacks.delete(element);
    observer?.unobserve(element);
  };
}
