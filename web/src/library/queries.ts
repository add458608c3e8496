import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { LibrarySearch } from "./search";

/** The server takes several verdicts and proxy states at once; the page offers one of each. */
function asked({ verdict, proxy, tag, ...rest }: LibrarySearch) {
  return { ...rest, verdict: verdict && [verdict], proxy: proxy && [proxy], tag: tag ? [tag] : undefined };
}

export const videosQuery = (search: LibrarySearch) =>
  infiniteQueryOptions({
    queryKey: ["videos", search],
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/videos", { params: { query: { ...asked(search), limit: 100, after: pageParam ?? undefined } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // The old grid stays while a filter's answer is on its way: no flash between two letters of a search.
    placeholderData: (previous) => previous,
  });

export const tagsQuery = queryOptions({
  queryKey: ["tags"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/tags", { signal })),
});

const one = (id: string) => ({ path: { video_id: id } });

export const videoQuery = (id: string) =>
  queryOptions({
    queryKey: ["video", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/videos/{video_id}", { params: one(id), signal })),
  });

export const addPaths = (paths: string[], copy: boolean) => unwrap(client.POST("/api/videos", { body: { paths, copy } }));
export const openVideo = (id: string) => unwrap(client.POST("/api/videos/{video_id}/open", { params: one(id) }));
export const changeVideo = (id: string, part: { name?: string; visibility?: "private" | "shared"; tags?: string[] }) =>
  unwrap(client.PATCH("/api/videos/{video_id}", { params: one(id), body: part }));
export const countFrames = (id: string) =>
  unwrap(client.GET("/api/videos/{video_id}/probe", { params: { ...one(id), query: { count: true } } }));
export const deleteVideo = (id: string) => unwrap(client.DELETE("/api/videos/{video_id}", { params: one(id) }));
