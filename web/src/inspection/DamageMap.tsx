import { type PointerEvent, useId, useRef } from "react";
import { useWidth } from "../controls/useWidth";
import { formatDuration } from "../time/timecode";
import { formatBytes } from "../time/when";
import { ticks } from "../watch/strip";
import { byteMarksOf, damagedSeconds, extent, type Mark, markAt, marksOf, momentOf, type Placed, type Stretch, stretchesOf } from "./damage";
import styles from "./DamageMap.module.css";
import { Swatch, SwatchFills } from "./DamagePatterns";
import { severities, severityLook } from "./severity";

interface DamageMapProps<Found extends Placed> {
  findings: readonly Found[];
  /** Length of the film, null when nobody knows. */
  seconds: number | null;
  /** Size of the file. */
  bytes: number;
  selected: Found | null;
  onSelect: (finding: Found) => void;
}

/** Where a file is damaged: in the film, and in the file for what has no time. */
export function DamageMap<Found extends Placed>({ findings, seconds, bytes, selected, onSelect }: DamageMapProps<Found>) {
  const id = useId();
  const marks = marksOf(findings, seconds);
  const inFile = byteMarksOf(findings, bytes);
  if (marks.length === 0 && inFile.length === 0 && !seconds) return null;
  const kinds = severities.filter((look) => findings.some((finding) => severityLook(finding.severity).word === look.word));
  return (
    <figure className={styles.map} data-testid="damage-map">
      <SwatchFills id={id} />
      {seconds ? <Lane id={id} marks={marks} label={spoken(findings, seconds)} height={36} selected={selected} onSelect={onSelect} scale={seconds} /> : null}
      {inFile.length > 0 && (
        <>
          <p className={styles.caption}>
            In the file, at no known moment <span>{formatBytes(bytes)}</span>
          </p>
          <Lane id={id} marks={inFile} label={`${inFile.length} places in the file that have no known moment`} height={16} selected={selected} onSelect={onSelect} />
        </>
      )}
      {kinds.length > 0 && (
        <figcaption className={styles.legend}>
          {kinds.map((look) => (
            <span key={look.word} title={look.meaning}>
              <Swatch look={look} id={id} />
              {look.word}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

function spoken(findings: readonly Placed[], seconds: number): string {
  const moments = findings.map(momentOf).filter(Boolean);
  if (moments.length === 0) return `The film, ${formatDuration(seconds)} long; no finding has a known moment`;
  const rest = moments.length > 6 ? ` and ${moments.length - 6} more` : "";
  return `The film, ${formatDuration(seconds)} long, ${damagedSeconds(findings).toFixed(1)} s of it damaged: at ${moments.slice(0, 6).join(", ")}${rest}`;
}

interface LaneProps<Found extends Placed> {
  /** Of the fills. */
  id: string;
  marks: readonly Mark<Found>[];
  label: string;
  height: number;
  selected: Found | null;
  onSelect: (finding: Found) => void;
  /** Seconds that the ruler under it counts. */
  scale?: number;
}

function Lane<Found extends Placed>({ id, marks, label, height, selected, onSelect, scale }: LaneProps<Found>) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const least = width > 0 ? 4 / width : 0.01;
  const chosen = marks.find((mark) => mark.finding === selected);
  const pick = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const mark = markAt(marks, (event.clientX - box.left) / box.width, 6 / box.width);
    if (mark) onSelect(mark.finding);
  };
  return (
    <div ref={place} className={styles.lane}>
      <svg width="100%" height={height} role="img" aria-label={label} onPointerDown={pick} className={marks.length > 0 ? styles.live : undefined}>
        <rect className={styles.ground} width="100%" height={height} rx="2" />
        {stretchesOf(marks, least).map((stretch, index) => (
          <Drawn key={index} stretch={stretch} height={height} least={least} id={id} />
        ))}
        {chosen && <Chosen mark={chosen} height={height} least={least} />}
      </svg>
      {scale !== undefined && (
        <div className={styles.ruler} aria-hidden>
          {ticks(scale, width, 72)
            // A label that would be cut off at the end says nothing.
            .filter((at) => width * (1 - at / scale) > 36)
            .map((at) => (
            <span key={at} style={{ left: `${(at / scale) * 100}%` }}>
              {at % 1 === 0 ? formatDuration(at) : at.toFixed(1)}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

interface DrawnProps {
  height: number;
  /** Share of the width under which nothing is drawn. */
  least: number;
}

function Drawn({ stretch, height, least, id }: DrawnProps & { stretch: Stretch; id: string }) {
  const look = severityLook(stretch.severity);
  const { from, width } = extent(stretch, least);
  const tall = Math.max(5, Math.round(height * look.tall));
  return (
    <rect
      x={`${from * 100}%`}
      width={`${width * 100}%`}
      y={height - tall}
      height={tall}
      fill={`url(#${id}-${look.pattern})`}
      stroke={`var(--${look.tone})`}
      data-severity={stretch.severity}
    />
  );
}

function Chosen({ mark, height, least }: DrawnProps & { mark: Mark }) {
  const { from, width } = extent(mark, least);
  return <rect x={`${from * 100}%`} width={`${width * 100}%`} y={-2} height={height + 4} className={styles.chosen} />;
}
