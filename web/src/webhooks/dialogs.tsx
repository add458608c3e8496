import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { Webhook } from "../api/model";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { Field } from "../controls/Field";
import form from "../controls/Form.module.css";
import { EventChoice } from "./EventChoice";
import { changeWebhook, deleteWebhook } from "./queries";
import styles from "./Webhooks.module.css";

interface HookDialogProps {
  hook: Webhook;
  onClose: () => void;
}

/** Change where messages go, and which. */
export function EditDialog({ hook, onClose }: HookDialogProps) {
  const client = useQueryClient();
  const [url, setUrl] = useState(hook.url);
  const [events, setEvents] = useState(hook.events);
  const changing = useMutation({
    mutationFn: () => changeWebhook(hook.id, { url: url.trim(), events }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["webhooks"] });
      onClose();
    },
  });
  return (
    <Dialog title="Edit the webhook" onClose={onClose}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          changing.mutate();
        }}
      >
        <Field
          label="Address"
          inputMode="url"
          spellCheck={false}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          problem={changing.isError ? messageOf(changing.error) : null}
          autoFocus
          required
        />
        <EventChoice events={events} onChange={setEvents} />
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!url.trim() || events.length === 0 || changing.isPending}>
            Save
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Ask before a webhook and its history go. */
export function RemoveDialog({ hook, onClose }: HookDialogProps) {
  const client = useQueryClient();
  const removing = useMutation({
    mutationFn: () => deleteWebhook(hook.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <Dialog title="Remove the webhook?" onClose={onClose}>
      <div className={form.form}>
        <p>
          <code className={styles.whole}>{hook.url}</code> is told nothing more
          {hook.pending > 0 ? `, not even the ${hook.pending.toLocaleString("en")} that wait for it` : ""}. The list of its deliveries goes too.
        </p>
        {removing.isError && (
          <p className={styles.bad} role="alert">
            {messageOf(removing.error)}
          </p>
        )}
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose} autoFocus>
            Keep it
          </Button>
          <Button look="danger" onClick={() => removing.mutate()} disabled={removing.isPending}>
            Remove
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
