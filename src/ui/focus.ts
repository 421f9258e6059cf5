import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

/** What the Tab key stops at. */
const STOPS = 'button, input, select, summary, a[href], [tabindex="0"]';

/** Where the focus may rest until there is something better. */
const REST = '[tabindex="-1"]';

/**
 * Never let the focus of a part of the page fall to the page itself.
 *
 * What has the focus may be taken away: a button that is pressed and no longer
 * needed, a tree that makes room for a sentence. The focus then goes to the tree
 * nearby, else to the nearest place that takes it, and from there into a tree as
 * soon as one is drawn.
 */
export function keepFocus(root: HTMLElement): IDisposable {
  /** What has the focus, and all that it is in, from the inside. */
  let held: Element[] = [];
  let timer = 0;

  const onIn = (event: FocusEvent) => {
    held = [];
    for (
      let at = event.target as Element | null;
      at && at !== root;
      at = at.parentElement
    ) {
      held.push(at);
    }
    held.push(root);
  };
  const onOut = () => {
    // A person who goes elsewhere is not held back; what is taken away, or moved
    // within the page, was put right before this.
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (!root.contains(document.activeElement)) {
        held = [];
      }
    });
  };
  const onChange = () => {
    const active = document.activeElement;
    if (active && active.matches(REST) && root.contains(active)) {
      treeIn(active)?.focus();
    } else if (held.length > 0 && (!active || active === document.body)) {
      substitute(held)?.focus({ preventScroll: true });
    }
  };
  const observer = new MutationObserver(onChange);
  observer.observe(root, { childList: true, subtree: true });
  root.addEventListener('focusin', onIn);
  root.addEventListener('focusout', onOut);
  return new DisposableDelegate(() => {
    window.clearTimeout(timer);
    observer.disconnect();
    root.removeEventListener('focusin', onIn);
    root.removeEventListener('focusout', onOut);
  });
}

function treeIn(element: Element): HTMLElement | null {
  return element.querySelector<HTMLElement>('[role=tree]');
}

/** What takes the focus in place of the first, which may have gone. */
function substitute(held: readonly Element[]): HTMLElement | null {
  const [first] = held;
  if (first instanceof HTMLElement && first.isConnected) {
    return first;
  }
  for (const element of held) {
    if (!(element instanceof HTMLElement) || !element.isConnected) {
      continue;
    }
    // A button of a row gives it back to its tree.
    const around = element.closest<HTMLElement>('[role=tree]');
    const stop =
      around ??
      treeIn(element) ??
      (element.matches(REST)
        ? element
        : element.querySelector<HTMLElement>(STOPS));
    if (stop) {
      return stop;
    }
  }
  return null;
}
