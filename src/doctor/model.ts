import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { ICheck } from '../core/api';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';

/** The checks of what is configured, as they are done. */
export class Doctor implements IDisposable {
  constructor(agent: IAgent) {
    this._agent = agent;
  }

  /** In the order in which they came, those of one subject together. */
  get groups(): ReadonlyMap<string, readonly ICheck[]> {
    return this._groups;
  }

  get isRunning(): boolean {
    return this._isRunning;
  }

  /** Why there are no checks, or no more of them. */
  get error(): AgentError | null {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** How many checks have this state. */
  count(state: ICheck['state']): number {
    return [...this._groups.values()]
      .flat()
      .filter(check => check.state === state).length;
  }

  /** Check everything, again if it was. */
  async run(): Promise<void> {
    this._abort.abort();
    this._abort = new AbortController();
    const { signal } = this._abort;
    this._groups = new Map();
    this._error = null;
    this._isRunning = true;
    this._changed.emit();
    try {
      await this._agent.stream<ICheck>('doctor', {
        signal,
        onRows: rows => {
          rows.forEach(row => this._add(row));
          this._changed.emit();
        }
      });
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (!(error instanceof AgentError)) {
        throw error;
      }
      this._error = error;
    }
    if (!signal.aborted) {
      this._isRunning = false;
      this._changed.emit();
    }
  }

  /** All of it as text, to paste into a report. */
  text(): string {
    const lines = [...this._groups.values()].flat().flatMap(check => {
      const { subject, name, state, message, hint } = check;
      const line = `${state}: ${subject}: ${name}. ${message}`;
      return hint && state !== 'ok' ? [line, `    ${hint}`] : [line];
    });
    return [...lines, ...(this._error ? [this._error.report()] : [])].join(
      '\n'
    );
  }

  dispose(): void {
    this._isDisposed = true;
    this._abort.abort();
    Signal.clearData(this);
  }

  private _add(check: ICheck): void {
    const before = this._groups.get(check.subject) ?? [];
    this._groups.set(check.subject, [...before, check]);
  }

  private readonly _agent: IAgent;
  private readonly _changed = new Signal<this, void>(this);
  private _groups = new Map<string, readonly ICheck[]>();
  private _error: AgentError | null = null;
  private _isRunning = false;
  private _isDisposed = false;
  private _abort = new AbortController();
}
