/** Generated from the OpenAPI document of the agent by `make api`. */
interface components {
  schemas: {
    /**
     * DatalakeAccount
     * @description The user's account at an instance.
     */
    DatalakeAccount: {
      /** Account */
      account: string;
      /**
       * Admin
       * @description Whether it may do everything.
       */
      admin: boolean;
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      /**
       * Quotas
       * @default []
       */
      quotas: components['schemas']['DatalakeRseQuota'][];
      /**
       * Scopes
       * @description Those that it owns, and so may write to; sorted.
       */
      scopes: string[];
      /**
       * Shared
       * @default []
       */
      shared: components['schemas']['DatalakeSharedQuota'][];
      /**
       * Unlimited
       * @description Whether its rules need no quota.
       */
      unlimited: boolean;
    };
    /**
     * DatalakeCompletion
     * @description What the word at the cursor may become.
     */
    DatalakeCompletion: {
      /** Text */
      text: string;
      /**
       * Type
       * @enum {string}
       */
      type: 'RSE' | 'attribute' | 'value';
    };
    /**
     * DatalakeCredentials
     * @description How to be let in by the storages of an instance; never for a browser, nor for a log.
     */
    DatalakeCredentials: {
      /**
       * Ca Files
       * @default []
       */
      ca_files: string[];
      /** Cert File */
      cert_file: string | null;
      /**
       * Expires
       * @description Seconds since 1970; null: unknown.
       */
      expires: number | null;
      /** Http Proxy */
      http_proxy: string | null;
      /** Https Proxy */
      https_proxy: string | null;
      /** Key File */
      key_file: string | null;
      /** No Proxy */
      no_proxy: string | null;
      /**
       * Problem
       * @description What is wrong with the certificate; a sentence.
       * @default
       */
      problem: string;
      /**
       * Redirect Hosts
       * @description Those that may be sent it where a storage redirects there.
       * @default []
       */
      redirect_hosts: string[];
      /**
       * Timeout S
       * @default 30
       */
      timeout_s: number;
      /** Token */
      token: string | null;
      /**
       * Token Hosts
       * @description Hosts that may be sent the token.
       * @default []
       */
      token_hosts: string[];
    };
    /**
     * DatalakeDid
     * @description One DID in full.
     */
    DatalakeDid: {
      /** Account */
      account: string | null;
      /** Adler32 */
      adler32: string | null;
      /** Bytes */
      bytes: number | null;
      /** Created */
      created: string | null;
      /** Length */
      length: number | null;
      /** Md5 */
      md5: string | null;
      /**
       * Metadata
       * @default {}
       */
      metadata: {
        [key: string]: unknown;
      };
      /** Name */
      name: string;
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      /** Open */
      open: boolean | null;
      /** Ref */
      ref: string;
      /** Scope */
      scope: string;
      /**
       * Type
       * @enum {string}
       */
      type: 'container' | 'dataset' | 'file';
    };
    /**
     * DatalakeExpression
     * @description What an expression means, while it is typed.
     */
    DatalakeExpression: {
      /**
       * Completes From
       * @description Where the word begins that a completion takes the place of.
       * @default 0
       */
      completes_from: number;
      /**
       * Completions
       * @default []
       */
      completions: components['schemas']['DatalakeCompletion'][];
      /**
       * Expression
       * @description As Rucio takes it: without spaces.
       */
      expression: string;
      /**
       * Matches
       * @description Names of the RSEs that match, sorted.
       */
      matches: string[];
      problem: components['schemas']['DatalakeProblem'] | null;
    };
    /**
     * DatalakeGetQuery
     * @description What to get, and where to.
     */
    DatalakeGetQuery: {
      /**
       * Client
       * @description Any id, used to release the job.
       */
      client?: string | null;
      /**
       * Files
       * @description Patterns that choose some files.
       * @default []
       */
      files: string[];
      /** Instance */
      instance?: string | null;
      /** Refs */
      refs: string[];
      /**
       * To
       * @description Folder; null for the usual folder.
       */
      to?: string | null;
    };
    /**
     * DatalakeIdentity
     * @description The user's account at an instance, which answers.
     */
    DatalakeIdentity: {
      /** Account */
      account: string;
      /** Instance */
      instance: string;
      /** Latency Ms */
      latency_ms: number;
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      /** Url */
      url: string;
      /** Version */
      version: string;
    };
    /**
     * DatalakeInstance
     * @description An instance as clients see it: nothing secret in it.
     */
    DatalakeInstance: {
      /** Account */
      account: string | null;
      /**
       * Auth
       * @enum {string}
       */
      auth:
        | 'auto'
        | 'hub'
        | 'oidc'
        | 'token'
        | 'userpass'
        | 'token_file'
        | 'environment'
        | 'rucio_cfg'
        | 'x509'
        | 'x509_proxy';
      /**
       * Identity
       * @description Where a person can sign in with a code or a form: the identity for POST /sign-ins.
       */
      identity: string | null;
      /** Name */
      name: string;
      /** Title */
      title: string;
      /** Url */
      url: string;
    };
    /**
     * DatalakeInstances
     * @description The configured instances, the default first.
     */
    DatalakeInstances: {
      /** Instances */
      instances: components['schemas']['DatalakeInstance'][];
    };
    /**
     * DatalakeKey
     * @description A key that can be searched by.
     */
    DatalakeKey: {
      /** Key */
      key: string;
      /**
       * Kind
       * @description What its values are, where that is known.
       */
      kind: ('text' | 'number' | 'size' | 'date' | 'flag' | 'type') | null;
      /**
       * Source
       * @description A column of Rucio's, a key that it lists, one of search_keys, or one seen in the metadata of a DID.
       * @enum {string}
       */
      source: 'rucio' | 'configured' | 'convention' | 'seen';
    };
    /**
     * DatalakeKeys
     * @description The keys to complete from; Rucio lists no keys of JSON metadata, so these are not all.
     */
    DatalakeKeys: {
      /** Keys */
      keys: components['schemas']['DatalakeKey'][];
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
    };
    /**
     * DatalakeMatches
     * @description The possible completions of a text.
     */
    DatalakeMatches: {
      /** Matches */
      matches: string[];
    };
    /**
     * DatalakeObstacle
     * @description Why a file cannot be fetched as usual although a site has it; ``hint`` says what to do.
     */
    DatalakeObstacle: {
      /** Hint */
      hint: string;
      /**
       * Kind
       * @description It is on tape only, inside an archive, offered by protocols that cannot be fetched, or its site gives no address.
       * @enum {string}
       */
      kind: 'tape' | 'archive' | 'protocol' | 'address';
      /** Message */
      message: string;
    };
    /**
     * DatalakePathInfo
     * @description What a path of ``rucio://`` names.
     */
    DatalakePathInfo: {
      /** Adler32 */
      adler32: string | null;
      /** Bytes */
      bytes: number | null;
      /** Md5 */
      md5: string | null;
      /** Path */
      path: string;
      /**
       * Ref
       * @description Null for a scope.
       */
      ref: string | null;
      /** Type */
      type: 'scope' | ('container' | 'dataset' | 'file');
    };
    /**
     * DatalakeProblem
     * @description What is wrong with an expression, and where.
     */
    DatalakeProblem: {
      /**
       * At
       * @description First character, from 0.
       */
      at: number | null;
      /** Hint */
      hint: string;
      /** Length */
      length: number | null;
      /** Message */
      message: string;
      /**
       * Near
       * @description What may have been meant at this place.
       */
      near: string | null;
    };
    /**
     * DatalakePutPlan
     * @description What a put would do.
     */
    DatalakePutPlan: {
      /** Account */
      account: string;
      /** Bytes */
      bytes: number;
      /**
       * Candidates
       * @description The RSEs that could be chosen, where none was named.
       * @default []
       */
      candidates: components['schemas']['DatalakeRseChoice'][];
      /** Dataset */
      dataset: string | null;
      /**
       * Dataset Exists
       * @default false
       */
      dataset_exists: boolean;
      /**
       * Equal
       * @description Files that the data lake has already, with the same content: they are attached to the dataset, and not sent.
       */
      equal: number;
      /** @description Why it could not start, apart from problems of files. */
      error: components['schemas']['ErrorInfo'] | null;
      /**
       * Files
       * @description All files that were found.
       */
      files: number;
      /** Free */
      free: number | null;
      /**
       * Hidden
       * @description Files that are left out: their names, or folders', begin with a dot.
       */
      hidden: number;
      /** Instance */
      instance: string;
      /**
       * New
       * @description Files that would be sent.
       */
      new: number;
      /** New Bytes */
      new_bytes: number;
      /**
       * Problem Count
       * @default 0
       */
      problem_count: number;
      /**
       * Problems
       * @description The first hundred; nothing is put while there is one.
       * @default []
       */
      problems: components['schemas']['DatalakePutProblem'][];
      /** Quota Left */
      quota_left: number | null;
      /**
       * Rse
       * @description Null where none could be chosen; see error.
       */
      rse: string | null;
      /**
       * Rule
       * @description What keeps the files in the data lake; a sentence.
       */
      rule: string;
      /** Scope */
      scope: string;
      /** Until */
      until: string | null;
    };
    /**
     * DatalakePutProblem
     * @description A file that cannot be put, and why.
     */
    DatalakePutProblem: {
      /**
       * Kind
       * @description refused: its name, or the file itself; conflict: other content has its name.
       * @enum {string}
       */
      kind: 'refused' | 'conflict';
      /** Message */
      message: string;
      /** Name */
      name: string;
      /** Path */
      path: string;
    };
    /**
     * DatalakePutQuery
     * @description What to put, and where to.
     */
    DatalakePutQuery: {
      /**
       * Client
       * @description Any id of whoever waits for it.
       */
      client?: string | null;
      /**
       * Dataset
       * @description Name of the dataset, where to names none.
       */
      dataset?: string | null;
      /** Instance */
      instance?: string | null;
      /**
       * Keep Paths
       * @description Whether names are paths below the folder given, with /.
       * @default false
       */
      keep_paths: boolean;
      /**
       * Lifetime S
       * @description Seconds until the rule ends; null: it does not.
       */
      lifetime_s?: number | null;
      /**
       * Metadata
       * @description Of a new dataset, or of files that go into none.
       * @default {}
       */
      metadata: {
        [key: string]: string;
      };
      /**
       * Paths
       * @description Files and folders: absolute; from a browser, relative to what it shows.
       */
      paths: string[];
      /**
       * Rse
       * @description Null to have one chosen.
       */
      rse?: string | null;
      /**
       * To
       * @description scope:dataset, or scope: for files alone; null for the account's own scope.
       */
      to?: string | null;
    };
    /**
     * DatalakeQuota
     * @description How much an account may store, and how much of it is used.
     */
    DatalakeQuota: {
      /** Files */
      files: number;
      /**
       * Left
       * @description Bytes, not below 0; null: no limit.
       */
      left: number | null;
      /**
       * Limit
       * @description Bytes; 0: nothing may be stored; null: no limit.
       */
      limit: number | null;
      /** Used */
      used: number;
    };
    /**
     * DatalakeRow
     * @description One DID in a list.
     */
    DatalakeRow: {
      /** Adler32 */
      adler32: string | null;
      /** Bytes */
      bytes: number | null;
      /** Length */
      length: number | null;
      /** Md5 */
      md5: string | null;
      /** Name */
      name: string;
      /** Ref */
      ref: string;
      /** Scope */
      scope: string;
      /**
       * Type
       * @enum {string}
       */
      type: 'container' | 'dataset' | 'file';
    };
    /**
     * DatalakeRowState
     * @description The state of a row.
     */
    DatalakeRowState: {
      /** Bytes */
      bytes: number | null;
      /** Contents Path */
      contents_path: string | null;
      /** Fraction */
      fraction: number | null;
      /** Job */
      job: string | null;
      /** Job State */
      job_state: string | null;
      /** Length */
      length: number | null;
      /**
       * Local
       * @default elsewhere
       * @enum {string}
       */
      local: 'here' | 'partly' | 'elsewhere';
      /** Local Files */
      local_files: number | null;
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      obstacle: components['schemas']['DatalakeObstacle'] | null;
      /** Path */
      path: string | null;
      /** Problem */
      problem: string | null;
      /** Ref */
      ref: string;
      /**
       * Sites
       * @default []
       */
      sites: string[];
    };
    /**
     * DatalakeRse
     * @description One RSE, as the user's account sees it.
     */
    DatalakeRse: {
      /**
       * Attributes
       * @default {}
       */
      attributes: {
        [key: string]: string | number | boolean;
      };
      /**
       * Deletable
       * @default true
       */
      deletable: boolean;
      /**
       * Deterministic
       * @description Whether Rucio makes the paths of files from their names.
       */
      deterministic: boolean | null;
      /**
       * Free
       * @description As its storage reports it.
       */
      free: number | null;
      /** Name */
      name: string;
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      /** @description The account's quota here; null: it could not be read. */
      quota: components['schemas']['DatalakeQuota'] | null;
      /**
       * Readable
       * @default true
       */
      readable: boolean;
      /**
       * Reported
       * @description When the storage was asked.
       */
      reported: string | null;
      /**
       * Staging
       * @description A staging area: rules need a lifetime.
       * @default false
       */
      staging: boolean;
      /**
       * Tape
       * @default false
       */
      tape: boolean;
      /** Total */
      total: number | null;
      /**
       * Type
       * @description DISK, TAPE or UNKNOWN.
       */
      type: string | null;
      /**
       * Used
       * @description Of all accounts together.
       */
      used: number | null;
      /**
       * Volatile
       * @default false
       */
      volatile: boolean;
      /**
       * Writable
       * @default true
       */
      writable: boolean;
    };
    /**
     * DatalakeRseChoice
     * @description An RSE that files can be put on.
     */
    DatalakeRseChoice: {
      /**
       * Free
       * @description Null: the RSE does not say.
       */
      free: number | null;
      /**
       * Quota Left
       * @description Null: not known.
       */
      quota_left: number | null;
      /** Rse */
      rse: string;
    };
    /**
     * DatalakeRseQuota
     * @description The quota at one RSE.
     */
    DatalakeRseQuota: {
      /** Files */
      files: number;
      /**
       * Left
       * @description Bytes, not below 0; null: no limit.
       */
      left: number | null;
      /**
       * Limit
       * @description Bytes; 0: nothing may be stored; null: no limit.
       */
      limit: number | null;
      /** Rse */
      rse: string;
      /** Used */
      used: number;
    };
    /**
     * DatalakeScopes
     * @description Every scope, sorted.
     */
    DatalakeScopes: {
      /** Scopes */
      scopes: string[];
    };
    /**
     * DatalakeSharedQuota
     * @description One quota for all RSEs of an expression together.
     */
    DatalakeSharedQuota: {
      /** Expression */
      expression: string;
      /** Files */
      files: number;
      /**
       * Left
       * @description Bytes, not below 0; null: no limit.
       */
      left: number | null;
      /**
       * Limit
       * @description Bytes; 0: nothing may be stored; null: no limit.
       */
      limit: number | null;
      /**
       * Rses
       * @default []
       */
      rses: string[];
      /** Used */
      used: number;
    };
    /**
     * DatalakeSite
     * @description One site's (RSE's) part of a DID: its number of files, bytes, and for a file its URLs.
     */
    DatalakeSite: {
      /** Available */
      available: number;
      /** Bytes */
      bytes: number | null;
      /** Length */
      length: number;
      /** Rse */
      rse: string;
      /** State */
      state: string;
      /**
       * Urls
       * @default []
       */
      urls: string[];
    };
    /**
     * DatalakeSites
     * @description Which sites have a DID, and what of this could not be read.
     */
    DatalakeSites: {
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      /** @description Why a file cannot be fetched as usual from any of them. */
      obstacle: components['schemas']['DatalakeObstacle'] | null;
      /** Sites */
      sites: components['schemas']['DatalakeSite'][];
    };
    /**
     * DatalakeSources
     * @description Where the bytes of one file are: in a file of this machine, else at URLs, the best first.
     */
    DatalakeSources: {
      /** @description Null with a path. */
      credentials: components['schemas']['DatalakeCredentials'] | null;
      file: components['schemas']['DatalakePathInfo'];
      /**
       * Path
       * @description An intact file of this machine.
       */
      path: string | null;
      /**
       * Urls
       * @default []
       */
      urls: string[];
    };
    /**
     * DatalakeSourcesQuery
     * @description A file to read.
     */
    DatalakeSourcesQuery: {
      /** Instance */
      instance?: string | null;
      /**
       * Path
       * @description scope/name, as in rucio://.
       */
      path: string;
      /**
       * Refused
       * @description SHA-256 of a token that a storage has refused.
       */
      refused?: string | null;
    };
    /**
     * DatalakeStates
     * @description The states of the visible rows, in the order of the request.
     */
    DatalakeStates: {
      /** Rows */
      rows: components['schemas']['DatalakeRowState'][];
    };
    /**
     * DatalakeStatesQuery
     * @description The visible rows.
     */
    DatalakeStatesQuery: {
      /** Instance */
      instance?: string | null;
      /** Refs */
      refs: string[];
    };
    /**
     * ErrorInfo
     * @description An error as it travels; see :mod:`escape_vre.core.errors`.
     */
    ErrorInfo: {
      /** Code */
      code: string;
      /**
       * Details
       * @default {}
       */
      details: {
        [key: string]: unknown;
      };
      /**
       * Hint
       * @default
       */
      hint: string;
      /** Message */
      message: string;
      /**
       * Retryable
       * @default false
       */
      retryable: boolean;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}

type Schemas = components['schemas'];
export type IAccount = Schemas['DatalakeAccount'];
export type ICompletion = Schemas['DatalakeCompletion'];
export type ICredentials = Schemas['DatalakeCredentials'];
export type IDid = Schemas['DatalakeDid'];
export type IExpression = Schemas['DatalakeExpression'];
export type IGetQuery = Schemas['DatalakeGetQuery'];
export type IIdentity = Schemas['DatalakeIdentity'];
export type IInstance = Schemas['DatalakeInstance'];
export type IInstances = Schemas['DatalakeInstances'];
export type IKey = Schemas['DatalakeKey'];
export type IKeys = Schemas['DatalakeKeys'];
export type IMatches = Schemas['DatalakeMatches'];
export type IObstacle = Schemas['DatalakeObstacle'];
export type IPathInfo = Schemas['DatalakePathInfo'];
export type IProblem = Schemas['DatalakeProblem'];
export type IPutPlan = Schemas['DatalakePutPlan'];
export type IPutProblem = Schemas['DatalakePutProblem'];
export type IPutQuery = Schemas['DatalakePutQuery'];
export type IQuota = Schemas['DatalakeQuota'];
export type IRow = Schemas['DatalakeRow'];
export type IRowState = Schemas['DatalakeRowState'];
export type IRse = Schemas['DatalakeRse'];
export type IRseChoice = Schemas['DatalakeRseChoice'];
export type IRseQuota = Schemas['DatalakeRseQuota'];
export type IScopes = Schemas['DatalakeScopes'];
export type ISharedQuota = Schemas['DatalakeSharedQuota'];
export type ISite = Schemas['DatalakeSite'];
export type ISites = Schemas['DatalakeSites'];
export type ISources = Schemas['DatalakeSources'];
export type ISourcesQuery = Schemas['DatalakeSourcesQuery'];
export type IStates = Schemas['DatalakeStates'];
export type IStatesQuery = Schemas['DatalakeStatesQuery'];
