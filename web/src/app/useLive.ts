import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { listen } from "../api/live";
import { type Patch, patchCache } from "./patch";
import { sessionQuery } from "./queries";

/** Keeps the query cache true to the server's announcements; answers whether they arrive. */
export function useLive(): boolean {
  const client = useQueryClient();
  const [live, setLive] = useState(true);
  useEffect(
    () =>
      listen((message) => {
        if (message.type === "event") return patchCache(client, message.topic, JSON.parse(message.data) as Patch);
        if (message.type === "reset") return void client.invalidateQueries();
        setLive(message.type === "open");
        // The stream ends with the session: somebody may have ended this one elsewhere.
        if (message.type === "lost") void client.invalidateQueries(sessionQuery);
      }),
    [client],
  );
  return live;
}
