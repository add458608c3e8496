import type { TrendPoint } from "../api/model";
import { ago } from "../time/when";
import { columnsOf, inWords, totalOf } from "./statuses";
import styles from "./TrendPlot.module.css";

const height = 44;
const most = 24;

/** How many files each scan found damaged, oldest first. */
export function TrendPlot({ trend, selected, onSelect }: { trend: readonly TrendPoint[]; selected: string | undefined; onSelect: (scan: string) => void }) {
  const points = [...trend].sort((one, other) => one.started_at - other.started_at).slice(-most);
  if (points.length < 2) return null;
  const columns = columnsOf(points);
  const step = 100 / Math.max(points.length, 12);
  const newest = points[points.length - 1] as TrendPoint;
  return (
    <figure className={styles.trend} data-testid="trend">
      <svg width="100%" height={height} role="img" aria-label={`Damaged files in the newest ${points.length} scans. The newest: ${inWords(newest.statuses)}.`}>
        <line x1="0" x2="100%" y1={height - 0.5} y2={height - 0.5} className={styles.ground} />
        {points.map((point, index) => (
          <g key={point.scan_id} onClick={() => onSelect(point.scan_id)} className={styles.column}>
            <title>{`${ago(point.started_at)}: ${inWords(point.statuses)} of ${totalOf(point.statuses).toLocaleString("en")} files`}</title>
            <rect x={`${index * step}%`} width={`${step}%`} height={height} className={point.scan_id === selected ? styles.selected : styles.room} />
            {columns[index]?.parts.map(({ tone, from, tall }) => (
              <rect
                key={tone}
                x={`${(index + 0.15) * step}%`}
                width={`${step * 0.7}%`}
                y={(height - 3) * (1 - from - tall) + 2}
                height={Math.max(1.5, (height - 3) * tall)}
                className={styles[tone]}
              />
            ))}
          </g>
        ))}
      </svg>
      <figcaption>Damaged files by scan, newest right</figcaption>
    </figure>
  );
}
