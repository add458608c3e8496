import { infiniteQueryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { ClipRequest } from "../api/model";

export const clipsQuery = (videoId: string) =>
  infiniteQueryOptions({
    queryKey: ["clips", videoId],
    queryFn: ({ pageParam, signal }) =>
      unwrap(client.GET("/api/clips", { params: { query: { video_id: videoId, limit: 100, after: pageParam ?? undefined } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

export const createClip = (clip: ClipRequest) => unwrap(client.POST("/api/clips", { body: clip }));
export const deleteClip = (id: string) => unwrap(client.DELETE("/api/clips/{clip_id}", { params: { path: { clip_id: id } } }));
