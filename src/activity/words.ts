import type { IAmount, IJob } from '../core/api';
import type { ITrans } from '../core/errors';
import { isFinished } from '../core/jobs';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate
} from '../ui/format';

/** A job in words. Pure. */

/** `1.2 GB of 3.4 GB`, `3 of 12 files`, `38.0 MB/s`, `4.0 s left`: what is known. */
export function measures(job: IJob, trans: ITrans): string[] {
  const parts: string[] = [];
  const { progress } = job;
  // Of what failed or was cancelled, as much as had come.
  if (job.state === 'done') {
    parts.push(amount({ ...progress, total: null }, trans));
  } else if (progress.total !== null || progress.done > 0) {
    parts.push(amount(progress, trans));
  }
  for (const part of progress.parts) {
    if (part.total !== null && part.total > 1) {
      parts.push(amount(part, trans));
    }
  }
  if (job.state === 'running') {
    if (progress.rate !== null) {
      parts.push(rate(progress.unit, progress.rate, trans));
    }
    if (progress.eta_s !== null) {
      parts.push(trans.__('%1 left', formatDuration(progress.eta_s)));
    }
  }
  parts.push(...figures(job, trans));
  const seconds = secondsOf(job);
  if (job.state === 'done' && seconds !== null) {
    parts.push(trans.__('in %1', formatDuration(Math.max(0, seconds))));
  }
  return parts;
}

/** `1.2 GB of 3.4 GB`, `3 of 12 files`; only what is done where no total is known. */
function amount({ unit, done, total }: IAmount, trans: ITrans): string {
  const format = unit === 'bytes' ? formatBytes : formatCount;
  const words =
    total === null
      ? format(done)
      : trans.__('%1 of %2', format(done), format(total));
  return unit === 'bytes' ? words : `${words} ${nameOf(unit, trans)}`;
}

function rate(unit: IAmount['unit'], value: number, trans: ITrans): string {
  return unit === 'bytes'
    ? formatRate(value)
    : `${Number(value.toPrecision(3))} ${nameOf(unit, trans)}/s`;
}

function nameOf(unit: IAmount['unit'], trans: ITrans): string {
  switch (unit) {
    case 'bytes':
      return trans.__('bytes');
    case 'files':
      return trans.__('files');
    case 'steps':
      return trans.__('steps');
    case 'rows':
      return trans.__('rows');
  }
}

/** What a get says of its files. */
function figures({ state, counts }: IJob, trans: ITrans): string[] {
  const parts: string[] = [];
  const count = (name: string) => counts[name] ?? 0;
  if (isFinished(state) && count('files_here') > 0) {
    parts.push(trans.__('%1 already here', formatCount(count('files_here'))));
  }
  if (count('files_failed') > 0) {
    parts.push(trans.__('%1 failed', formatCount(count('files_failed'))));
  }
  if (state === 'done' && count('files_unverified') > 0) {
    parts.push(
      trans.__('%1 without a checksum', formatCount(count('files_unverified')))
    );
  }
  return parts;
}

/** `↓ 2 · 42 % · 38.0 MB/s · ▸ 1`, or '' when nothing runs. */
export function statusText(jobs: readonly IJob[]): string {
  // Only what has the same unit adds up.
  const moving = jobs.filter(({ progress }) => progress.unit === 'bytes');
  const others = jobs.length - moving.length;
  const parts = moving.length > 0 ? [`↓ ${moving.length}`] : [];
  const known = moving
    .map(job => job.progress)
    .filter(progress => progress.total);
  if (known.length > 0) {
    const total = known.reduce((sum, one) => sum + (one.total ?? 0), 0);
    const done = known.reduce((sum, one) => sum + one.done, 0);
    parts.push(formatPercent(done / total));
  }
  const bytesPerS = moving.reduce(
    (sum, { progress }) => sum + (progress.rate ?? 0),
    0
  );
  if (bytesPerS > 0) {
    parts.push(formatRate(bytesPerS));
  }
  if (others > 0) {
    parts.push(`▸ ${others}`);
  }
  return parts.join(' · ');
}

/** Whether what came of it is a thing of the service, not files of this machine. */
export function isElsewhere(job: IJob): boolean {
  return job.path === null && job.destination === null && job.refs.length > 0;
}

/** Whether there is something to open when it is done. */
export function canOpen(job: IJob): boolean {
  return job.contents_path !== null || isElsewhere(job);
}

function secondsOf(job: IJob): number | null {
  if (job.started === null || job.ended === null) {
    return null;
  }
  return (Date.parse(job.ended) - Date.parse(job.started)) / 1000;
}
