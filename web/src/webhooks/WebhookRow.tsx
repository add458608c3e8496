import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { Delivery, Webhook } from "../api/model";
import { toast } from "../app/toasts";
import { Button } from "../controls/Button";
import { Secret } from "../controls/Secret";
import { ago, exactly } from "../time/when";
import { DeliveriesDialog } from "./DeliveriesDialog";
import { EditDialog, RemoveDialog } from "./dialogs";
import { changeWebhook, eventNames, rotateSecret, testWebhook } from "./queries";
import styles from "./Webhooks.module.css";

type Open = "deliveries" | "edit" | "remove";

export function WebhookRow({ hook }: { hook: Webhook }) {
  const [open, setOpen] = useState<Open | null>(null);
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ["webhooks"] });
  const onError = (error: unknown) => toast("bad", messageOf(error));
  const testing = useMutation({ mutationFn: () => testWebhook(hook.id), onSuccess: again });
  const switching = useMutation({ mutationFn: () => changeWebhook(hook.id, { enabled: !hook.enabled }), onSuccess: again, onError });
  const rotating = useMutation({ mutationFn: () => rotateSecret(hook.id), onSuccess: again, onError });
  const close = () => setOpen(null);
  return (
    <li className={styles.hook} data-testid="webhook">
      <div className={styles.head}>
        <code className={hook.enabled ? styles.url : `${styles.url} ${styles.dim}`} title={hook.url}>
          {hook.url}
        </code>
        <Standing hook={hook} />
      </div>
      <p className={styles.dim}>{namesOf(hook)}</p>
      {hook.note && <p className={styles.warn}>{hook.note}</p>}
      <div className={styles.actions} role="group" aria-label={`What to do with ${hook.url}`}>
        <Button onClick={() => testing.mutate()} disabled={testing.isPending}>
          {testing.isPending ? "Sending…" : "Send a test"}
        </Button>
        <Button look="quiet" onClick={() => setOpen("deliveries")}>
          Deliveries
        </Button>
        <Button look="quiet" onClick={() => setOpen("edit")}>
          Edit
        </Button>
        <Button look="quiet" onClick={() => rotating.mutate()} disabled={rotating.isPending}>
          New secret
        </Button>
        <Button look="quiet" onClick={() => switching.mutate()} disabled={switching.isPending}>
          {hook.enabled ? "Turn off" : "Turn on"}
        </Button>
        <Button look="quiet" onClick={() => setOpen("remove")}>
          Remove
        </Button>
      </div>
      <div role="status">
        {testing.data && <TestResult delivery={testing.data} />}
        {testing.isError && <p className={styles.bad}>{messageOf(testing.error)}</p>}
      </div>
      {rotating.data && (
        <Secret about="The new secret. Copy it now: it is not shown again. For a day the one before signs as well." secret={rotating.data.secret} />
      )}
      {open === "deliveries" && <DeliveriesDialog hook={hook} onClose={close} />}
      {open === "edit" && <EditDialog hook={hook} onClose={close} />}
      {open === "remove" && <RemoveDialog hook={hook} onClose={close} />}
    </li>
  );
}

function Standing({ hook }: { hook: Webhook }) {
  if (!hook.enabled) return <span className={styles.dim}>Off</span>;
  if (hook.failing_since) {
    return (
      <span className={styles.bad} title={exactly(hook.failing_since)}>
        Failing, first {ago(hook.failing_since)}
      </span>
    );
  }
  if (!hook.delivered_at) return <span className={styles.dim}>Nothing delivered yet</span>;
  return (
    <span className={styles.ok} title={exactly(hook.delivered_at)}>
      Delivered {ago(hook.delivered_at)}
    </span>
  );
}

function TestResult({ delivery }: { delivery: Delivery }) {
  if (delivery.state === "delivered") {
    return (
      <p className={styles.ok}>
        The test arrived: answered {delivery.response_status} in {delivery.duration_ms} ms.
      </p>
    );
  }
  return (
    <p className={styles.bad}>
      The test did not arrive. {delivery.error?.message} {delivery.error?.hint}
    </p>
  );
}

function namesOf(hook: Webhook): string {
  return eventNames
    .filter(([event]) => hook.events.includes(event))
    .map(([, name]) => name)
    .join(" · ");
}
