import { useState } from "react";
import styles from "./Surround.module.css";

const choices = [
  ["#000000", "Black surround"],
  ["#161616", "Dark surround"],
  ["#777777", "Grey surround"],
] as const;
const storageKey = "cutroom.surround";

/** What lies around the picture: a grader's choice, kept in this browser. */
export function useSurround() {
  const [surround, setSurround] = useState(() => localStorage.getItem(storageKey) ?? choices[0][0]);
  const change = (value: string) => {
    localStorage.setItem(storageKey, value);
    setSurround(value);
  };
  return [surround, change] as const;
}

export function Surround({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <div className={styles.swatches} role="group" aria-label="Surround of the picture">
      {choices.map(([colour, label]) => (
        <button
          key={colour}
          type="button"
          className={styles.swatch}
          aria-label={label}
          title={label}
          aria-pressed={colour === value}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChange(colour)}
        >
          <span style={{ background: colour }} />
        </button>
      ))}
    </div>
  );
}
