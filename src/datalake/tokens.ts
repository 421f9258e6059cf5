import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { IIdentity, IInstance, IRow } from './api';
import type { IJob } from '../core/api';
import type { AgentError } from '../core/errors';
import type { IGate } from '../signin/tokens';
import type { Details } from '../ui/sidebar/details';
import type { Column, IOrder } from '../ui/outline/order';
import type { IPlace, IQuery, TypeFilter } from './query';
import type { Selection } from '../ui/outline/selection';
import type { States } from '../ui/outline/states';
import type { INode } from '../ui/outline/node';
import type { Tree } from '../ui/outline/tree';

export interface IHealth {
  state: 'checking' | 'connected' | 'slow' | 'failed';
  whoami: IIdentity | null;
  error: AgentError | null;
}

/** What the data lake panel shows, and all it can do. */
export interface IDatalake extends IDisposable {
  readonly tree: Tree;
  readonly selection: Selection;
  readonly states: States;
  readonly details: Details;
  /** Whether a sign-in stands between us and the lake. */
  readonly gate: IGate;

  readonly instances: readonly IInstance[];
  readonly instance: IInstance | null;
  readonly health: IHealth;
  readonly scopes: readonly string[];
  /** Why nothing at all can be listed, or null. */
  readonly error: AgentError | null;
  readonly isStarting: boolean;
  /** When it began to start, in milliseconds. */
  readonly since: number;
  /** When what is shown began to be asked for again, or null. */
  readonly refreshingSince: number | null;
  /** What is listed: the scopes that fit a text, or the DIDs of a search. */
  readonly view: 'scopes' | 'dids';
  readonly filter: string;
  /** A text that a person entered and that waits for the scopes, or null. */
  readonly pending: string | null;
  readonly query: IQuery | null;
  readonly type: TypeFilter;
  /** By which column lists are sorted, within their types. */
  readonly order: IOrder;
  /** What `start` goes back to. */
  readonly place: IPlace;

  /** Anything above changed; tree, selection, states and details tell apart. */
  readonly changed: ISignal<IDatalake, void>;

  /** Begin where somebody was, or at the scopes of the first instance. */
  start(place?: IPlace): Promise<void>;
  /** Wait no longer for the start. */
  stop(): void;
  /**
   * Ask again for what is shown.
   *
   * What a person asks for meanwhile takes its place, never the other way.
   */
  refresh(): Promise<void>;
  /** Keep what is shown as it is. */
  stopRefresh(): void;
  /** Forget the sign-in to the instance. */
  signOut(): Promise<void>;
  useInstance(name: string): Promise<void>;
  setLimit(limit: number): void;

  /** Understand a text and list what it means, as soon as that can be told. */
  search(text: string): Promise<void>;
  openScope(scope: string): Promise<void>;
  showScopes(filter?: string): void;
  setType(type: TypeFilter): Promise<void>;
  /** Search the same name anywhere inside names. */
  widen(): Promise<void>;

  toggle(node: INode): void;
  expand(node: INode): void;
  collapse(node: INode): void;
  cancel(node: INode): void;
  again(node: INode): Promise<void>;
  /** Show more rows of a list that was cut. */
  more(node: INode): Promise<void>;
  /** Sort by a column; once more for the other way round. */
  sortBy(column: Column): void;

  /** The selected DIDs. */
  selectedRows(): IRow[];
  /**
   * Get rows that are not here; resolves with the job, or with null when all of
   * them are.
   */
  get(
    rows: readonly IRow[],
    options?: { to?: string; files?: string[] }
  ): Promise<IJob | null>;
}
