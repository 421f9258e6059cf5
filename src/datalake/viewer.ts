import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';

/** A text that is larger is no text to read in an editor. */
const TEXT_BYTES = 1_000_000;

/**
 * Whether Lab has a way to show a file.
 *
 * Lab opens what it does not know as text, and says so in an error where it is
 * none: most science formats. So a file of no known type is tried as text first.
 */
export async function canOpen(
  documents: IDocumentManager,
  path: string,
  bytes: number | null
): Promise<boolean> {
  const { registry, services } = documents;
  const types = registry.getFileTypesForPath(PathExt.basename(path));
  if (types.length > 0) {
    return true;
  }
  if (bytes === null || bytes > TEXT_BYTES) {
    return false;
  }
  try {
    await services.contents.get(path, {
      type: 'file',
      format: 'text',
      content: true
    });
    return true;
  } catch {
    // Not UTF-8; or gone, which Lab's own error would not explain better.
    return false;
  }
}
