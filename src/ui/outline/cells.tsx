import * as React from 'react';
import { StateShape } from './shape';
import type { Shape } from './shape';

/** A row's state in shape and words. */
export interface IStateView {
  shape: Shape;
  /** One word or two; fits in a narrow column. */
  word: string;
  /** What else fits when there is room, '' for nothing. */
  more: string;
  /** The whole sentence, for the title and the screen reader. */
  sentence: string;
  /** 0…1 while it moves, else null. */
  fraction: number | null;
}

/** A number behind the name, '' while it is not known. */
export function Figure({ text }: { text: string }): React.JSX.Element {
  return <span className="escape-Row-size">{text}</span>;
}

/** The last cell: a shape, and its word where there is room. */
export function State({ state }: { state: IStateView }): React.JSX.Element {
  return (
    <span className="escape-Row-state" data-shape={state.shape}>
      <StateShape shape={state.shape} />
      <span className="escape-Row-word">{state.word}</span>
      {state.more && <span className="escape-Row-more">{state.more}</span>}
    </span>
  );
}
