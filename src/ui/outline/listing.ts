import { AgentError, isAbort, stopped } from '../../core/errors';
import type { ITrans } from '../../core/errors';
import type { IAgent, Query } from '../../core/tokens';
import type { INode, IOutlineRow, Outcome } from './node';
import type { Tree } from './tree';

/** What to ask the agent for a list; the limit is added. */
export interface IQuestion {
  path: string;
  query?: Query;
}

export interface IListingOptions<R extends IOutlineRow> {
  agent: IAgent;
  trans: ITrans;
  /** How to ask for what is below a row, or for the outermost list. */
  question: (row: R | null) => IQuestion;
}

/** Fills the tree: one stream for each list that is open. */
export class Listing<R extends IOutlineRow> {
  /**
   * @param onWhole A list has come to its end.
   */
  constructor(
    options: IListingOptions<R> & { tree: Tree<R>; onWhole: () => void }
  ) {
    this._agent = options.agent;
    this._tree = options.tree;
    this._trans = options.trans;
    this._question = options.question;
    this._onWhole = options.onWhole;
  }

  /** How many rows a list shows at first. */
  limit = 2000;

  /** Stop everything that is on its way and say nothing. */
  stop(): void {
    this._streams.forEach(abort => abort.abort());
    this._streams.clear();
    this._refreshing.clear();
  }

  /** Keep the lists as they are; those that never came go on. */
  stopRefresh(): void {
    for (const [key, abort] of this._refreshing) {
      abort.abort();
      if (this._streams.get(key) === abort) {
        this._streams.delete(key);
      }
    }
    this._refreshing.clear();
  }

  /** Ask for the outermost list in place of what was there. */
  async begin(): Promise<void> {
    this.stop();
    this._limits.clear();
    this._tree.clear();
    await this.load(this._tree.root);
  }

  /** List what is directly below a node, as it arrives. */
  async load(node: INode<R>): Promise<void> {
    const abort = this._open(node);
    this._tree.begin(node);
    const outcome = await this._ask(node, abort, rows => {
      this._tree.append(node, rows);
    });
    if (outcome) {
      this._tree.finish(node, outcome);
      this._onWhole();
    }
  }

  /** Ask for more rows of a list than it shows; those that are there stay. */
  async more(node: INode<R>): Promise<void> {
    const before = this._limits.get(node.key) ?? this.limit;
    this._limits.set(node.key, Math.min(MOST, before * MORE));
    const abort = this._open(node);
    this._tree.begin(node);
    const rows: R[] = [];
    const outcome = await this._ask(node, abort, more => rows.push(...more));
    if (outcome?.kind === 'failed') {
      this._limits.set(node.key, before);
      this._tree.finish(node, outcome);
    } else if (outcome) {
      this._tree.replace(node, rows, outcome);
      this._onWhole();
    }
  }

  /** The person will not wait for this list any longer. */
  cancel(node: INode<R>): void {
    this._streams.get(node.key)?.abort(CANCELLED);
  }

  /** Ask for a list that failed once more. */
  async again(node: INode<R>): Promise<void> {
    this._tree.replace(node, [], { kind: 'done', truncated: false });
    await this.load(node);
  }

  /**
   * Ask for a list again without taking away what is there.
   *
   * The new list is put in place when it is whole, then the lists below it.
   */
  async refresh(node: INode<R>): Promise<void> {
    if (node.loading === 'running' && this._streams.has(node.key)) {
      return;
    }
    const abort = this._open(node);
    this._refreshing.set(node.key, abort);
    const rows: R[] = [];
    const outcome = await this._ask(node, abort, more => rows.push(...more));
    if (this._refreshing.get(node.key) === abort) {
      this._refreshing.delete(node.key);
    }
    if (!outcome) {
      return;
    }
    const isBroken = outcome.kind === 'failed';
    const old = node.children.map(child => child.row).filter(row => !!row);
    // A list that cannot be had again is better than none.
    this._tree.replace(node, isBroken ? old : rows, outcome);
    this._onWhole();
    if (!isBroken) {
      const open = node.children.filter(
        child => this._tree.isExpandable(child) && child.loading !== 'no'
      );
      await Promise.all(open.map(child => this.refresh(child)));
    }
  }

  /**
   * Ask for the list below a node, and say how that ended.
   *
   * Null when another question took this one's place: its answer, however late,
   * changes nothing.
   */
  private async _ask(
    node: INode<R>,
    abort: AbortController,
    onRows: (rows: R[]) => void
  ): Promise<Outcome | null> {
    const isOurs = () => this._streams.get(node.key) === abort;
    let outcome: Outcome | null;
    try {
      const { path, query } = this._question(node.row);
      const limit = this._limits.get(node.key) ?? this.limit;
      const end = await this._agent.stream<R>(path, {
        query: { ...query, limit },
        signal: abort.signal,
        onRows: rows => isOurs() && onRows(rows)
      });
      outcome = { kind: 'done', ...end };
    } catch (error) {
      outcome = this._failure(error, abort.signal);
    }
    if (!outcome || !isOurs()) {
      return null;
    }
    this._streams.delete(node.key);
    return outcome;
  }

  private _open(node: INode<R>): AbortController {
    this._streams.get(node.key)?.abort();
    const abort = new AbortController();
    this._streams.set(node.key, abort);
    return abort;
  }

  /** How it failed, or null when another question took this one's place. */
  private _failure(error: unknown, signal: AbortSignal): Outcome | null {
    if (signal.aborted) {
      return signal.reason === CANCELLED
        ? { kind: 'failed', error: stopped(this._trans) }
        : null;
    }
    if (isAbort(error) || !(error instanceof AgentError)) {
      throw error;
    }
    return { kind: 'failed', error };
  }

  private readonly _agent: IAgent;
  private readonly _tree: Tree<R>;
  private readonly _question: (row: R | null) => IQuestion;
  private readonly _trans: ITrans;
  private readonly _onWhole: () => void;
  /** Of the lists that more was asked for. */
  private readonly _limits = new Map<string, number>();
  private readonly _streams = new Map<string, AbortController>();
  private readonly _refreshing = new Map<string, AbortController>();
}

/** How many times as many rows *show more* shows. */
const MORE = 5;

/** The agent gives no more rows of one list. */
const MOST = 1_000_000;

/** Tells a person's Cancel from a question that was replaced. */
const CANCELLED = 'cancelled by a person';
