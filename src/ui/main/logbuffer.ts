import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IAnsiStyle } from './ansi';
import { PLAIN, plainText, styleAfter } from './ansi';

/** Text is kept in blocks of about this many characters. */
const BLOCK = 64 * 1024;

/** A search gives the page a turn after this many characters. */
const TURN = 1024 * 1024;

interface IBlock {
  text: string;
  /** Number of its first line. */
  first: number;
  /** Where its lines begin; the text ends each with a newline. */
  starts: number[];
  /** How its first line begins. */
  style: IAnsiStyle;
}

export interface ILogLine {
  text: string;
  style: IAnsiStyle;
}

/**
 * A text that grows, and that is read by line.
 *
 * There is no object for a line: 100 MB are a few hundred strings and the places
 * where lines begin.
 */
export class LogBuffer {
  /** The number of lines, with the last one also if it has not ended. */
  get length(): number {
    return this._ended + (this._rest === '' ? 0 : 1);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Add text at the end, wherever its lines end. */
  append(text: string): void {
    if (text === '') {
      return;
    }
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) {
      this._add(this._rest + text.slice(0, end));
      this._rest = '';
    }
    this._rest += text.slice(end);
    this._changed.emit();
  }

  clear(): void {
    this._blocks = [];
    this._ended = 0;
    this._rest = '';
    this._changed.emit();
  }

  /** Lines without their ends, and how each begins to look. */
  lines(from: number, to: number): ILogLine[] {
    const lines: ILogLine[] = [];
    let style: IAnsiStyle | null = null;
    for (let index = from; index < Math.min(to, this.length); index++) {
      if (index >= this._ended) {
        style ??= this._styleAtEnd();
        lines.push({ text: this._rest, style });
        break;
      }
      const block = this._blocks[this._blockOf(index)];
      const at = index - block.first;
      const start = block.starts[at];
      const next = block.starts[at + 1] ?? block.text.length;
      style ??= styleAfter(block.text.slice(0, start), block.style);
      const text = block.text.slice(start, next - 1);
      lines.push({ text, style });
      style = styleAfter(text, style);
    }
    return lines;
  }

  /**
   * Find the lines that hold a text, in either case.
   *
   * Tells of them in turns, between which the page goes on; ends early when
   * aborted.
   */
  async search(
    text: string,
    signal: AbortSignal,
    onFound: (lines: readonly number[]) => void
  ): Promise<void> {
    const wanted = text.toLowerCase();
    let seen = 0;
    let found: number[] = [];
    const tell = () => {
      if (found.length > 0 && !signal.aborted) {
        onFound(found);
        found = [];
      }
    };
    for (const block of [...this._blocks]) {
      found.push(...linesWith(block, wanted));
      seen += block.text.length;
      if (seen >= TURN) {
        seen = 0;
        tell();
        await new Promise(resolve => setTimeout(resolve));
        if (signal.aborted) {
          return;
        }
      }
    }
    if (plainText(this._rest).toLowerCase().includes(wanted)) {
      found.push(this._ended);
    }
    tell();
  }

  /** Take in whole lines, a block at a time. */
  private _add(text: string): void {
    let from = 0;
    while (from < text.length) {
      const full = this._blocks.at(-1)?.text.length ?? BLOCK;
      if (full >= BLOCK) {
        this._blocks.push({
          text: '',
          first: this._ended,
          starts: [],
          style: this._styleAtEnd()
        });
      }
      const block = this._blocks[this._blocks.length - 1];
      const room = from + BLOCK - block.text.length;
      const to = text.indexOf('\n', Math.min(room, text.length) - 1) + 1;
      const part = text.slice(from, to);
      let at = 0;
      while (at < part.length) {
        block.starts.push(block.text.length + at);
        at = part.indexOf('\n', at) + 1;
        this._ended += 1;
      }
      block.text += part;
      from = to;
    }
  }

  private _styleAtEnd(): IAnsiStyle {
    const last = this._blocks.at(-1);
    return last ? styleAfter(last.text, last.style) : PLAIN;
  }

  private _blockOf(index: number): number {
    let low = 0;
    let high = this._blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this._blocks[middle].first <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private readonly _changed = new Signal<this, void>(this);
  private _blocks: IBlock[] = [];
  /** Lines that have ended. */
  private _ended = 0;
  /** The beginning of a line that has not ended. */
  private _rest = '';
}

function linesWith(block: IBlock, wanted: string): number[] {
  const found: number[] = [];
  const text = block.text.toLowerCase();
  // Colours may stand within a word, and some letters are longer in lower case:
  // then each line is looked at by itself.
  const isPlain =
    // eslint-disable-next-line no-control-regex
    !/[\x1b\r]/.test(block.text) && text.length === block.text.length;
  if (isPlain && !text.includes(wanted)) {
    return found;
  }
  block.starts.forEach((start, at) => {
    const next = block.starts[at + 1] ?? block.text.length;
    const line = isPlain
      ? text.slice(start, next - 1)
      : plainText(block.text.slice(start, next - 1)).toLowerCase();
    if (line.includes(wanted)) {
      found.push(block.first + at);
    }
  });
  return found;
}
