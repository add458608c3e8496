import { keyLabel } from "../keys/bindings";
import styles from "./Keys.module.css";

/** Key caps for a chord such as "Shift+I". */
export function Keys({ chord }: { chord: string }) {
  return (
    <span className={styles.chord}>
      {keyLabel(chord).map((part) => (
        <kbd key={part}>{part}</kbd>
      ))}
    </span>
  );
}
