import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { AgentError } from '../core/errors';
import type { Way } from './way';

/**
 * What stands between a panel and its service: one message, however many
 * questions have met it, and the way out of it.
 */
export interface IGate extends IDisposable {
  /** Why nothing can be asked now, or null. */
  readonly error: AgentError | null;
  readonly way: Way | null;
  /** The error came, became another, or went. */
  readonly changed: ISignal<IGate, void>;
  /** It is over: what was shown can be asked for again. */
  readonly opened: ISignal<IGate, void>;
  /** Look at once whether it is over. */
  check(): Promise<void>;
}
