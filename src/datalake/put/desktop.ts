/** Files and folders that are dropped onto the page from the desktop. */

/** A file, and where below what was dropped. */
export interface IDropped {
  /** Names of folders and its own, separated by `/`. */
  readonly path: string;
  readonly file: File;
}

/** What a drop holds; to be called while it is handled, not later. */
export function entriesOf(data: DataTransfer): FileSystemEntry[] {
  return [...data.items]
    .filter(item => item.kind === 'file')
    .map(item => item.webkitGetAsEntry())
    .filter(entry => entry !== null);
}

/** All files in files and folders, those of a folder by name. */
export async function filesIn(
  entries: readonly FileSystemEntry[]
): Promise<IDropped[]> {
  const found: IDropped[] = [];
  const below = async (entry: FileSystemEntry, folder: string) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) {
      const children = await childrenOf(entry as FileSystemDirectoryEntry);
      for (const child of children) {
        await below(child, `${path}/`);
      }
    } else {
      found.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    }
  };
  for (const entry of entries) {
    await below(entry, '');
  }
  return found;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function childrenOf(
  entry: FileSystemDirectoryEntry
): Promise<FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A browser gives a hundred at a time, and none when it has given all.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (some.length === 0) {
      return all.sort((one, other) => one.name.localeCompare(other.name));
    }
    all.push(...some);
  }
}
