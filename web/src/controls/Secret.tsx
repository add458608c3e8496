import { toast } from "../app/toasts";
import { Button } from "./Button";
import styles from "./Secret.module.css";

/** Something that is shown this once. */
export function Secret({ about, secret }: { about: string; secret: string }) {
  return (
    <div className={styles.secret} role="status">
      <span>{about}</span>
      <code>{secret}</code>
      {/* The clipboard exists only over HTTPS and on this machine itself; the text can always be selected. */}
      {navigator.clipboard && (
        <div>
          <Button onClick={() => void navigator.clipboard.writeText(secret).then(() => toast("ok", "Copied."))}>Copy</Button>
        </div>
      )}
    </div>
  );
}
