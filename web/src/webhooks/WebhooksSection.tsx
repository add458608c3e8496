import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Section } from "../accounts/SettingsPage";
import { messageOf } from "../api/failure";
import type { WebhookEvent } from "../api/model";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { Secret } from "../controls/Secret";
import { EventChoice } from "./EventChoice";
import { createWebhook, webhooksQuery } from "./queries";
import { WebhookRow } from "./WebhookRow";
import styles from "./Webhooks.module.css";

export function WebhooksSection() {
  const hooks = useQuery(webhooksQuery);
  return (
    <Section title="Webhooks" about="Tells another program when something happens. Messages are signed, and repeated for a day until they arrive.">
      {hooks.isError && (
        <p className={styles.bad} role="alert">
          {messageOf(hooks.error)}
        </p>
      )}
      {hooks.data && hooks.data.items.length > 0 && (
        <ul className={styles.hooks} aria-label="Webhooks">
          {hooks.data.items.map((hook) => (
            <WebhookRow key={hook.id} hook={hook} />
          ))}
        </ul>
      )}
      <NewWebhook />
    </Section>
  );
}

function NewWebhook() {
  const client = useQueryClient();
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<WebhookEvent[]>(["inspection.corrupt", "job.failed"]);
  const creating = useMutation({
    mutationFn: () => createWebhook(url.trim(), events),
    onSuccess: () => {
      setUrl("");
      return client.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <>
      {creating.data && (
        <Secret about="The secret of the new webhook. Copy it now to where signatures are checked: it is not shown again." secret={creating.data.secret} />
      )}
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          creating.mutate();
        }}
      >
        <Field
          label="Address of a new webhook"
          placeholder="https://example.org/hooks/cutroom"
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          problem={creating.isError ? messageOf(creating.error) : null}
        />
        <EventChoice events={events} onChange={setEvents} />
        <div>
          <Button type="submit" disabled={!url.trim() || events.length === 0 || creating.isPending}>
            Add webhook
          </Button>
        </div>
      </form>
    </>
  );
}
