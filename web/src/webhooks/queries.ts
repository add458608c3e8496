import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { DeliveryState, Webhook, WebhookEvent } from "../api/model";

/** What a hook may be told of, in the order of the form. */
export const eventNames: readonly (readonly [event: WebhookEvent, name: string])[] = [
  ["inspection.corrupt", "A file is corrupt"],
  ["scan.finished", "A scan has finished"],
  ["video.ready", "A video is ready to play"],
  ["clip.done", "A clip is done"],
  ["job.failed", "A job has failed"],
];

const at = (id: string) => ({ params: { path: { hook_id: id } } });

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/webhooks", { signal })),
  refetchInterval: 5_000,
});
export const createWebhook = (url: string, events: WebhookEvent[]) => unwrap(client.POST("/api/webhooks", { body: { url, events } }));
export const changeWebhook = (id: string, part: Partial<Pick<Webhook, "url" | "events" | "enabled">>) =>
  unwrap(client.PATCH("/api/webhooks/{hook_id}", { ...at(id), body: part }));
export const deleteWebhook = (id: string) => unwrap(client.DELETE("/api/webhooks/{hook_id}", at(id)));
export const testWebhook = (id: string) => unwrap(client.POST("/api/webhooks/{hook_id}/test", at(id)));
export const rotateSecret = (id: string) => unwrap(client.POST("/api/webhooks/{hook_id}/rotate-secret", { ...at(id), body: {} }));

export const deliveriesQuery = (id: string, state: DeliveryState | "") =>
  infiniteQueryOptions({
    queryKey: ["webhooks", id, "deliveries", state],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/webhooks/{hook_id}/deliveries", {
          params: { path: { hook_id: id }, query: { state: state || undefined, limit: 50, after: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous,
    // Attempts are made by another process, which says nothing to pages.
    refetchInterval: 2_000,
  });
export const replayDelivery = (id: string, delivery: string) =>
  unwrap(
    client.POST("/api/webhooks/{hook_id}/deliveries/{delivery_id}/replay", {
      params: { path: { hook_id: id, delivery_id: delivery } },
    }),
  );
