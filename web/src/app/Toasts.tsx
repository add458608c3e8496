import { Link } from "@tanstack/react-router";
import { CircleCheck, Info, OctagonX, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { IconButton } from "../controls/Button";
import styles from "./Toasts.module.css";
import { dismiss, toastStore } from "./toasts";

const icons = { ok: CircleCheck, bad: OctagonX, info: Info };

export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.read);
  return (
    <ol className={styles.toasts} aria-live="polite" aria-label="Messages" data-testid="toasts">
      {toasts.map((toast) => {
        const Icon = icons[toast.tone];
        return (
          <li key={toast.id} className={`${styles.toast} ${styles[toast.tone]}`} role={toast.tone === "bad" ? "alert" : undefined}>
            <Icon aria-hidden />
            <span>{toast.text}</span>
            {toast.link && <Link to={toast.link.to}>{toast.link.label}</Link>}
            <IconButton label="Dismiss" onClick={() => dismiss(toast.id)}>
              <X />
            </IconButton>
          </li>
        );
      })}
    </ol>
  );
}
