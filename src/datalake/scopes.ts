/** Scopes to write to. Pure. */
import type { ITrans } from '../core/errors';
import type { ICompletion } from '../ui/form/completing';
import type { IAccount } from './api';
import { matchingScopes } from './query';

/** The account's own first. */
export function scopeCompletions(
  text: string,
  mine: readonly string[],
  all: readonly string[],
  trans: ITrans
): ICompletion[] {
  const others = all.filter(scope => !mine.includes(scope));
  return [
    ...matchingScopes(text, mine).map(scope => ({
      text: scope,
      more: trans.__('yours')
    })),
    ...matchingScopes(text, others).map(scope => ({ text: scope }))
  ];
}

/**
 * Why an account cannot write to a scope, as far as that is known.
 *
 * The data lake may allow more than is known here only to an administrator.
 */
export function scopeProblem(
  scope: string,
  account: IAccount | null,
  trans: ITrans
): string | undefined {
  if (!account || account.admin || !scope || account.scopes.includes(scope)) {
    return undefined;
  }
  return account.scopes.length === 0
    ? trans.__('The account %1 owns no scope to write to.', account.account)
    : trans.__(
        'The scope %1 is not yours. You can write to: %2.',
        scope,
        account.scopes.join(', ')
      );
}
