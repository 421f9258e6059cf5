import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { AgentError } from '../../core/errors';
import type { IGate } from '../../signin/tokens';
import type { IOutlineRow } from '../outline/node';
import type { Outline } from '../outline/outline';

/** One of the servers that a service is configured with. */
export interface IInstance {
  name: string;
  title: string;
  url: string;
  account: string;
  /** What the user signs in to, or null. */
  identity: string | null;
}

/** Who we are at an instance. */
export interface IWhoami {
  account: string;
  latency_ms: number;
}

export interface IHealth {
  state: 'checking' | 'connected' | 'slow' | 'failed';
  whoami: IWhoami | null;
  error: AgentError | null;
}

/** Which instance of a service a panel speaks to, as whom, and how it is. */
export interface IConnection {
  /** Whether a sign-in stands between us and the service. */
  readonly gate: IGate;
  readonly instances: readonly IInstance[];
  readonly instance: IInstance | null;
  readonly health: IHealth;
}

/** What belongs to a panel and depends on the instance: states, details. */
export interface IPart extends IDisposable {
  /** Another instance is asked from now on. */
  enter(): void;
  /** Ask again for what is shown. */
  refresh(): void;
}

/** Where a person is in a service: enough to come back to it. */
export interface IPlace<Q> {
  instance: string | null;
  query: Q | null;
  /** The value of the chosen chip. */
  type: string;
}

/** What a panel shows, and all it can do, whatever its service. */
export interface IPanelModel<
  R extends IOutlineRow = IOutlineRow
> extends IDisposable {
  /** The name of the service, which its jobs carry. */
  readonly service: string;
  readonly outline: Outline<R>;
  readonly connection: IConnection;
  /** Why nothing at all can be listed, or null. */
  readonly error: AgentError | null;
  readonly isStarting: boolean;
  /** When it began to start, in milliseconds. */
  readonly since: number;
  /** When what is shown began to be asked for again, or null. */
  readonly refreshingSince: number | null;
  /** Whether nothing is searched: the rows to begin with are shown. */
  readonly isHome: boolean;
  /** What the search field shows while it is not being edited. */
  readonly text: string;
  /** The value of the chosen chip. */
  readonly type: string;
  /** Anything above changed; outline and connection have signals of their own. */
  readonly changed: ISignal<IPanelModel<R>, void>;

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

  /** Understand a text and list what it means, as soon as that can be told. */
  search(text: string): Promise<void>;
  /** The text to search for in place of one, given the name that was meant. */
  textFor(near: string): string;
  /** What a text may be completed to, from what is known already. */
  completions(text: string): readonly string[];
  /** Go where a completion leads. */
  complete(completion: string): Promise<void>;
  setType(type: string): Promise<void>;

  /** The selected rows that can be acted on. */
  selectedRows(): R[];
}
