import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { Button } from "../controls/Button";
import { Select } from "../controls/Field";
import styles from "./InspectAgain.module.css";
import { type Mode, modeOptions, modes } from "./modes";

/** Look at one file again, as deep as is chosen. */
export function InspectAgain({ pending, onInspect }: { pending: boolean; onInspect: (mode: Mode) => void }) {
  const [mode, setMode] = useState<Mode>("deep");
  return (
    <div className={styles.again} title={modes.find(([value]) => value === mode)?.[2]}>
      <Select label="Mode of the next look" options={modeOptions} value={mode} onChange={(event) => setMode(event.target.value as Mode)} />
      <Button icon={<RotateCcw />} onClick={() => onInspect(mode)} disabled={pending}>
        {pending ? "Asking…" : "Inspect again"}
      </Button>
    </div>
  );
}
