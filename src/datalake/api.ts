/** Generated from the OpenAPI document of the agent by `make api`. */
interface components {
  schemas: {
    /**
     * Amount
     * @description How much of something is done.
     */
    Amount: {
      /**
       * Done
       * @default 0
       */
      done: number;
      /**
       * Total
       * @description Null until it is known.
       */
      total: number | null;
      /**
       * Unit
       * @enum {string}
       */
      unit: 'bytes' | 'files' | 'steps' | 'rows';
    };
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
     * DatalakeActiveQuery
     * @description A subscription to pause or resume.
     */
    DatalakeActiveQuery: {
      /** Active */
      active: boolean;
      /** Instance */
      instance?: string | null;
      /** Name */
      name: string;
    };
    /**
     * DatalakeChange
     * @description A state of a rule, and since when.
     */
    DatalakeChange: {
      /**
       * Ok
       * @default 0
       */
      ok: number;
      /**
       * Replicating
       * @default 0
       */
      replicating: number;
      /** State */
      state: string;
      /**
       * Stuck
       * @default 0
       */
      stuck: number;
      /** When */
      when: string | null;
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
     * DatalakeContentQuery
     * @description DIDs to attach or detach.
     */
    DatalakeContentQuery: {
      /** Contents */
      contents: string[];
      /** Instance */
      instance?: string | null;
      /**
       * Ref
       * @description The dataset or container.
       */
      ref: string;
    };
    /**
     * DatalakeCreateQuery
     * @description A dataset or container to make.
     */
    DatalakeCreateQuery: {
      /** Instance */
      instance?: string | null;
      /**
       * Lifetime S
       * @description After which it is erased.
       */
      lifetime_s?: number | null;
      /**
       * Metadata
       * @default {}
       */
      metadata: {
        [key: string]: string | number | boolean | null;
      };
      /** Ref */
      ref: string;
      /**
       * Type
       * @default dataset
       * @enum {string}
       */
      type: 'dataset' | 'container';
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
     * DatalakeDeclareQuery
     * @description A broken replica.
     */
    DatalakeDeclareQuery: {
      /** Instance */
      instance?: string | null;
      /** Reason */
      reason: string;
      /** Ref */
      ref: string;
      /** Rse */
      rse: string;
      /**
       * Suspicious
       * @description It may be broken; everybody may say so.
       * @default false
       */
      suspicious: boolean;
    };
    /**
     * DatalakeDeclared
     * @description What was declared, in a sentence.
     */
    DatalakeDeclared: {
      /** Message */
      message: string;
    };
    /**
     * DatalakeDeleteQuery
     * @description The rule to delete.
     */
    DatalakeDeleteQuery: {
      /** Instance */
      instance?: string | null;
      /** Rule */
      rule: string;
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
     * DatalakeDone
     * @description What was done to a DID.
     */
    DatalakeDone: {
      /**
       * Already
       * @description Whether it was so before.
       * @default false
       */
      already: boolean;
      /**
       * Message
       * @description What is so now, in a sentence.
       */
      message: string;
      /** Open */
      open: boolean | null;
      /** Ref */
      ref: string;
      /**
       * Type
       * @enum {string}
       */
      type: 'container' | 'dataset' | 'file';
    };
    /**
     * DatalakeEraseQuery
     * @description A DID to erase, after a day where nothing else is said.
     */
    DatalakeEraseQuery: {
      /** Instance */
      instance?: string | null;
      /** Lifetime S */
      lifetime_s?: number | null;
      /** Ref */
      ref: string;
      /**
       * Undo
       * @description Not to be erased any more.
       * @default false
       */
      undo: boolean;
      /** Until */
      until?: string | null;
    };
    /**
     * DatalakeErasure
     * @description What an erasure would erase, or will.
     */
    DatalakeErasure: {
      /** Bytes */
      bytes: number | null;
      /**
       * Expires
       * @description When it will be erased; null: it will not.
       */
      expires: string | null;
      /** Files */
      files: number | null;
      /**
       * Message
       * @description What is erased, and what cannot come back.
       */
      message: string;
      /** Note */
      note: string | null;
      /** Ref */
      ref: string;
      /**
       * Rules
       * @description Rules of the DID itself, which end with it.
       */
      rules: number;
      /**
       * Type
       * @enum {string}
       */
      type: 'container' | 'dataset' | 'file';
      /**
       * Unprotected
       * @description Files that no other rule keeps; null where that was not checked.
       */
      unprotected: number | null;
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
       * Copy Mounted
       * @description Copy files of a mounted storage, too; to a folder, they always are.
       */
      copy_mounted?: boolean | null;
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
     * DatalakeJob
     * @description A job of any kind as clients see it; times UTC.
     */
    DatalakeJob: {
      /** Contents Path */
      contents_path: string | null;
      /**
       * Counts
       * @description Further figures of its kind. Of get: files_here (were here before), files_failed (could not be fetched), files_unverified (the catalogue has no checksum); of put: files_here (were there before), files_failed, files_unverified (only their size was compared).
       * @default {}
       */
      counts: {
        [key: string]: number;
      };
      /**
       * Created
       * Format: date-time
       */
      created: string;
      /**
       * Destination
       * @description Absolute folder it writes to.
       */
      destination: string | null;
      /** Ended */
      ended: string | null;
      error: components['schemas']['ErrorInfo'] | null;
      /** Id */
      id: string;
      /** Instance */
      instance: string;
      /**
       * Keeps Server Alive
       * @description Whether its progress is a reason to keep the notebook server running.
       */
      keeps_server_alive: boolean;
      /**
       * Kind
       * @description Such as get.
       */
      kind: string;
      /**
       * Note
       * @description A sentence about its progress; once it has ended, about what was left out.
       */
      note: string | null;
      /**
       * Path
       * @description What to open when it is done; absolute.
       */
      path: string | null;
      progress: components['schemas']['Datalakeescape_vre__jobs__models__Progress'];
      /**
       * Refs
       * @description What it is about.
       */
      refs: string[];
      /**
       * Result
       * @description What came of it, as its kind says.
       * @default {}
       */
      result: {
        [key: string]: unknown;
      };
      /** Service */
      service: string;
      /** Started */
      started: string | null;
      /**
       * State
       * @enum {string}
       */
      state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
      /**
       * State Word
       * @description What this kind calls its state; fits after 'is'.
       */
      state_word: string;
      /** Title */
      title: string;
      /** @description Why the job waits, until it continues automatically: the user has to sign in, at details.sign_in, or a sign-in service does not answer. */
      waiting: components['schemas']['ErrorInfo'] | null;
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
     * DatalakeLakeStatus
     * @description How full the RSEs are, and what is on its way.
     */
    DatalakeLakeStatus: {
      /**
       * Links
       * @description All transfers; null: this account may not see them.
       */
      links: components['schemas']['DatalakeLink'][] | null;
      mine: components['schemas']['DatalakeMine'] | null;
      /** Note */
      note: string | null;
      /** Rses */
      rses: components['schemas']['DatalakeRse'][];
    };
    /**
     * DatalakeLink
     * @description Transfers from one RSE to another.
     */
    DatalakeLink: {
      /** Destination */
      destination: string;
      /**
       * Done
       * @description In the last hour.
       * @default 0
       */
      done: number;
      /**
       * Failed
       * @description In the last hour.
       * @default 0
       */
      failed: number;
      /**
       * Queued
       * @default 0
       */
      queued: number;
      /**
       * Queued Bytes
       * @default 0
       */
      queued_bytes: number;
      /** Source */
      source: string;
    };
    /**
     * DatalakeLoss
     * @description What is lost with a rule.
     */
    DatalakeLoss: {
      /**
       * Checked
       * @description Whether each file was checked.
       */
      checked: boolean;
      /**
       * Ends
       * Format: date-time
       * @description When the rule ends, an hour after it is deleted.
       */
      ends: string;
      /**
       * Examples
       * @description Some of these.
       * @default []
       */
      examples: string[];
      /**
       * Files
       * @description Files that it keeps.
       */
      files: number;
      /** Message */
      message: string;
      /** Note */
      note: string | null;
      rule: components['schemas']['DatalakeRule'];
      /**
       * Unprotected
       * @description Files that no other rule keeps; null where too many to be checked.
       */
      unprotected: number | null;
    };
    /**
     * DatalakeMade
     * @description The rules that were made.
     */
    DatalakeMade: {
      /** Expires */
      expires: string | null;
      /**
       * Rules
       * @description Their ids, one for each DID.
       */
      rules: string[];
      /**
       * Warnings
       * @default []
       */
      warnings: string[];
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
     * DatalakeMetadataQuery
     * @description Metadata to set and to remove.
     */
    DatalakeMetadataQuery: {
      /** Instance */
      instance?: string | null;
      /**
       * Recursive
       * @description Of everything below it too.
       * @default false
       */
      recursive: boolean;
      /** Ref */
      ref: string;
      /**
       * Set
       * @default {}
       */
      set: {
        [key: string]: string | number | boolean | null;
      };
      /**
       * Unset
       * @default []
       */
      unset: string[];
    };
    /**
     * DatalakeMine
     * @description What the account's own rules wait for.
     */
    DatalakeMine: {
      /**
       * Replicating
       * @description Replicas on their way.
       * @default 0
       */
      replicating: number;
      /**
       * Rules
       * @default 0
       */
      rules: number;
      /**
       * Stuck
       * @description Replicas whose transfer failed.
       * @default 0
       */
      stuck: number;
      /**
       * Stuck Rules
       * @description The first ids of rules that are STUCK.
       * @default []
       */
      stuck_rules: string[];
    };
    /**
     * DatalakeNear
     * @description A rule that would keep a copy near this JupyterLab, as the site has configured.
     */
    DatalakeNear: {
      /**
       * Copies
       * @default 1
       */
      copies: number;
      /** Expression */
      expression: string;
      /** Lifetime S */
      lifetime_s: number | null;
      /**
       * Rses
       * @description The RSEs that match.
       * @default []
       */
      rses: string[];
      /**
       * There
       * @description Whether a matching RSE has all of it already.
       */
      there: boolean;
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
     * DatalakePreview
     * @description What a rule would do.
     */
    DatalakePreview: {
      /**
       * Bytes
       * @description Of the DIDs, once; null where Rucio does not know.
       */
      bytes: number | null;
      /** Copies */
      copies: number;
      /** Expires */
      expires: string | null;
      /** Files */
      files: number | null;
      /** Hint */
      hint: string | null;
      /**
       * Refusal
       * @description Why Rucio will refuse it, in a sentence; null if not.
       */
      refusal: string | null;
      /**
       * Rses
       * @description Those that match the expression.
       */
      rses: components['schemas']['DatalakeRse'][];
      /**
       * Usable
       * @description Those that can be written to and have quota left.
       */
      usable: string[];
      /**
       * Warnings
       * @default []
       */
      warnings: string[];
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
      /**
       * Until
       * @description When the rule ends, in place of lifetime_s.
       */
      until?: string | null;
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
     * DatalakeRegisterQuery
     * @description Which file, and where it is.
     */
    DatalakeRegisterQuery: {
      /** Adler32 */
      adler32?: string | null;
      /**
       * Bytes
       * @description Null to ask the storage.
       */
      bytes?: number | null;
      /**
       * Dataset
       * @description A dataset that it goes into; null for a rule of its own.
       */
      dataset?: string | null;
      /** Instance */
      instance?: string | null;
      /**
       * Lifetime S
       * @description Of its own rule, seconds.
       */
      lifetime_s?: number | null;
      /** Md5 */
      md5?: string | null;
      /**
       * Pfn
       * @description Its URL; null where the RSE has a rule for where files are.
       */
      pfn?: string | null;
      /**
       * Ref
       * @description rucio:scope:name, which it is to have.
       */
      ref: string;
      /** Rse */
      rse: string;
    };
    /**
     * DatalakeRegistered
     * @description A file that the data lake knows now.
     */
    DatalakeRegistered: {
      /** Adler32 */
      adler32: string | null;
      /** Bytes */
      bytes: number;
      /**
       * Checked
       * @enum {string}
       */
      checked: 'told' | 'read' | 'given';
      /** Dataset */
      dataset: string | null;
      /** Existed */
      existed: boolean;
      /** Md5 */
      md5: string | null;
      /** Pfn */
      pfn: string;
      /** Ref */
      ref: string;
      /** Rse */
      rse: string;
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
       * Mounted
       * @description It is here on a storage that is mounted, and is used in place.
       * @default false
       */
      mounted: boolean;
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
     * DatalakeRule
     * @description One rule. ``state`` is Rucio's: OK, REPLICATING, STUCK, SUSPENDED, INJECT or other.
     */
    DatalakeRule: {
      /** Account */
      account: string | null;
      /** Activity */
      activity: string | null;
      /**
       * Bytes
       * @description Of the DID, where Rucio knows it.
       */
      bytes: number | null;
      /** Comment */
      comment: string | null;
      /**
       * Copies
       * @default 1
       */
      copies: number;
      /** Created */
      created: string | null;
      /**
       * Expires
       * @description null: it stays until deleted.
       */
      expires: string | null;
      /**
       * Expression
       * @default
       */
      expression: string;
      /**
       * Fraction
       * @description 0 to 1; null: nothing to move yet.
       */
      fraction: number | null;
      /** Grouping */
      grouping: string | null;
      /** Id */
      id: string;
      /**
       * Locked
       * @default false
       */
      locked: boolean;
      /**
       * Mine
       * @default false
       */
      mine: boolean;
      /** Name */
      name: string;
      /**
       * Ok
       * @description Replicas that are where they should be.
       * @default 0
       */
      ok: number;
      /** Priority */
      priority: number | null;
      /**
       * Ref
       * @description The DID that it is about.
       */
      ref: string;
      /**
       * Replicating
       * @description Replicas on their way.
       * @default 0
       */
      replicating: number;
      /** Scope */
      scope: string;
      /** State */
      state: string;
      /**
       * Stuck
       * @description Replicas whose transfer failed.
       * @default 0
       */
      stuck: number;
      /** Subscription */
      subscription: string | null;
      /** Type */
      type: ('container' | 'dataset' | 'file') | null;
      /** Updated */
      updated: string | null;
      /**
       * Why
       * @description Why it is stuck, in words.
       */
      why: string | null;
    };
    /**
     * DatalakeRuleInFull
     * @description One rule with its progress at each RSE, and why it is stuck.
     */
    DatalakeRuleInFull: {
      /** Account */
      account: string | null;
      /** Activity */
      activity: string | null;
      /**
       * Bytes
       * @description Of the DID, where Rucio knows it.
       */
      bytes: number | null;
      /** Comment */
      comment: string | null;
      /**
       * Copies
       * @default 1
       */
      copies: number;
      /** Created */
      created: string | null;
      /**
       * Expires
       * @description null: it stays until deleted.
       */
      expires: string | null;
      /**
       * Expression
       * @default
       */
      expression: string;
      /**
       * Fraction
       * @description 0 to 1; null: nothing to move yet.
       */
      fraction: number | null;
      /** Grouping */
      grouping: string | null;
      /**
       * History
       * @default []
       */
      history: components['schemas']['DatalakeChange'][];
      /** Id */
      id: string;
      /**
       * Locked
       * @default false
       */
      locked: boolean;
      /**
       * Mine
       * @default false
       */
      mine: boolean;
      /**
       * More Troubles
       * @description Files beside these.
       * @default 0
       */
      more_troubles: number;
      /** Name */
      name: string;
      /**
       * Note
       * @description What could not be read, and why.
       */
      note: string | null;
      /**
       * Ok
       * @description Replicas that are where they should be.
       * @default 0
       */
      ok: number;
      /** Priority */
      priority: number | null;
      /**
       * Progress
       * @default []
       */
      progress: components['schemas']['Datalakeescape_vre__services__datalake__rules__models__Progress'][];
      /**
       * Ref
       * @description The DID that it is about.
       */
      ref: string;
      /**
       * Replicating
       * @description Replicas on their way.
       * @default 0
       */
      replicating: number;
      /** Scope */
      scope: string;
      /** State */
      state: string;
      /**
       * Stuck
       * @description Replicas whose transfer failed.
       * @default 0
       */
      stuck: number;
      /** Subscription */
      subscription: string | null;
      /**
       * Troubles
       * @description The first files that lag behind.
       * @default []
       */
      troubles: components['schemas']['DatalakeTrouble'][];
      /** Type */
      type: ('container' | 'dataset' | 'file') | null;
      /** Updated */
      updated: string | null;
      /**
       * Why
       * @description Why it is stuck, in words.
       */
      why: string | null;
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
      /**
       * Download
       * @description When the whole file is to be got instead of reading parts.
       * @default last
       * @enum {string}
       */
      download: 'first' | 'last' | 'never';
      file: components['schemas']['DatalakePathInfo'];
      /**
       * Path
       * @description A file of this machine: an intact copy, or a mounted replica.
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
      /**
       * Access
       * @description Ways to use; null for those of the instance.
       */
      access?: ('mounted' | 'cached' | 'streamed' | 'downloaded')[] | null;
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
     * DatalakeStatusQuery
     * @description A dataset or container to close or reopen.
     */
    DatalakeStatusQuery: {
      /** Instance */
      instance?: string | null;
      /** Open */
      open: boolean;
      /** Ref */
      ref: string;
    };
    /**
     * DatalakeSubscribeQuery
     * @description A subscription to make.
     */
    DatalakeSubscribeQuery: {
      /**
       * Comment
       * @default
       */
      comment: string;
      /**
       * Copies
       * @default 1
       */
      copies: number;
      /** Expression */
      expression: string;
      /**
       * Filter
       * @description What metadata must be; scope is a list.
       */
      filter: {
        [key: string]: unknown;
      };
      /** Instance */
      instance?: string | null;
      /**
       * Lifetime S
       * @description Of the rules that it makes.
       */
      lifetime_s?: number | null;
      /** Name */
      name: string;
    };
    /**
     * DatalakeSubscription
     * @description One subscription.
     */
    DatalakeSubscription: {
      /** Account */
      account: string;
      /**
       * Active
       * @description Whether it makes rules.
       */
      active: boolean;
      /** Comment */
      comment: string | null;
      /** Created */
      created: string | null;
      /** Expires */
      expires: string | null;
      /**
       * Filter
       * @description What the metadata must be.
       * @default {}
       */
      filter: {
        [key: string]: unknown;
      };
      /** Id */
      id: string;
      /** Name */
      name: string;
      /** Priority */
      priority: number | null;
      /**
       * Rules
       * @description Rules that it makes.
       * @default []
       */
      rules: {
        [key: string]: unknown;
      }[];
      /**
       * State
       * @enum {string}
       */
      state: 'ACTIVE' | 'INACTIVE' | 'NEW' | 'UPDATED' | 'BROKEN' | 'UNKNOWN';
    };
    /**
     * DatalakeSubscriptions
     * @description Subscriptions, by account and name.
     */
    DatalakeSubscriptions: {
      /** Subscriptions */
      subscriptions: components['schemas']['DatalakeSubscription'][];
    };
    /**
     * DatalakeTrouble
     * @description One file that has not arrived.
     */
    DatalakeTrouble: {
      /** Attempts */
      attempts: number | null;
      /** Last */
      last: string | null;
      /**
       * Reason
       * @description What the transfer says, in words.
       */
      reason: string;
      /** Ref */
      ref: string;
      /**
       * Rse
       * @description Where it should go.
       */
      rse: string;
      /**
       * Source
       * @description Where it was copied from last.
       */
      source: string | null;
      /**
       * Sources
       * @description RSEs that have it and can be read.
       * @default []
       */
      sources: string[];
      /**
       * State
       * @enum {string}
       */
      state: 'REPLICATING' | 'STUCK';
    };
    /**
     * DatalakeUpdateQuery
     * @description What to change of a rule; what is left out stays.
     */
    DatalakeUpdateQuery: {
      /** Comment */
      comment?: string | null;
      /**
       * Endless
       * @description Remove the end of the rule.
       * @default false
       */
      endless: boolean;
      /** Instance */
      instance?: string | null;
      /**
       * Lifetime S
       * @description Seconds from now.
       */
      lifetime_s?: number | null;
      /** Priority */
      priority?: number | null;
      /** Rule */
      rule: string;
      /**
       * Until
       * @description In place of a lifetime.
       */
      until?: string | null;
    };
    /**
     * DatalakeWishQuery
     * @description A rule that is wanted.
     */
    DatalakeWishQuery: {
      /** Activity */
      activity?: string | null;
      /** Comment */
      comment?: string | null;
      /**
       * Copies
       * @default 1
       */
      copies: number;
      /** Expression */
      expression: string;
      /**
       * Grouping
       * @description Which files stay together: ALL, those of a DATASET, or NONE.
       * @default DATASET
       * @enum {string}
       */
      grouping: 'ALL' | 'DATASET' | 'NONE';
      /** Instance */
      instance?: string | null;
      /**
       * Lifetime S
       * @description Seconds from now; null: no end.
       */
      lifetime_s?: number | null;
      /**
       * Priority
       * @description 1 to 5, 5 first.
       * @default 3
       */
      priority: number;
      /** Refs */
      refs: string[];
      /**
       * Until
       * @description In place of a lifetime.
       */
      until?: string | null;
    };
    /**
     * Progress
     * @description How far a job is, in the unit that tells most, and in others.
     */
    Datalakeescape_vre__jobs__models__Progress: {
      /**
       * Done
       * @default 0
       */
      done: number;
      /** Eta S */
      eta_s: number | null;
      /**
       * Parts
       * @default []
       */
      parts: components['schemas']['Amount'][];
      /**
       * Rate
       * @description Units per second.
       */
      rate: number | null;
      /**
       * Total
       * @description Null until it is known.
       */
      total: number | null;
      /**
       * Unit
       * @enum {string}
       */
      unit: 'bytes' | 'files' | 'steps' | 'rows';
    };
    /**
     * Progress
     * @description A rule's replicas at one RSE.
     */
    Datalakeescape_vre__services__datalake__rules__models__Progress: {
      /**
       * Ok
       * @default 0
       */
      ok: number;
      /**
       * Replicating
       * @default 0
       */
      replicating: number;
      /** Rse */
      rse: string;
      /**
       * Stuck
       * @default 0
       */
      stuck: number;
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
export type IActiveQuery = Schemas['DatalakeActiveQuery'];
export type IChange = Schemas['DatalakeChange'];
export type ICompletion = Schemas['DatalakeCompletion'];
export type IContentQuery = Schemas['DatalakeContentQuery'];
export type ICreateQuery = Schemas['DatalakeCreateQuery'];
export type ICredentials = Schemas['DatalakeCredentials'];
export type IDeclareQuery = Schemas['DatalakeDeclareQuery'];
export type IDeclared = Schemas['DatalakeDeclared'];
export type IDeleteQuery = Schemas['DatalakeDeleteQuery'];
export type IDid = Schemas['DatalakeDid'];
export type IDone = Schemas['DatalakeDone'];
export type IEraseQuery = Schemas['DatalakeEraseQuery'];
export type IErasure = Schemas['DatalakeErasure'];
export type IExpression = Schemas['DatalakeExpression'];
export type IGetQuery = Schemas['DatalakeGetQuery'];
export type IIdentity = Schemas['DatalakeIdentity'];
export type IInstance = Schemas['DatalakeInstance'];
export type IInstances = Schemas['DatalakeInstances'];
export type IJob = Schemas['DatalakeJob'];
export type IKey = Schemas['DatalakeKey'];
export type IKeys = Schemas['DatalakeKeys'];
export type ILakeStatus = Schemas['DatalakeLakeStatus'];
export type ILink = Schemas['DatalakeLink'];
export type ILoss = Schemas['DatalakeLoss'];
export type IMade = Schemas['DatalakeMade'];
export type IMatches = Schemas['DatalakeMatches'];
export type IMetadataQuery = Schemas['DatalakeMetadataQuery'];
export type IMine = Schemas['DatalakeMine'];
export type INear = Schemas['DatalakeNear'];
export type IObstacle = Schemas['DatalakeObstacle'];
export type IPathInfo = Schemas['DatalakePathInfo'];
export type IPreview = Schemas['DatalakePreview'];
export type IProblem = Schemas['DatalakeProblem'];
export type IPutPlan = Schemas['DatalakePutPlan'];
export type IPutProblem = Schemas['DatalakePutProblem'];
export type IPutQuery = Schemas['DatalakePutQuery'];
export type IQuota = Schemas['DatalakeQuota'];
export type IRegisterQuery = Schemas['DatalakeRegisterQuery'];
export type IRegistered = Schemas['DatalakeRegistered'];
export type IRow = Schemas['DatalakeRow'];
export type IRowState = Schemas['DatalakeRowState'];
export type IRse = Schemas['DatalakeRse'];
export type IRseChoice = Schemas['DatalakeRseChoice'];
export type IRseQuota = Schemas['DatalakeRseQuota'];
export type IRule = Schemas['DatalakeRule'];
export type IRuleInFull = Schemas['DatalakeRuleInFull'];
export type IScopes = Schemas['DatalakeScopes'];
export type ISharedQuota = Schemas['DatalakeSharedQuota'];
export type ISite = Schemas['DatalakeSite'];
export type ISites = Schemas['DatalakeSites'];
export type ISources = Schemas['DatalakeSources'];
export type ISourcesQuery = Schemas['DatalakeSourcesQuery'];
export type IStates = Schemas['DatalakeStates'];
export type IStatesQuery = Schemas['DatalakeStatesQuery'];
export type IStatusQuery = Schemas['DatalakeStatusQuery'];
export type ISubscribeQuery = Schemas['DatalakeSubscribeQuery'];
export type ISubscription = Schemas['DatalakeSubscription'];
export type ISubscriptions = Schemas['DatalakeSubscriptions'];
export type ITrouble = Schemas['DatalakeTrouble'];
export type IUpdateQuery = Schemas['DatalakeUpdateQuery'];
export type IWishQuery = Schemas['DatalakeWishQuery'];
export type Iescape_vre__jobs__models__Progress =
  Schemas['Datalakeescape_vre__jobs__models__Progress'];
export type Iescape_vre__services__datalake__rules__models__Progress =
  Schemas['Datalakeescape_vre__services__datalake__rules__models__Progress'];
