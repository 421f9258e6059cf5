import type { IErrorBody } from '../core/errors';

/** How an error ends without anybody asking again. */
export type Way =
  /** A person signs in at this address. */
  | { kind: 'link'; url: string }
  /** A person signs in to this identity, with a code. */
  | { kind: 'code'; identity: string }
  /** The service that gives the sign-in comes back, perhaps after this number of seconds. */
  | { kind: 'wait'; seconds: number };

/** Addresses that a link may lead to: not `javascript:`, not `//elsewhere`. */
const ADDRESS = /^(https?:\/\/|\/(?![/\\]))/i;

/** Read from an error how it ends, or null when waiting would not end it. */
export function wayOf(
  error: Pick<IErrorBody, 'details'> | null | undefined
): Way | null {
  const details = error?.details;
  if (typeof details !== 'object' || details === null) {
    return null;
  }
  const { sign_in, device, retry_after_s } = details as Record<string, unknown>;
  if (typeof sign_in === 'string' && ADDRESS.test(sign_in)) {
    return { kind: 'link', url: sign_in };
  }
  if (typeof device === 'string') {
    return { kind: 'code', identity: device };
  }
  if (typeof retry_after_s === 'number') {
    return { kind: 'wait', seconds: retry_after_s };
  }
  return null;
}
