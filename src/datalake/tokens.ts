import type { IDid, IKey, INear, IRow, IRowState, IRule, ISites } from './api';
import type { IJob } from '../core/api';
import type { States } from '../ui/outline/states';
import type { Details } from '../ui/sidebar/details';
import type { IPanelModel, IPlace } from '../ui/sidebar/tokens';
import type { IQuery } from './query';
import type { ILakeRow } from './rows';

/** The details of the selected DID. */
export interface ILakeDetails {
  did: IDid;
  replicas: ISites;
  rules: readonly IRule[];
  /** A copy that the site suggests, or null. */
  near: INear | null;
}

/** What the data lake panel shows, and all it can do. */
export interface IDatalake extends IPanelModel<ILakeRow> {
  readonly states: States<IRowState>;
  readonly details: Details<ILakeDetails>;
  readonly scopes: readonly string[];
  /** Which scopes are shown while nothing is searched: those that fit this. */
  readonly filter: string;
  readonly query: IQuery | null;
  /** What `start` goes back to. */
  readonly place: IPlace<IQuery>;

  /** Begin where the user was last, or at the scopes of the first instance. */
  start(place?: IPlace<IQuery>): Promise<void>;

  openScope(scope: string): Promise<void>;
  /** List one DID alone, and select it. */
  openDid(scope: string, name: string): Promise<void>;
  /** Show the scopes that fit a text. */
  showHome(filter?: string): void;
  /** Search by other conditions in the scope at hand. */
  searchBy(conditions: string): Promise<void>;
  /** The keys that conditions can be completed from. */
  keys(): Promise<readonly IKey[]>;
  /** Search the same name anywhere inside names. */
  widen(): Promise<void>;

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
