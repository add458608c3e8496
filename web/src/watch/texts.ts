export interface TextRendition {
  readonly name: string;
  readonly lang?: string;
  readonly url: string;
}

/**
 * Subtitles of a master playlist as the browser's own tracks, each from the one file that stands beside its playlist:
 * hls.js would need 15 kB more to read them piece by piece. Returns what takes them away again.
 */
export function addTexts(video: HTMLVideoElement, renditions: readonly TextRendition[]): () => void {
  const elements = renditions.map(({ name, lang, url }) => {
    const element = document.createElement("track");
    element.kind = "subtitles";
    element.label = name;
    element.srclang = lang ?? "";
    element.src = url.replace(/\.m3u8$/, ".vtt");
    return element;
  });
  video.append(...elements);
  return () => {
    for (const element of elements) element.remove();
  };
}

/** The tracks that a person can choose from. */
export function textsOf(video: HTMLVideoElement): TextTrack[] {
  return [...video.textTracks].filter((track) => track.kind === "subtitles" || track.kind === "captions");
}

/** Shows the next track; after the last one, none. */
export function showNextText(video: HTMLVideoElement): void {
  const tracks = textsOf(video);
  const next = tracks[tracks.findIndex((track) => track.mode === "showing") + 1];
  for (const track of tracks) track.mode = track === next ? "showing" : "disabled";
  for (const element of video.querySelectorAll("track")) {
    // The file is written when the ladder is whole: asked for earlier, it was missing.
    if (element.track === next && element.readyState === HTMLTrackElement.ERROR) element.src = `${element.src}`;
  }
}
