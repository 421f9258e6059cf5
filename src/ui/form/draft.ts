import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError, isAbort } from '../../core/errors';

/** A text is typed faster than it can be asked about. */
const REST_MS = 350;

/**
 * What stands in the way, by field.
 *
 * An empty sentence means that the field is not filled in yet: nobody has to be
 * told that.
 */
export type Problems<V extends object> = Partial<Record<keyof V, string>>;

export interface IDraftOptions<V extends object, P, R> {
  /** What is filled in already. */
  value: V;
  /** What is wrong and can be told without asking. */
  check?: (value: V) => Problems<V>;
  /**
   * Ask what would happen.
   *
   * It is asked again when what `about` returns is no longer the same.
   */
  plan?: (value: V, signal: AbortSignal) => Promise<P>;
  /** What the plan depends on; null while there is not enough to ask. */
  about?: (value: V) => unknown;
  /** Whether a plan may be carried out. */
  allows?: (plan: P) => boolean;
  /** Do it. */
  submit: (value: V, signal: AbortSignal) => Promise<R>;
}

/**
 * What is filled into a form, what would come of it, and whether it is done.
 *
 * An answer counts only while it is the answer to what is filled in now.
 */
export class Draft<
  V extends object,
  P = null,
  R = unknown
> implements IDisposable {
  constructor(options: IDraftOptions<V, P, R>) {
    this._options = options;
    this._value = options.value;
    this._question = this._ask();
    this._begin(0);
  }

  get value(): V {
    return this._value;
  }

  /** What would happen, as far as it is known. */
  get plan(): P | null {
    return this._plan;
  }

  /** Why that is not known, or why it could not be done. */
  get error(): AgentError | null {
    return this._error;
  }

  /** Whether it is being asked what would happen. */
  get isAsking(): boolean {
    return this._asking !== null;
  }

  /** When that began. */
  get since(): number {
    return this._since;
  }

  /** Whether it is being done. */
  get isBusy(): boolean {
    return this._doing !== null;
  }

  get problems(): Problems<V> {
    const known = this._options.check?.(this._value) ?? {};
    const field = this._fieldOfError;
    return field !== null && !(field in known) && this._error
      ? { ...known, [field]: this._error.message }
      : known;
  }

  /** The error, unless a field shows it. */
  get errorBeside(): AgentError | null {
    return this._fieldOfError === null ? this._error : null;
  }

  get isReady(): boolean {
    const { check, plan, allows } = this._options;
    return (
      !this.isBusy &&
      Object.keys(check?.(this._value) ?? {}).length === 0 &&
      (!plan ||
        (this._plan !== null &&
          !this.isAsking &&
          (this._error === null || this._wasSubmitted) &&
          (allows?.(this._plan) ?? true)))
    );
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      this._asking?.abort();
      this._doing?.abort();
      Signal.clearData(this);
    }
  }

  /** Fill something in. */
  set(part: Partial<V>): void {
    this._value = { ...this._value, ...part };
    this._error = this._wasSubmitted ? null : this._error;
    this._wasSubmitted = false;
    const question = this._ask();
    if (question !== this._question) {
      this._question = question;
      this._begin(REST_MS);
    }
    this._changed.emit();
  }

  /** Ask once more what would happen. */
  again(): void {
    this._begin(0);
    this._changed.emit();
  }

  /** Do it; resolves with null when it could not be done, and says why. */
  async submit(): Promise<{ result: R } | null> {
    if (!this.isReady) {
      return null;
    }
    this._doing = new AbortController();
    this._error = null;
    this._changed.emit();
    const { signal } = this._doing;
    try {
      const result = await this._options.submit(this._value, signal);
      return { result };
    } catch (error) {
      this._fail(error, signal);
      this._wasSubmitted = true;
      return null;
    } finally {
      this._doing = null;
      this._changed.emit();
    }
  }

  /** As a text, so that it can be compared; null where nothing can be asked. */
  private _ask(): string | null {
    const { plan, about } = this._options;
    if (!plan) {
      return null;
    }
    const question = about ? about(this._value) : '';
    return question === null ? null : JSON.stringify(question);
  }

  private _begin(delay: number): void {
    clearTimeout(this._timer);
    this._asking?.abort();
    this._asking = null;
    this._error = null;
    const { plan } = this._options;
    if (this._question === null || !plan) {
      this._plan = null;
      return;
    }
    const asking = new AbortController();
    this._asking = asking;
    this._since = Date.now();
    this._timer = setTimeout(() => void this._inquire(plan, asking), delay);
  }

  private async _inquire(
    plan: (value: V, signal: AbortSignal) => Promise<P>,
    asking: AbortController
  ): Promise<void> {
    try {
      const answer = await plan(this._value, asking.signal);
      if (!asking.signal.aborted) {
        this._plan = answer;
      }
    } catch (error) {
      if (!asking.signal.aborted) {
        this._plan = null;
      }
      this._fail(error, asking.signal);
    }
    if (this._asking === asking) {
      this._asking = null;
      this._changed.emit();
    }
  }

  private _fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted || isAbort(error)) {
      return;
    }
    if (!(error instanceof AgentError)) {
      throw error;
    }
    this._error = error;
  }

  /** The field that an error is about, where the service says so. */
  private get _fieldOfError(): keyof V | null {
    const details = this._error?.details as { field?: unknown } | null;
    const field = details?.field;
    return typeof field === 'string' && field in this._value
      ? (field as keyof V)
      : null;
  }

  private readonly _options: IDraftOptions<V, P, R>;
  private readonly _changed = new Signal<this, void>(this);
  private _value: V;
  private _question: string | null;
  private _plan: P | null = null;
  private _error: AgentError | null = null;
  /** Whether the error came of doing it, so that it may be tried again. */
  private _wasSubmitted = false;
  private _asking: AbortController | null = null;
  private _doing: AbortController | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _since = 0;
  private _isDisposed = false;
}
