/** Until when something is kept. Pure. */
import type { ITrans } from '../core/errors';

const DAY_S = 86_400;

/** Days from now, or what a person does beside that. */
export type Keep = 'always' | '7' | '30' | '365' | 'date';

export interface IUntil {
  keep: Keep;
  /** `2026-12-24`, where a date is chosen. */
  date: string;
}

export const ALWAYS: IUntil = { keep: 'always', date: '' };

export function keepChoices(
  trans: ITrans
): readonly { value: Keep; label: string }[] {
  return [
    { value: 'always', label: trans.__('it is deleted') },
    { value: '7', label: trans.__('a week from now') },
    { value: '30', label: trans.__('30 days from now') },
    { value: '365', label: trans.__('a year from now') },
    { value: 'date', label: trans.__('a date…') }
  ];
}

/** Seconds from now; null for always. A date means its whole day. */
export function secondsOf({ keep, date }: IUntil, now: Date): number | null {
  if (keep === 'always') {
    return null;
  }
  if (keep !== 'date') {
    return Number(keep) * DAY_S;
  }
  const end = new Date(`${date}T23:59:59`);
  return Math.round((end.getTime() - now.getTime()) / 1000);
}

/** Why it cannot be meant; '' where it is not filled in, undefined if it can. */
export function untilProblem(
  until: IUntil,
  now: Date,
  trans: ITrans
): string | undefined {
  if (until.keep !== 'date') {
    return undefined;
  }
  const seconds = secondsOf(until, now);
  if (seconds === null || isNaN(seconds)) {
    return '';
  }
  return seconds < 0 ? trans.__('This date is in the past.') : undefined;
}

/** A date as an input for dates has it, in local time. */
export function dateText(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return [
    time.getFullYear(),
    two(time.getMonth() + 1),
    two(time.getDate())
  ].join('-');
}
