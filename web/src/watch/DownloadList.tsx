import type { Download, VideoDetail } from "../api/model";
import { formatBytes } from "../time/when";
import styles from "./Downloads.module.css";

const formats = [
  ["copy", "As it is"],
  ["m4a", "AAC"],
  ["wav", "WAV"],
  ["flac", "FLAC"],
] as const;

export function DownloadList({ video }: { video: VideoDetail }) {
  const { downloads } = video;
  const rungs = downloads.filter((one) => one.kind === "rung");
  const sounds = downloads.filter((one) => one.kind === "sound");
  return (
    <section aria-label="Download" data-testid="download-list">
      <h2>Original</h2>
      <a className={styles.item} href={video.original_url} download>
        <span>{video.name}</span>
        <span>{formatBytes(video.size_bytes)}</span>
      </a>
      {rungs.length > 0 && <h2>Proxy as MP4</h2>}
      {rungs.map((rung) => (
        <a key={rung.url} className={styles.item} href={rung.url} download>
          <span>{rung.height}p</span>
          <span>H.264, AAC</span>
        </a>
      ))}
      {sounds.length > 0 && <h2>Sound</h2>}
      {sounds.map((sound) => (
        <Sound key={sound.url} sound={sound} />
      ))}
    </section>
  );
}

function Sound({ sound }: { sound: Download }) {
  const name = `Track ${(sound.track ?? 0) + 1}`;
  return (
    <div className={styles.sound}>
      <span title={sound.about ?? undefined}>{sound.about ?? name}</span>
      {formats.map(([format, label]) => (
        <a key={format} href={`${sound.url}&format=${format}`} download aria-label={`${name}: ${label}`}>
          {label}
        </a>
      ))}
    </div>
  );
}
