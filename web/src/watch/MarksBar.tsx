import { Scissors, X } from "lucide-react";
import { Button, IconButton } from "../controls/Button";
import { Select } from "../controls/Field";
import type { ClipMode } from "../api/model";
import type { FrameClock } from "../time/clock";
import { formatTimecode } from "../time/timecode";
import { markedRange, markFirst, markLast, type Marks, noMarks, paddingOf } from "./marks";
import styles from "./MarksBar.module.css";
import { TimecodeField } from "./TimecodeField";

const modes = [
  ["smart", "Smart"],
  ["copy", "Copy"],
  ["exact", "Exact"],
] as const;
const explained: Record<ClipMode, string> = {
  smart: "Exactly the marked frames; only the ends are encoded again",
  copy: "Nothing is encoded; starts at the keyframe before",
  exact: "Exactly the marked frames; everything is encoded again",
};

interface MarksBarProps {
  clock: FrameClock;
  marks: Marks;
  onMarks: (marks: Marks) => void;
  mode: ClipMode;
  onMode: (mode: ClipMode) => void;
  padding: string;
  onPadding: (padding: string) => void;
  onCut?: () => void;
}

export function MarksBar({ clock, marks, onMarks, mode, onMode, padding, onPadding, onCut }: MarksBarProps) {
  const range = markedRange(marks, clock.frames);
  const length = range ? range.outFrame - range.inFrame : 0;
  return (
    <div className={styles.bar} role="group" aria-label="Marks and clip">
      <TimecodeField
        label="In"
        tone="in"
        frame={marks.first}
        rate={clock.rate}
        last={clock.last}
        onChange={(frame) => onMarks(markFirst(marks, frame))}
        testId="mark-in"
      />
      <TimecodeField
        label="Out"
        tone="out"
        frame={marks.last}
        rate={clock.rate}
        last={clock.last}
        onChange={(frame) => onMarks(markLast(marks, frame))}
        testId="mark-out"
      />
      <span className={styles.length} data-testid="marked-frames" data-frames={length}>
        {range ? (
          <>
            {formatTimecode(length, clock.rate, false)} <span>{length} f</span>
          </>
        ) : (
          <span>No marks</span>
        )}
      </span>
      {range && (
        <IconButton keepFocus label="Clear the marks" hint="X" onClick={() => onMarks(noMarks)}>
          <X />
        </IconButton>
      )}
      {onCut && (
        <div className={styles.end}>
          <label className={styles.padding} title="Seconds added before and after the marks">
            Padding
            <input
              inputMode="decimal"
              value={padding}
              aria-label="Padding in seconds"
              aria-invalid={paddingOf(padding) === null || undefined}
              onChange={(event) => onPadding(event.target.value)}
            />
            s
          </label>
          <Select label="How to cut" title={explained[mode]} options={modes} value={mode} onChange={(event) => onMode(event.target.value as ClipMode)} />
          <Button
            look="primary"
            icon={<Scissors />}
            disabled={!range || paddingOf(padding) === null}
            onMouseDown={(event) => event.preventDefault()}
            onClick={onCut}
            title="Cut the clip (E)"
            data-testid="cut"
          >
            Cut clip
          </Button>
        </div>
      )}
    </div>
  );
}
