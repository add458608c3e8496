import type { ActionName } from "./bindings";

export interface Named {
  readonly label: string;
  readonly group: "Playback" | "Frames" | "Marks and clips" | "Inspect" | "Everywhere";
}

/** What each key does, as the overlay says it; an action without a name does not compile. */
export const actionNames: Readonly<Record<ActionName, Named>> = {
  playPause: { label: "Play or pause", group: "Playback" },
  stop: { label: "Stop", group: "Playback" },
  shuttleBack: { label: "Shuttle back 1, 2, 4, 8×", group: "Playback" },
  shuttleOn: { label: "Shuttle on 1, 2, 4, 8×", group: "Playback" },
  playMarked: { label: "Play between the marks, looped", group: "Playback" },
  mute: { label: "Mute", group: "Playback" },
  subtitles: { label: "Next subtitles, then none", group: "Playback" },
  frameBack: { label: "One frame back", group: "Frames" },
  frameOn: { label: "One frame on", group: "Frames" },
  secondBack: { label: "One second back", group: "Frames" },
  secondOn: { label: "One second on", group: "Frames" },
  keyframeBack: { label: "Previous keyframe", group: "Frames" },
  keyframeOn: { label: "Next keyframe", group: "Frames" },
  first: { label: "First frame", group: "Frames" },
  last: { label: "Last frame", group: "Frames" },
  previousEdit: { label: "Previous edit point or row", group: "Frames" },
  nextEdit: { label: "Next edit point or row", group: "Frames" },
  goTo: { label: "Go to a timecode", group: "Frames" },
  markIn: { label: "Mark in", group: "Marks and clips" },
  markOut: { label: "Mark out", group: "Marks and clips" },
  toIn: { label: "Jump to in", group: "Marks and clips" },
  toOut: { label: "Jump to out", group: "Marks and clips" },
  clearMarks: { label: "Clear the marks", group: "Marks and clips" },
  exportClip: { label: "Cut the clip", group: "Marks and clips" },
  nextDamage: { label: "Next damaged moment", group: "Inspect" },
  previousDamage: { label: "Previous damaged moment", group: "Inspect" },
  nextStatus: { label: "Next status", group: "Inspect" },
  previousStatus: { label: "Previous status", group: "Inspect" },
  newScan: { label: "New scan", group: "Inspect" },
  search: { label: "Search", group: "Everywhere" },
  help: { label: "Show the keys", group: "Everywhere" },
};
