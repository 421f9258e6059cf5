/**
 * Numbers as a person reads them, by the rules of `escape_vre/core/text.py`:
 * `tests/unit/core/text.json` has examples of both. Pure; words come from the
 * caller.
 */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Powers of 1000, three figures: `412 B`, `1.2 MB`, `38.0 GB`, `120 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 and not 1000, so that rounding never shows "1000 kB".
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${fixed(value, unit > 0 && value < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** As `toFixed`, but half of a digit goes to the even one, as in Python. */
function fixed(value: number, digits: number): string {
  const scale = 10 ** digits;
  const floor = Math.floor(value * scale);
  const isHalf = value * scale - floor === 0.5;
  return isHalf
    ? ((floor + (floor % 2)) / scale).toFixed(digits)
    : value.toFixed(digits);
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) {
    return `${fixed(seconds, 1)} s`;
  }
  const whole = Number(fixed(seconds, 0));
  const two = (count: number) => String(count).padStart(2, '0');
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  }
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Rounded down: never 100 before the end. */
export function formatPercent(fraction: number): string {
  // 0.29 * 100 is a little less than 29.
  const percent = Math.floor(fraction * 100 + 1e-9);
  return `${Math.min(100, Math.max(0, percent))} %`;
}
