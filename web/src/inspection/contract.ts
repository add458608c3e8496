/** What the server says about scans, results, schedules and duplicates. Instants are microseconds since the epoch. */
import type { ErrorDocument, Verdict } from "../api/model";
import type { Mode } from "./modes";

export type Status = Exclude<Verdict, "pending">;
export type Statuses = Partial<Record<Status, number>>;
export type ScanState = "queued" | "running" | "stopped" | "done" | "abandoned";

export interface Scan {
  id: string;
  roots: string[];
  library: boolean;
  mode: Mode;
  state: ScanState;
  origin: string;
  schedule_id: string | null;
  job_id: string | null;
  files: number;
  files_total: number | null;
  bytes: number;
  kept: number;
  statuses: Statuses;
  seconds: number;
  files_per_second: number;
  mb_per_second: number;
  eta_seconds: number | null;
  current: string | null;
  started_at: number;
  updated_at: number;
  error: string | null;
}

export interface FileResult {
  id: string;
  path: string;
  name: string;
  status: string;
  mode: string;
  confidence: number;
  severity: string | null;
  duration_seconds: number | null;
  size_bytes: number;
  seconds_spent: number;
  kept: boolean;
  finding_count: number;
  message: string | null;
  video_id: string | null;
  checked_at: number;
}

export interface FoundFinding {
  index: number;
  code: string;
  severity: string;
  confidence: number;
  stream: number | null;
  start_seconds: number | null;
  end_seconds: number | null;
  byte_offset: number | null;
  count: number;
  message: string;
  picture_url: string | null;
}

export interface PastVerdict {
  at: number;
  status: string;
  mode: string;
  scan_id: string | null;
}

export interface ResultDetail extends FileResult {
  findings: FoundFinding[];
  history: PastVerdict[];
}

export interface VideoInspection {
  id: string;
  at: number;
  status: string;
  mode: string;
  confidence: number;
  seconds_spent: number;
  findings: FoundFinding[];
}

export interface TrendPoint {
  scan_id: string;
  started_at: number;
  statuses: Statuses;
}

export interface Statistics {
  files: number;
  results: number;
  statuses: Statuses;
  trend: TrendPoint[];
}

export interface ScheduleRequest {
  name: string;
  roots: string[];
  library: boolean;
  mode: Mode;
  cron: string;
  rescan: boolean;
  enabled: boolean;
}

export interface Schedule extends ScheduleRequest {
  id: string;
  next_run_at: number | null;
  last_scan_id: string | null;
  last_run_at: number | null;
  time_zone: string;
  error: ErrorDocument | null;
}

export interface DuplicateGroup {
  content_hash: string;
  size_bytes: number;
  wasted_bytes: number;
  files: { path: string; video_id: string | null }[];
}

export interface ScanRequest {
  roots?: string[];
  library?: boolean;
  mode: Mode;
  recursive?: boolean;
  extensions?: string[];
  rescan?: boolean;
  max_seconds_per_file?: number | null;
}

export interface Listed<Item> {
  items: Item[];
  next: string | null;
}
