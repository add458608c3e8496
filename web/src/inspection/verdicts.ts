import type { Verdict } from "../api/model";

export interface VerdictLook {
  readonly word: string;
  readonly tone: "ok" | "info" | "warn" | "bad" | "idle";
  readonly meaning: string;
}

export const verdicts: Readonly<Record<Verdict, VerdictLook>> = {
  pending: { word: "Checking", tone: "idle", meaning: "Not checked yet" },
  healthy: { word: "Healthy", tone: "ok", meaning: "No damage found" },
  note: { word: "Note", tone: "info", meaning: "Sound, with something worth knowing" },
  suspect: { word: "Suspect", tone: "warn", meaning: "Something is off; it may still play" },
  corrupt: { word: "Corrupt", tone: "bad", meaning: "Damaged" },
  "not-video": { word: "Not video", tone: "bad", meaning: "This is not a video file" },
  unreadable: { word: "Unreadable", tone: "bad", meaning: "The file could not be read" },
  "timed-out": { word: "Timed out", tone: "warn", meaning: "The check took too long" },
  crashed: { word: "Crashed", tone: "bad", meaning: "The check crashed on this file" },
};

/** A server newer than this page may know verdicts that it does not. */
export function verdictLook(verdict: string): VerdictLook {
  return verdicts[verdict as Verdict] ?? { word: verdict, tone: "idle", meaning: verdict };
}
