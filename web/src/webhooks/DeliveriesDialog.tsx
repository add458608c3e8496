import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { Delivery, DeliveryState, Webhook } from "../api/model";
import { toast } from "../app/toasts";
import { Button, IconButton } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { Select } from "../controls/Field";
import { ago, exactly } from "../time/when";
import { deliveriesQuery, replayDelivery } from "./queries";
import styles from "./Webhooks.module.css";

const states = [
  ["", "All deliveries"],
  ["pending", "Waiting"],
  ["delivered", "Delivered"],
  ["failed", "Failed"],
] as const;
const words: Record<DeliveryState, string> = { pending: "Waiting", delivered: "Delivered", failed: "Failed" };

/** What was sent to a webhook, with what came back, and a way to send it again. */
export function DeliveriesDialog({ hook, onClose }: { hook: Webhook; onClose: () => void }) {
  const [state, setState] = useState<DeliveryState | "">("");
  const query = useInfiniteQuery(deliveriesQuery(hook.id, state));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog title="Deliveries" onClose={onClose} wide>
      <div className={styles.list}>
        <div className={styles.head}>
          <code className={styles.url} title={hook.url}>
            {hook.url}
          </code>
          <Select label="State" options={states} value={state} onChange={(event) => setState(event.target.value as DeliveryState | "")} />
        </div>
        {query.isError && (
          <p className={styles.bad} role="alert">
            {messageOf(query.error)}
          </p>
        )}
        {query.isSuccess && items.length === 0 && <p className={styles.dim}>{state ? "None is in this state." : "Nothing has been sent to it yet."}</p>}
        {items.length > 0 && (
          // Scrolled by keys too.
          <div className={styles.scroller} tabIndex={0} role="region" aria-label="List of deliveries">
            <table className={styles.table}>
              <thead>
                <tr>
                  <th>Event</th>
                  <th>When</th>
                  <th>State</th>
                  <th>Answer</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {items.map((delivery) => (
                  <Row key={delivery.id} hook={hook} delivery={delivery} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {query.hasNextPage && (
          <div>
            <Button look="quiet" onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
              Show older ones
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

function Row({ hook, delivery }: { hook: Webhook; delivery: Delivery }) {
  const client = useQueryClient();
  const replaying = useMutation({
    mutationFn: () => replayDelivery(hook.id, delivery.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhooks"] }),
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <tr data-testid="delivery" data-state={delivery.state}>
      <td>
        {delivery.event}
        <span className={styles.dim} title={`webhook-id: ${delivery.message_id}`}>
          {delivery.subject}
        </span>
      </td>
      <td className={styles.dim} title={exactly(delivery.created_at)}>
        {ago(delivery.created_at)}
      </td>
      <td>
        <span className={styles[delivery.state]}>{words[delivery.state]}</span>
        <span className={styles.dim}>{attemptsOf(delivery)}</span>
      </td>
      <td className={styles.answer}>{answerOf(delivery)}</td>
      <td>
        <IconButton label={`Send again: ${delivery.event} ${delivery.subject}`} onClick={() => replaying.mutate()} disabled={replaying.isPending || !hook.enabled}>
          <RotateCcw />
        </IconButton>
      </td>
    </tr>
  );
}

function attemptsOf(delivery: Delivery): string {
  const made = delivery.attempts === 1 ? "1 attempt" : `${delivery.attempts} attempts`;
  if (delivery.state !== "pending" || delivery.next_attempt_at === null || delivery.attempts === 0) return delivery.attempts ? made : "";
  return `${made}, next ${ago(delivery.next_attempt_at)}`;
}

function answerOf(delivery: Delivery) {
  if (delivery.error) return <span title={delivery.response_excerpt ?? delivery.error.hint ?? undefined}>{delivery.error.message}</span>;
  if (delivery.response_status === null) return null;
  return (
    <span title={delivery.response_excerpt ?? undefined}>
      {delivery.response_status} in {delivery.duration_ms} ms
    </span>
  );
}
