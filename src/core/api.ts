/**
 * The agent's data, by the names that the rest uses.
 *
 * `agent_schema.ts` is generated from the agent's OpenAPI document (`make
 * api`); nothing else imports it.
 */
import type { components } from './agent_schema';

type Schemas = components['schemas'];

/** The agent leaves no field out, though the schema lets it. */
type Whole<Name extends keyof Schemas> = Required<Schemas[Name]>;

export type IErrorBody = Pick<
  Whole<'ErrorFields'>,
  'code' | 'message' | 'hint' | 'retryable'
> & { details?: unknown };

export type IAmount = Whole<'Amount'>;
export type IProgress = Whole<'Progress'> & { parts: IAmount[] };
export type IJob = Whole<'Job'> & { progress: IProgress };
export type JobState = IJob['state'];

export type IInstance = Whole<'DatalakeInstance'>;
export type IInstances = { instances: IInstance[] };
export type IWhoami = Whole<'DatalakeIdentity'>;
export type IScopes = Whole<'DatalakeScopes'>;

export type IRow = Whole<'DatalakeRow'>;
export type DidType = IRow['type'];
export type TypeFilter = 'all' | 'collection' | DidType;

export type IDid = Whole<'DatalakeDid'>;
export type ISite = Whole<'DatalakeSite'>;
export type ISites = { sites: ISite[]; note?: string | null };
export type IRowState = Whole<'DatalakeRowState'>;
export type IGetQuery = Schemas['DatalakeGetQuery'];

/** A sign-in with a code. */
export type ISignIn = Whole<'SignInAnswer'>;

/** The last line of a list. */
export interface IStreamEnd {
  count: number;
  truncated: boolean;
  /** Rows that made no sense and were left out; older agents do not count. */
  skipped?: number;
}
