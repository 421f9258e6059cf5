import type { IErrorFields } from './api';

/** An error as it travels; what comes from elsewhere may lack details. */
export type IErrorBody = Omit<IErrorFields, 'details'> & { details?: unknown };
/** What the translator bundle offers; tests need no translation package. */
export interface ITrans {
  __(text: string, ...args: (string | number)[]): string;
}

/**
 * What went wrong, in words for the user.
 *
 * `message` says what happened, `hint` what to do about it.
 */
export class AgentError extends Error {
  constructor(body: IErrorBody, status = 0) {
    super(body.message);
    this.name = 'AgentError';
    this.code = body.code;
    this.hint = body.hint;
    this.retryable = body.retryable;
    this.details = body.details;
    this.status = status;
  }

  readonly code: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly details: unknown;
  readonly status: number;

  /** The name that a person may have meant, or null. */
  get near(): string | null {
    const { near } = (this.details ?? {}) as { near?: unknown };
    return typeof near === 'string' && near !== '' ? near : null;
  }

  /** Everything a person could paste into a report. */
  report(): string {
    const lines = [`${this.code}: ${this.message}`, this.hint];
    if (this.status) {
      lines.push(`HTTP ${this.status}`);
    }
    if (this.details !== undefined && this.details !== null) {
      lines.push(JSON.stringify(this.details, null, 2));
    }
    return lines.filter(Boolean).join('\n');
  }
}

function isErrorBody(value: unknown): value is IErrorBody {
  const body = value as Partial<IErrorBody> | null;
  return (
    typeof body === 'object' &&
    body !== null &&
    typeof body.code === 'string' &&
    typeof body.message === 'string'
  );
}

/** The error inside `{"error": {…}}`, or null when the value holds none. */
export function errorIn(value: unknown, status = 0): AgentError | null {
  const body = (value as { error?: unknown } | null)?.error;
  if (!isErrorBody(body)) {
    return null;
  }
  return new AgentError(
    {
      code: body.code,
      message: body.message,
      hint: body.hint ?? '',
      retryable: body.retryable === true,
      details: body.details
    },
    status
  );
}

/**
 * An answer that is not ours: a missing extension, a proxy, a login page.
 *
 * `signIn` is a page of Jupyter that leads a person through its sign-in.
 */
export function foreignAnswer(
  answer: Pick<Response, 'status' | 'redirected'>,
  trans: ITrans,
  signIn: string
): AgentError {
  const { status } = answer;
  if (status === 404) {
    return new AgentError(
      {
        code: 'server_extension_missing',
        message: trans.__(
          'The escape-vre extension of this Jupyter server does not answer.'
        ),
        hint: trans.__(
          'Install escape-vre in the environment of the Jupyter server, then restart the server.'
        ),
        retryable: true
      },
      status
    );
  }
  // A request without a sign-in is refused, or redirected to a sign-in page.
  if (status === 401 || status === 403 || answer.redirected) {
    return new AgentError(
      {
        code: 'jupyter_sign_in',
        message: trans.__('Your Jupyter session has ended.'),
        hint: trans.__('Sign in again, then return to this page.'),
        retryable: false,
        details: { sign_in: signIn }
      },
      status
    );
  }
  return new AgentError(
    {
      code: 'bad_response',
      message: trans.__('Jupyter answered with HTTP status %1.', status),
      hint: trans.__(
        'Try again. If this persists, see the log of the Jupyter server.'
      ),
      retryable: true
    },
    status
  );
}

/** No answer at all. */
export function unreachable(trans: ITrans, cause: unknown): AgentError {
  return new AgentError({
    code: 'jupyter_unreachable',
    message: trans.__('The Jupyter server cannot be reached.'),
    hint: trans.__('Check that it is running, then try again.'),
    retryable: true,
    details: String(cause)
  });
}

/** A list that stopped without saying that it had ended. */
export function cutOff(trans: ITrans): AgentError {
  return new AgentError({
    code: 'cut_off',
    message: trans.__(
      'The list is incomplete: the connection was interrupted.'
    ),
    hint: trans.__('Try again to see all of it.'),
    retryable: true
  });
}

/** A person did not want to wait any longer. */
export function stopped(trans: ITrans): AgentError {
  return new AgentError({
    code: STOPPED,
    message: trans.__('You stopped this list.'),
    hint: trans.__('Try again to see all of it.'),
    retryable: true
  });
}

/** Whether it ended because the person wanted it to. */
export function isStopped(error: AgentError | null): boolean {
  return error?.code === STOPPED;
}

const STOPPED = 'stopped';

/** Whether a rejection only means that the request was cancelled. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
