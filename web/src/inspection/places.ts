import type { Scan } from "../api/model";

/** A path cut where people look first: the name, and the folder it lies in. */
export function splitPath(path: string): { name: string; folder: string } {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return at <= 0 ? { name: path.slice(at + 1) || path, folder: path.slice(0, at + 1) } : { name: path.slice(at + 1), folder: path.slice(0, at) };
}

/** "rushes", "rushes and 2 more", "The library": what a scan was of. */
export function placeOf(scan: Pick<Scan, "roots" | "library">): { name: string; all: string } {
  if (scan.library) return { name: "The library", all: "The library" };
  const [first = "", ...others] = scan.roots;
  const name = splitPath(first.replace(/[/\\]+$/, "")).name || first;
  return { name: others.length > 0 ? `${name} and ${others.length} more` : name, all: scan.roots.join("\n") };
}

/** The lines of a text field as folders: no empty ones, none twice. */
export function foldersIn(text: string): string[] {
  return [...new Set(text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean))];
}

/** "mp4, .MKV" as the server wants them. */
export function extensionsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).map((part) => part.replace(/^[*.]+/, "").toLowerCase()).filter(Boolean))];
}
