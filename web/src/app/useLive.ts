import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { listen } from "../api/live";
import { type Patch, patchCache } from "./patch";

/** Keeps the query cache true to the server's announcements; answers whether they arrive. */
export function useLive(): boolean {
  const client = useQueryClient();
  const [live, setLive] = useState(true);
  useEffect(() => {
    let missed = false;
    return listen((message) => {
      if (message.type === "event") return patchCache(client, message.topic, JSON.parse(message.data) as Patch);
      setLive(message.type === "open");
      // The stream resumes where it stopped, but a restarted server may have forgotten how far that was.
      if (message.type === "open" && missed) void client.invalidateQueries();
      missed = message.type === "lost";
    });
  }, [client]);
  return live;
}
