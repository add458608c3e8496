import { useEffect, useState } from "react";
import { Button } from "../controls/Button";
import { Keys } from "../controls/Keys";
import { type ActionName, chordOf, defaultKeymap, type Keymap } from "../keys/bindings";
import { actionNames } from "../keys/names";
import { changeKeymap, useKeymap } from "../keys/useKeys";
import { Section } from "./SettingsPage";
import styles from "./SettingsPage.module.css";

const names = Object.keys(actionNames) as ActionName[];

/** Gives a chord to an action and takes it from whichever had it: no key means two things. */
function rebound(keymap: Keymap, name: ActionName, chord: string): Keymap {
  const freed = Object.fromEntries(names.map((each) => [each, keymap[each].filter((key) => key !== chord)]));
  return { ...freed, [name]: [chord] } as unknown as Keymap;
}

export function KeysSection() {
  const keymap = useKeymap();
  const [listening, setListening] = useState<ActionName | null>(null);
  useEffect(() => {
    if (!listening) return;
    const onKey = (event: KeyboardEvent) => {
      const chord = chordOf(event);
      if (!chord && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (chord && chord !== "Escape") changeKeymap(rebound(keymap, listening, chord));
      setListening(null);
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [listening, keymap]);
  return (
    <Section title="Keys" about="Kept in this browser. Choose “Change”, then press the new key; Escape keeps the old one.">
      <table className={styles.table}>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <td>{actionNames[name].label}</td>
              <td>
                <span className={styles.caps}>
                  {listening === name ? (
                    <span className={styles.listening}>Press a key…</span>
                  ) : (
                    keymap[name].map((chord) => <Keys key={chord} chord={chord} />)
                  )}
                </span>
              </td>
              <td>
                <Button look="quiet" aria-label={`Change the key of ${actionNames[name].label}`} onClick={() => setListening(name)}>
                  Change
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div>
        <Button onClick={() => changeKeymap(defaultKeymap())}>Back to the defaults</Button>
      </div>
    </Section>
  );
}
