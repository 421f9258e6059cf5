/**
 * The agent's data, as `docs/developer/agent-api.md` defines it.
 *
 * Everything else imports these names from here and nowhere else, so that
 * they can come from the generated schema without touching a caller.
 */

export type DidType = 'container' | 'dataset' | 'file';
export type TypeFilter = 'all' | 'collection' | DidType;

export interface IErrorBody {
  code: string;
  message: string;
  hint: string;
  retryable: boolean;
  details?: unknown;
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface IJob {
  id: string;
  kind: string;
  title: string;
  service: string;
  instance: string;
  refs: string[];
  state: JobState;
  bytes_done: number;
  bytes_total: number | null;
  files_done: number;
  files_total: number | null;
  rate: number | null;
  eta_s: number | null;
  error: IErrorBody | null;
  created: string;
  started: string | null;
  ended: string | null;
  destination: string | null;
  path: string | null;
  contents_path: string | null;
  note: string | null;
}

export interface IJobFile {
  ref: string;
  path: string;
  contents_path: string | null;
  bytes: number | null;
  state: string;
}

export interface IInstance {
  name: string;
  title: string;
  url: string;
  account: string;
  auth: string;
}

export interface IWhoami {
  instance: string;
  account: string;
  url: string;
  version: string;
  latency_ms: number;
}

export interface IRow {
  ref: string;
  scope: string;
  name: string;
  type: DidType;
  bytes: number | null;
  length: number | null;
  adler32: string | null;
  md5: string | null;
}

export interface IDid {
  ref: string;
  scope: string;
  name: string;
  type: DidType;
  bytes: number | null;
  length: number | null;
  account: string | null;
  created: string | null;
  adler32: string | null;
  md5: string | null;
  open: boolean | null;
  metadata: Record<string, unknown>;
}

export interface ISite {
  rse: string;
  state: string;
  available: number | null;
  length: number | null;
  bytes: number | null;
  urls?: string[];
}

export type LocalState = 'here' | 'partly' | 'elsewhere';

export interface IRowState {
  ref: string;
  bytes: number | null;
  length: number | null;
  local: LocalState;
  local_files: number | null;
  path: string | null;
  contents_path: string | null;
  sites: string[];
  job: string | null;
  job_state: JobState | null;
  fraction: number | null;
  problem: string | null;
}

/** The last line of a list. */
export interface IStreamEnd {
  count: number;
  truncated: boolean;
}
