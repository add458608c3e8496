import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { VideoDetail } from "../api/model";
import { FrameClock } from "../time/clock";
import { parseRate } from "../time/rate";
import { Player, type PlayerState } from "./player";
import { fetchTimes } from "./pts";
import { attachStream, type Stream } from "./stream";

/** The frames of a video as far as they are known: exactly once the proxy is finished, from the probe before. */
export function useClock(video: VideoDetail): FrameClock | null {
  const { timing } = video;
  const url = timing?.pts_url ?? null;
  const times = useQuery({
    queryKey: ["pts", url],
    queryFn: ({ signal }) => fetchTimes(url as string, signal),
    enabled: url !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const rateText = timing?.rate ?? video.frame_rate ?? video.probe?.video?.frame_rate ?? null;
  const frames = timing?.frames ?? video.probe?.video?.frames ?? null;
  const seconds = video.duration?.seconds ?? 0;
  return useMemo(() => {
    if (!rateText || (url && !times.data)) return null;
    const rate = parseRate(rateText);
    return new FrameClock(rate, frames ?? Math.round((seconds * rate.num) / rate.den), times.data ?? null);
  }, [rateText, frames, seconds, url, times.data]);
}

export interface Playback {
  player: Player | null;
  stream: RefObject<Stream | null>;
  problem: string | null;
}

/** One player for the mounted <video>, fed from the playlist `named` as soon as there is one. */
export function usePlayback(element: HTMLVideoElement | null, clock: FrameClock | null, named: string | null): Playback {
  const playlist = useLastingPlaylist(named);
  const [player, setPlayer] = useState<Player | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const stream = useRef<Stream | null>(null);
  const known = clock !== null;
  const latest = useRef(clock);
  latest.current = clock;

  useEffect(() => {
    if (!element || !playlist || !known || !latest.current) return;
    const made = new Player(element, latest.current);
    let gone = false;
    setPlayer(made);
    setProblem(null);
    attachStream(element, playlist, setProblem).then(
      (attached) => {
        if (gone) attached.destroy();
        else stream.current = attached;
      },
      () => setProblem("The player could not be loaded. Reload the page."),
    );
    return () => {
      gone = true;
      made.destroy();
      stream.current?.destroy();
      stream.current = null;
      setPlayer(null);
    };
  }, [element, playlist, known]);

  useEffect(() => {
    if (player && clock && player.clock !== clock) player.setClock(clock);
  }, [player, clock]);
  return { player, stream, problem };
}

/** A playlist that lists the whole video serves as long as its ladder: a change to the final one would start anew. */
function useLastingPlaylist(named: string | null): string | null {
  const [held, hold] = useState(named);
  if (held === named) return held;
  const [ladder, rest] = held?.split("/hls/") ?? [];
  if (rest?.startsWith("whole/") && named?.startsWith(`${ladder}/hls/`)) return held;
  hold(named);
  return named;
}

const nothing = { subscribe: () => () => undefined, read: (): PlayerState | null => null };

/** What the player says now; null before there is one. */
export function usePlayerState(player: Player | null): PlayerState | null {
  return useSyncExternalStore(player?.subscribe ?? nothing.subscribe, player?.read ?? nothing.read);
}

/** One value of the player's state: re-renders only when that value changes. */
export function usePlayerValue<Value>(player: Player | null, pick: (state: PlayerState) => Value, otherwise: Value): Value {
  return useSyncExternalStore(player?.subscribe ?? nothing.subscribe, () => (player ? pick(player.read()) : otherwise));
}
