/** How deep a file is looked into, and what each costs and finds, in a sentence. */
export const modes = [
  ["quick", "Quick", "Reads only how the file is built: truncation, a missing index, something that is no video."],
  ["standard", "Standard", "Reads every packet, decodes sound and keyframes: most damage, at a fraction of a full decode."],
  ["hybrid", "Hybrid", "Standard for all files, then deep for those that look suspect."],
  ["deep", "Deep", "Decodes every frame: everything that a decoder can see."],
  ["full", "Full", "Deep, and every byte against its checksum: also rot that no decoder sees."],
] as const;

export type Mode = (typeof modes)[number][0];

export const modeOptions = modes.map(([value, word]) => [value, word] as const);

export function modeWord(mode: string): string {
  return modes.find(([value]) => value === mode)?.[1] ?? mode;
}
