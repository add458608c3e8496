import { useEffect, useRef, useState } from "react";
import type { Rate } from "../time/rate";
import { formatTimecode, parsePosition } from "../time/timecode";
import styles from "./TimecodeField.module.css";

interface TimecodeFieldProps {
  label: string;
  tone?: "in" | "out";
  frame: number | null;
  rate: Rate;
  last: number;
  onChange: (frame: number) => void;
  testId?: string;
}

/** A frame as a timecode that can be typed over, in any of the forms that the command line takes. */
export function TimecodeField({ label, tone, frame, rate, last, onChange, testId }: TimecodeFieldProps) {
  const shown = frame === null ? "" : formatTimecode(frame, rate);
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(null), [shown]);
  const commit = () => {
    if (typed === null || typed === shown) return setTyped(null);
    const parsed = parsePosition(typed, rate);
    if (parsed === null || parsed > last) return setWrong(true);
    setTyped(null);
    onChange(parsed);
  };
  return (
    <label className={`${styles.field} ${tone ? styles[tone] : ""}`}>
      <span>{label}</span>
      <input
        ref={input}
        className={styles.input}
        value={typed ?? shown}
        placeholder="--:--:--:--"
        aria-label={`${label} timecode`}
        aria-invalid={wrong || undefined}
        title={wrong ? "Type HH:MM:SS:FF, MM:SS, seconds, or a frame number such as 123f, within the footage" : undefined}
        spellCheck={false}
        data-testid={testId}
        onChange={(event) => {
          setWrong(false);
          setTyped(event.target.value);
        }}
        onFocus={(event) => event.target.select()}
        onBlur={() => {
          commit();
          if (wrong) {
            setTyped(null);
            setWrong(false);
          }
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key === "Escape") {
            setTyped(null);
            setWrong(false);
            requestAnimationFrame(() => input.current?.blur());
          }
        }}
      />
    </label>
  );
}
