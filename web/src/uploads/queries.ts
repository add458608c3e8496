import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { components } from "../api/generated/schema";

export type WatchedFolder = components["schemas"]["WatchedFolderShape"];

export const watchedQuery = queryOptions({
  queryKey: ["watched-folders"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/watched-folders", { signal })),
  // Nothing announces how a folder stands.
  refetchInterval: 5_000,
});

export const watchFolder = (path: string) => unwrap(client.POST("/api/watched-folders", { body: { path } }));
export const unwatchFolder = (id: string) =>
  unwrap(client.DELETE("/api/watched-folders/{folder_id}", { params: { path: { folder_id: id } } }));
export const fetchUrl = (url: string) => unwrap(client.POST("/api/videos", { body: { url } }));
