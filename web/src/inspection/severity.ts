/** How much a finding spoils: worse is taller, and each has its own colour and its own pattern. */
export interface SeverityLook {
  readonly word: string;
  readonly tone: "bad" | "warn" | "info";
  readonly pattern: "solid" | "hatch" | "dots" | "outline";
  /** Share of the lane that its mark fills. */
  readonly tall: number;
  readonly rank: number;
  readonly meaning: string;
}

const looks: Readonly<Record<string, SeverityLook>> = {
  critical: { word: "Critical", tone: "bad", pattern: "solid", tall: 1, rank: 3, meaning: "The file does not play" },
  major: { word: "Major", tone: "bad", pattern: "hatch", tall: 0.8, rank: 2, meaning: "Picture or sound that somebody would notice" },
  minor: { word: "Minor", tone: "warn", pattern: "dots", tall: 0.55, rank: 1, meaning: "A moment, or seeking" },
  note: { word: "Note", tone: "info", pattern: "outline", tall: 0.35, rank: 0, meaning: "Spoils nothing" },
};

export const severities: readonly SeverityLook[] = Object.values(looks);

/** A server newer than this page may know severities that it does not. */
export function severityLook(severity: string): SeverityLook {
  return looks[severity] ?? { ...(looks.minor as SeverityLook), word: severity, meaning: severity };
}
