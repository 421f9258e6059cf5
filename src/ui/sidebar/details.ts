import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError, isAbort } from '../../core/errors';
import type { IPart } from './tokens';

/** Selecting by arrow keys passes rows by; ask only where it rests. */
const REST_MS = 200;

/** How to ask for each part of a row's details. */
export type Questions<D extends object> = {
  [K in keyof D]: (ref: string, signal: AbortSignal) => Promise<D[K]>;
};

/** What is known of the selected row: several answers, each with its own error. */
export class Details<D extends object> implements IPart {
  constructor(questions: Questions<D>) {
    this._questions = questions;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ref(): string | null {
    return this._ref;
  }

  /** An answer, null as long as there is none. */
  get<K extends keyof D>(name: K): D[K] | null {
    return this._answers[name] ?? null;
  }

  /** Why there is no answer, or null. */
  errorOf(name: keyof D): AgentError | null {
    return this._errors.get(name) ?? null;
  }

  get errors(): AgentError[] {
    return [...this._errors.values()];
  }

  get isDisposed(): boolean {
    return this._abort === null;
  }

  dispose(): void {
    if (this._abort) {
      this._abort.abort();
      this._abort = null;
      clearTimeout(this._timer);
      Signal.clearData(this);
    }
  }

  show(ref: string | null): void {
    if (ref !== this._ref) {
      this._answers = {};
      this._load(ref, REST_MS);
    }
  }

  enter(): void {
    this._answers = {};
    this._load(null, 0);
  }

  /** Ask again; what is shown stays until the answer comes. */
  refresh(): void {
    this._load(this._ref, 0);
  }

  /** Ask again for one part, which changes by itself. */
  reload(name: keyof D): void {
    if (this._ref !== null && this._abort) {
      void this._ask(name, this._ref, this._abort.signal);
    }
  }

  private _load(ref: string | null, delay: number): void {
    if (!this._abort) {
      return;
    }
    this._abort.abort();
    this._abort = new AbortController();
    clearTimeout(this._timer);
    this._ref = ref;
    this._errors.clear();
    if (ref !== null) {
      const { signal } = this._abort;
      this._timer = setTimeout(() => {
        for (const name of Object.keys(this._questions) as (keyof D)[]) {
          void this._ask(name, ref, signal);
        }
      }, delay);
    }
    this._changed.emit();
  }

  private async _ask(
    name: keyof D,
    ref: string,
    signal: AbortSignal
  ): Promise<void> {
    try {
      const answer = await this._questions[name](ref, signal);
      if (!signal.aborted) {
        this._answers[name] = answer;
        this._errors.delete(name);
        this._changed.emit();
      }
    } catch (error) {
      if (!signal.aborted && !isAbort(error) && error instanceof AgentError) {
        this._errors.set(name, error);
        this._changed.emit();
      }
    }
  }

  private readonly _questions: Questions<D>;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _errors = new Map<keyof D, AgentError>();
  private _answers: Partial<D> = {};
  private _abort: AbortController | null = new AbortController();
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _ref: string | null = null;
}
