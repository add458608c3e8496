import { Dialog } from "../controls/Dialog";
import { Keys } from "../controls/Keys";
import type { ActionName } from "./bindings";
import styles from "./KeysOverlay.module.css";
import { actionNames } from "./names";
import { useKeymap } from "./useKeys";

const names = Object.keys(actionNames) as ActionName[];
const groups = [...new Set(names.map((name) => actionNames[name].group))];

export function KeysOverlay({ onClose }: { onClose: () => void }) {
  const keymap = useKeymap();
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className={styles.groups} data-testid="keys-overlay">
        {groups.map((group) => (
          <section key={group} className={styles.group}>
            <h3>{group}</h3>
            <dl>
              {names
                .filter((name) => actionNames[name].group === group)
                .map((name) => (
                  <div key={name} className={styles.row}>
                    <dt>{actionNames[name].label}</dt>
                    <dd>
                      {keymap[name].map((chord) => (
                        <Keys key={chord} chord={chord} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
