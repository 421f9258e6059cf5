/** Generated from the OpenAPI document of the agent by `make api`. */
interface components {
  schemas: {
    /**
     * AgentInfo
     * @description The process.
     */
    AgentInfo: {
      /** Api */
      api: number;
      /** Apis */
      apis: number[];
      /** Data Dir */
      data_dir: string;
      /** Jobs Running */
      jobs_running: number;
      /**
       * Loop Failures
       * @description How often what goes on by itself has failed, and was repeated.
       * @default {}
       */
      loop_failures: {
        [key: string]: number;
      };
      /** Pid */
      pid: number;
      /** Started */
      started: number;
      /**
       * Variables
       * @description Further variables that this caller is asked to send along.
       * @default []
       */
      variables: string[];
      /** Version */
      version: string;
    };
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
     * Check
     * @description One thing that was looked at; nothing secret in it.
     */
    Check: {
      /**
       * Hint
       * @description What to do about it, a sentence.
       * @default
       */
      hint: string;
      /**
       * Message
       * @description What was found, a sentence.
       */
      message: string;
      /**
       * Name
       * @description What was looked at, in a word or two.
       */
      name: string;
      /**
       * State
       * @enum {string}
       */
      state: 'ok' | 'warning' | 'failed' | 'skipped';
      /**
       * Subject
       * @description Whose: the agent's, a server's, a storage's.
       */
      subject: string;
      /** Took Ms */
      took_ms: number | null;
    };
    /**
     * Client
     * @description The client that waits for a job; without an id, one that never releases it.
     */
    Client: {
      /** Client */
      client?: string | null;
    };
    /**
     * ErrorAnswer
     * @description The body of every answer with a status of 400 and more.
     */
    ErrorAnswer: {
      error: components['schemas']['ErrorFields'];
    };
    /**
     * ErrorFields
     * @description An error as it travels.
     */
    ErrorFields: {
      /** Code */
      code: string;
      /**
       * Details
       * @default {}
       */
      details: {
        [key: string]: unknown;
      };
      /** Hint */
      hint: string;
      /** Message */
      message: string;
      /** Retryable */
      retryable: boolean;
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
    /**
     * FormAnswer
     * @description A sign-in that a person finishes by typing a secret, for POST /sign-ins/form.
     */
    FormAnswer: {
      /**
       * Asks
       * @description Whether a user name and password, or a personal token.
       * @enum {string}
       */
      asks: 'password' | 'token';
      /** Identity */
      identity: string;
      /**
       * Keeps
       * @description Where the secret will be kept: in the system's keyring, or for the session of the agent.
       * @enum {string}
       */
      keeps: 'keyring' | 'session';
      /**
       * Kind
       * @default form
       * @constant
       */
      kind: 'form';
      /** Title */
      title: string;
      /**
       * Username
       * @description The user name to propose; may be empty.
       */
      username: string;
    };
    /**
     * FormKept
     * @description Where a secret is kept that was accepted.
     */
    FormKept: {
      /**
       * Kept
       * @enum {string}
       */
      kept: 'keyring' | 'session';
    };
    /**
     * FormSecret
     * @description What a person has typed; it is never given back.
     */
    FormSecret: {
      /** Identity */
      identity: string;
      /**
       * Secret
       * Format: password
       */
      secret: string;
      /**
       * Username
       * @default
       */
      username: string;
    };
    /**
     * IdentityQuery
     * @description What to sign in to, or out of: an instance's ``identity``, an error's ``details.device``.
     */
    IdentityQuery: {
      /** Identity */
      identity: string;
    };
    /**
     * Job
     * @description A job of any kind as clients see it; times UTC.
     */
    Job: {
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
      progress: components['schemas']['Progress'];
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
     * JobFile
     * @description One file that a job brings; *here* is where it brings files to.
     */
    JobFile: {
      /** Bytes */
      bytes: number | null;
      /** Contents Path */
      contents_path: string | null;
      /** Path */
      path: string;
      /** @description Why it could not be brought. */
      problem: components['schemas']['ErrorInfo'] | null;
      /** Ref */
      ref: string;
      /**
       * State
       * @enum {string}
       */
      state: 'here' | 'missing';
    };
    /**
     * Jobs
     * @description Every job, newest first.
     */
    Jobs: {
      /** Jobs */
      jobs: components['schemas']['Job'][];
    };
    /**
     * Progress
     * @description How far a job is, in the unit that tells most, and in others.
     */
    Progress: {
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
     * ServiceInfo
     * @description An installed service.
     */
    ServiceInfo: {
      /** Capabilities */
      capabilities: string[];
      /** @description Why it cannot be used; null if it can. */
      error: components['schemas']['ErrorFields'] | null;
      /** Icon */
      icon: string;
      /** Name */
      name: string;
      /** Schemes */
      schemes: string[];
      /** Title */
      title: string;
    };
    /**
     * SignInAnswer
     * @description A sign-in that a person finishes elsewhere, with a code.
     */
    SignInAnswer: {
      error: components['schemas']['ErrorFields'] | null;
      /**
       * Expires In
       * @description Time that the code is still valid, seconds.
       */
      expires_in: number;
      /** Id */
      id: string;
      /**
       * Kind
       * @default code
       * @constant
       */
      kind: 'code';
      /**
       * State
       * @enum {string}
       */
      state: 'waiting' | 'done' | 'failed' | 'cancelled';
      /** Title */
      title: string;
      /** User Code */
      user_code: string;
      /** Verification Uri */
      verification_uri: string;
      /** Verification Uri Complete */
      verification_uri_complete: string | null;
    };
    /**
     * TokenAnswer
     * @description A token, for a command on this machine.
     */
    TokenAnswer: {
      /** Access Token */
      access_token: string;
      /** Audience */
      audience: string;
      /**
       * Expires In
       * @description Seconds; null if unknown.
       */
      expires_in: number | null;
      /**
       * Token Type
       * @default Bearer
       */
      token_type: string;
    };
    /**
     * TokenQuery
     * @description The audience of a token.
     */
    TokenQuery: {
      /** Audience */
      audience: string;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}

type Schemas = components['schemas'];
export type IAgentInfo = Schemas['AgentInfo'];
export type IAmount = Schemas['Amount'];
export type ICheck = Schemas['Check'];
export type IClient = Schemas['Client'];
export type IErrorAnswer = Schemas['ErrorAnswer'];
export type IErrorFields = Schemas['ErrorFields'];
export type IErrorInfo = Schemas['ErrorInfo'];
export type IFormAnswer = Schemas['FormAnswer'];
export type IFormKept = Schemas['FormKept'];
export type IFormSecret = Schemas['FormSecret'];
export type IIdentityQuery = Schemas['IdentityQuery'];
export type IJob = Schemas['Job'];
export type IJobFile = Schemas['JobFile'];
export type IJobs = Schemas['Jobs'];
export type IProgress = Schemas['Progress'];
export type IServiceInfo = Schemas['ServiceInfo'];
export type ISignInAnswer = Schemas['SignInAnswer'];
export type ITokenAnswer = Schemas['TokenAnswer'];
export type ITokenQuery = Schemas['TokenQuery'];
