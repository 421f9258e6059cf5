/** Numbers as a person reads them. Pure; words come from the caller. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** Powers of 1000, three figures at most: `412 B`, `1.2 MB`, `38 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 and not 1000, so that rounding never shows "1000 kB".
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const figures =
    unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${figures} ${UNITS[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `9 s`, `4 min`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 59.5) {
    return `${Math.max(0, Math.round(seconds))} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const rest = minutes % 60;
  const hours = Math.floor(minutes / 60);
  return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Never 100 before the end, never 0 once it moves. */
export function formatPercent(fraction: number): string {
  const percent = Math.floor(fraction * 100);
  return `${Math.min(100, Math.max(0, percent))} %`;
}
