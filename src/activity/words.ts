import type { IJob } from '../core/api';
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

export function stateWord(job: IJob, trans: ITrans): string {
  switch (job.state) {
    case 'queued':
      return trans.__('waiting');
    case 'running':
      return trans.__('on its way');
    case 'done':
      return trans.__('here');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
  }
}

/** `1.2 GB of 3.4 GB`, `3 of 12 files`, `38.0 MB/s`, `4.0 s left`: what is known. */
export function measures(job: IJob, trans: ITrans): string[] {
  const parts: string[] = [];
  // Of what failed or was cancelled, as much as had come.
  if (job.state === 'done') {
    parts.push(formatBytes(job.bytes_done));
  } else if (job.bytes_total !== null) {
    parts.push(
      trans.__(
        '%1 of %2',
        formatBytes(job.bytes_done),
        formatBytes(job.bytes_total)
      )
    );
  } else if (job.bytes_done > 0) {
    parts.push(formatBytes(job.bytes_done));
  }
  if (job.files_total !== null && job.files_total > 1) {
    parts.push(
      trans.__(
        '%1 of %2 files',
        formatCount(job.files_done),
        formatCount(job.files_total)
      )
    );
  }
  if (job.state === 'running') {
    if (job.rate !== null) {
      parts.push(formatRate(job.rate));
    }
    if (job.eta_s !== null) {
      parts.push(trans.__('%1 left', formatDuration(job.eta_s)));
    }
  }
  if (isFinished(job.state) && job.files_here > 0) {
    parts.push(trans.__('%1 already here', formatCount(job.files_here)));
  }
  if (job.files_failed > 0) {
    parts.push(trans.__('%1 failed', formatCount(job.files_failed)));
  }
  if (job.state === 'done' && job.files_unverified > 0) {
    parts.push(
      trans.__('%1 without a checksum', formatCount(job.files_unverified))
    );
  }
  const seconds = secondsOf(job);
  if (job.state === 'done' && seconds !== null) {
    parts.push(trans.__('in %1', formatDuration(Math.max(0, seconds))));
  }
  return parts;
}

/** `↓ 2 · 42 % · 38.0 MB/s`, or '' when nothing moves. */
export function statusText(jobs: readonly IJob[]): string {
  if (jobs.length === 0) {
    return '';
  }
  const parts = [`↓ ${jobs.length}`];
  const known = jobs.filter(job => job.bytes_total);
  if (known.length > 0) {
    const total = known.reduce((sum, job) => sum + (job.bytes_total ?? 0), 0);
    const done = known.reduce((sum, job) => sum + job.bytes_done, 0);
    parts.push(formatPercent(done / total));
  }
  const rate = jobs.reduce((sum, job) => sum + (job.rate ?? 0), 0);
  if (rate > 0) {
    parts.push(formatRate(rate));
  }
  return parts.join(' · ');
}

function secondsOf(job: IJob): number | null {
  if (job.started === null || job.ended === null) {
    return null;
  }
  return (Date.parse(job.ended) - Date.parse(job.started)) / 1000;
}
