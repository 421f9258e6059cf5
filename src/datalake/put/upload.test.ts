import { expect, test } from 'vitest';
import type { Uploads } from './upload';
import { folderFor, Upload } from './upload';

interface ISaved {
  path: string;
  type?: string;
  chunk?: number;
  bytes: number;
}

function contents(options: { failAt?: string; onSave?: () => void } = {}) {
  const saved: ISaved[] = [];
  const deleted: string[] = [];
  const manager = {
    save: (path: string, model: Record<string, unknown>) => {
      options.onSave?.();
      if (path === options.failAt) {
        return Promise.reject(new Error('No space left.'));
      }
      const { type, chunk, content = '' } = model;
      const bytes = atob(content as string).length;
      saved.push({ path, type, chunk, bytes } as ISaved);
      return Promise.resolve({});
    },
    delete: (path: string) => {
      deleted.push(path);
      return Promise.resolve();
    }
  } as unknown as Uploads;
  return { manager, saved, deleted };
}

const dropped = (path: string, bytes: number) => ({
  path,
  file: new File([new Uint8Array(bytes)], path.split('/').at(-1) ?? '')
});

const MB = 1024 * 1024;

test('folders first, then files, the large ones in pieces', async () => {
  const { manager, saved } = contents();
  const upload = new Upload(manager, 'up/now', [
    dropped('run/a.fits', 10),
    dropped('run/raw/b.fits', 2 * MB + 5),
    dropped('c.txt', 0)
  ]);
  expect(await upload.run()).toEqual(['up/now/run', 'up/now/c.txt']);
  const folders = saved.filter(one => one.type === 'directory');
  expect(folders.map(one => one.path)).toEqual([
    'up',
    'up/now',
    'up/now/run',
    'up/now/run/raw'
  ]);
  const files = saved.filter(one => one.type === 'file');
  expect(files.map(one => [one.path, one.chunk, one.bytes])).toEqual([
    ['up/now/run/a.fits', undefined, 10],
    ['up/now/run/raw/b.fits', 1, MB],
    ['up/now/run/raw/b.fits', 2, MB],
    ['up/now/run/raw/b.fits', -1, 5],
    ['up/now/c.txt', undefined, 0]
  ]);
  expect([upload.filesDone, upload.fraction]).toEqual([3, 1]);
});

test('cancelled or failed, it leaves nothing behind', async () => {
  const first = contents({ onSave: () => cancelled.cancel() });
  const cancelled = new Upload(first.manager, 'up', [dropped('a', 1)]);
  expect(await cancelled.run()).toBeNull();
  expect(first.deleted).toEqual(['up']);

  const second = contents({ failAt: 'up/b' });
  const failed = new Upload(second.manager, 'up', [
    dropped('a', 1),
    dropped('b', 1)
  ]);
  await expect(failed.run()).rejects.toThrow('No space left.');
  expect(second.deleted).toEqual(['up']);
});

test('the folder says what it is for, and when', () => {
  expect(folderFor(new Date(2026, 10, 6, 9, 5, 3))).toBe(
    'uploads for the data lake/2026-11-06 09.05.03'
  );
});
