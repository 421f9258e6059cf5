import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { IJob } from './api';

/** The last line of a list. */
export interface IStreamEnd {
  count: number;
  truncated: boolean;
  /** Rows that made no sense and were left out; older agents do not count. */
  skipped?: number;
  /** What the service says of how the list came about. */
  note?: string;
}

export type Query = Record<string, string | number | undefined>;

export interface IRequestOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /**
   * Whether a POST may be sent again when the agent goes before it answers.
   *
   * Only for routes that just read, or that know by the idempotency key which
   * is sent along what they have done.
   */
  repeatable?: boolean;
}

/** Speaks to the agent through the Jupyter server. */
export interface IAgent {
  /**
   * Ask for one JSON answer.
   *
   * Rejects with an `AgentError`, or with an `AbortError` when `signal` fires.
   */
  request<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options?: IRequestOptions
  ): Promise<T>;

  /**
   * Ask for a list and hand over its rows as they arrive.
   *
   * Resolves with the list's own count once the last row was handed over.
   */
  stream<T>(
    path: string,
    options: {
      query?: Query;
      signal: AbortSignal;
      onRows: (rows: T[]) => void;
    }
  ): Promise<IStreamEnd>;
}

export const IAgent = new Token<IAgent>(
  'escape-vre:IAgent',
  'Speaks to the escape-vre agent through the Jupyter server.'
);

/** The jobs of this user, kept up to date by Jupyter events. */
export interface IJobs {
  /** Newest first. */
  readonly list: readonly IJob[];
  readonly active: readonly IJob[];
  /** Whether the jobs were asked for at least once. */
  readonly isReady: boolean;
  /** A job came, changed or went. */
  readonly changed: ISignal<IJobs, void>;
  /** A job that this browser session saw unfinished has finished. */
  readonly ended: ISignal<IJobs, IJob>;

  get(id: string): IJob | undefined;
  /** The unfinished job that fetches this ref itself, if there is one. */
  activeFor(ref: string): IJob | undefined;
  /** Whether this session started the job, or found it running at load. */
  isWatched(id: string): boolean;
  refresh(): Promise<void>;
  /** Take in a job that a request answered with. */
  put(job: IJob): void;
  cancel(id: string): Promise<void>;
  retry(id: string): Promise<void>;
  forget(id: string): Promise<void>;
  /** Forget the finished jobs, or only some of them. */
  clearFinished(isMeant?: (job: IJob) => boolean): Promise<void>;
}

export const IJobs = new Token<IJobs>(
  'escape-vre:IJobs',
  'The jobs of the escape-vre agent, as they change.'
);
