import { countsDrop, nominal, type Rate, secondsToFrame } from "./rate";

const two = (value: number): string => String(value).padStart(2, "0");

/** Frame labels skipped at the start of each minute but every tenth: 2 at 29.97, 4 at 59.94. */
function droppedAMinute(fps: number): number {
  return Math.round(fps / 15);
}

function labelOf(frame: number, fps: number): number {
  const dropped = droppedAMinute(fps);
  const tenMinutes = fps * 600 - dropped * 9;
  const minute = fps * 60 - dropped;
  const tens = Math.floor(frame / tenMinutes);
  const rest = frame % tenMinutes;
  const extra = rest < fps * 60 ? 0 : Math.floor((rest - fps * 60) / minute) + 1;
  return frame + dropped * (9 * tens + extra);
}

/** HH:MM:SS:FF, with ";" before the frames when drop-frame labels are counted. */
export function formatTimecode(frame: number, rate: Rate, drop: boolean = countsDrop(rate)): string {
  const fps = nominal(rate);
  const label = drop ? labelOf(frame, fps) : frame;
  const seconds = Math.floor(label / fps);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return `${clock}${drop ? ";" : ":"}${two(label % fps)}`;
}

/** How a screen reader should say a position. */
export function spokenTimecode(frame: number, rate: Rate): string {
  const fps = nominal(rate);
  const seconds = Math.floor((frame * rate.den) / rate.num);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const said = parts
    .filter(([value], index) => value > 0 || index === 2)
    .map(([value, unit]) => `${value} ${unit}${value === 1 ? "" : "s"}`);
  return `${said.join(" ")}, frame ${frame} (${formatTimecode(frame, rate)}, ${fps} frames a second)`;
}

function fromLabels(parts: readonly number[], rate: Rate, drop: boolean): number | null {
  const [hours = 0, minutes = 0, seconds = 0, frames = 0] = parts;
  const fps = nominal(rate);
  if (minutes > 59 || seconds > 59 || frames >= fps) return null;
  const total = ((hours * 60 + minutes) * 60 + seconds) * fps + frames;
  if (!drop) return total;
  const dropped = droppedAMinute(fps);
  // These labels do not exist: each minute but the tenth starts after them.
  if (seconds === 0 && frames < dropped && minutes % 10 !== 0) return null;
  const wholeMinutes = hours * 60 + minutes;
  return total - dropped * (wholeMinutes - Math.floor(wholeMinutes / 10));
}

/**
 * A typed position as a frame number, or null when it is not one.
 * "123f" frames · "12.5" seconds · "MM:SS" · "HH:MM:SS.mmm" · "HH:MM:SS:FF" · "HH:MM:SS;FF" (drop-frame).
 */
export function parsePosition(text: string, rate: Rate): number | null {
  const typed = text.trim();
  const frames = /^(\d+)f$/i.exec(typed);
  if (frames) return Number(frames[1]);
  const labels = /^(\d+):(\d{1,2}):(\d{1,2})([:;])(\d{1,3})$/.exec(typed);
  if (labels) {
    const parts = [labels[1], labels[2], labels[3], labels[5]].map(Number);
    return fromLabels(parts, rate, labels[4] === ";" && countsDrop(rate));
  }
  const clock = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$/.exec(typed);
  if (!clock) return null;
  const [hours, minutes, seconds] = [clock[1], clock[2], clock[3]].map((part) => Number(part ?? 0)) as [number, number, number];
  if (clock[2] !== undefined && seconds >= 60) return null;
  if (clock[1] !== undefined && minutes > 59) return null;
  return secondsToFrame(hours * 3600 + minutes * 60 + seconds, rate);
}

/** "0:07", "1:02:33": lengths where frames do not matter. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
