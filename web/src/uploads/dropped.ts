/** What a drop or a folder picker may bring: files, and folders with files in them. */
export type Dropped = File | FileSystemEntry;

const footage =
  /\.(3g2|3gp|asf|avi|divx|dv|f4v|flv|gxf|m1v|m2p|m2t|m2ts|m2v|m4v|mkv|mod|mov|mp4|mpe|mpeg|mpg|mts|mxf|nut|ogm|ogv|qt|rm|rmvb|tod|ts|vob|webm|wmv|wtv)$/i;

/** In a folder only footage counts; a file that was named by itself is taken whatever it is called. */
export function isFootage(name: string): boolean {
  return !name.startsWith(".") && footage.test(name);
}

/** Every file that was dropped, and all footage of the folders. */
export async function filesOf(dropped: readonly Dropped[]): Promise<File[]> {
  const files: File[] = [];
  for (const one of dropped) {
    if (one instanceof File) files.push(one);
    else if (one.isFile) files.push(await fileOf(one as FileSystemFileEntry));
    else files.push(...(await below(one as FileSystemDirectoryEntry)));
  }
  return files;
}

async function below(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: File[] = [];
  // A reader gives a hundred entries at a time, and none when there are no more.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return found;
    for (const entry of entries) {
      if (entry.isDirectory && !entry.name.startsWith(".")) found.push(...(await below(entry as FileSystemDirectoryEntry)));
      else if (entry.isFile && isFootage(entry.name)) found.push(await fileOf(entry as FileSystemFileEntry));
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
