import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError } from '../../core/errors';
import type { IAgent } from '../../core/tokens';
import { Gate } from '../../signin/gate';
import type { Window } from '../../signin/gate';
import type { IConnection, IHealth, IInstance, IWhoami } from './tokens';

/** Answers slower than this make everything feel slow: say so. */
const SLOW_MS = 2000;

const CHECKING: IHealth = { state: 'checking', whoami: null, error: null };

export interface IConnectionOptions {
  agent: IAgent;
  /** The name of the service, where its routes begin. */
  service: string;
  /** Where a person comes back to the page; the window itself but in tests. */
  window?: Window;
}

/** Which instance of a service we speak to, as whom, and how it is. */
export class Connection implements IConnection {
  constructor(options: IConnectionOptions) {
    this._service = options.service;
    this.gate = new Gate({
      window: options.window,
      look: () => this._askWhoami()
    });
    this.agent = this.gate.watch(options.agent);
  }

  readonly gate: Gate;
  /** The agent; its errors are reported to the gate. */
  readonly agent: IAgent;

  get instances(): readonly IInstance[] {
    return this._instances;
  }

  get instance(): IInstance | null {
    return this._instance;
  }

  get health(): IHealth {
    return this._health;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  dispose(): void {
    this._check = null;
    this.gate.dispose();
    Signal.clearData(this);
  }

  /** Ask which instances there are; begin with one, else with the first. */
  async load(wanted: string | null, signal: AbortSignal): Promise<void> {
    const { instances } = await this.agent.request<{ instances: IInstance[] }>(
      'GET',
      `${this._service}/instances`,
      { signal }
    );
    if (!signal.aborted) {
      this._instances = instances;
      const name = this._instance?.name ?? wanted;
      this._instance =
        instances.find(one => one.name === name) ?? instances[0] ?? null;
    }
  }

  /** Speak to another instance; returns whether it is another. */
  use(name: string): boolean {
    const instance = this._instances.find(one => one.name === name);
    if (!instance || instance === this._instance) {
      return false;
    }
    this._instance = instance;
    this.gate.forget();
    return true;
  }

  /** Nothing is known of how the instance is. */
  forget(): void {
    this._health = CHECKING;
  }

  /** Ask the instance who we are there, and so whether it works. */
  async check(): Promise<void> {
    const check = {};
    this._check = check;
    if (this._health.whoami === null) {
      this._health = CHECKING;
      this._changed.emit();
    }
    const health = await this._askHealth();
    // A later question knows better.
    if (check === this._check) {
      this._health = health;
      if (health.whoami) {
        this.gate.open();
      }
      this._changed.emit();
    }
  }

  private async _askHealth(): Promise<IHealth> {
    try {
      const whoami = await this._askWhoami();
      const isSlow = whoami.latency_ms > SLOW_MS;
      return { state: isSlow ? 'slow' : 'connected', whoami, error: null };
    } catch (error) {
      if (error instanceof AgentError) {
        return { state: 'failed', whoami: null, error };
      }
      throw error;
    }
  }

  private _askWhoami(): Promise<IWhoami> {
    const query = { instance: this._instance?.name };
    const path = `${this._service}/whoami`;
    return this.agent.request<IWhoami>('GET', path, { query });
  }

  private readonly _service: string;
  private readonly _changed = new Signal<this, void>(this);
  private _instances: readonly IInstance[] = [];
  private _instance: IInstance | null = null;
  private _health: IHealth = CHECKING;
  private _check: object | null = null;
}
