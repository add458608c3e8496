"""The HTML report: one file that needs nothing from outside, with a damage map for each film."""

from __future__ import annotations

from html import escape
from typing import IO

from cutroom.inspection.damage_map import Mark, clock, marks, one_line
from cutroom.inspection.models import FileReport, Finding, Status, Summary

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Inspection report</title>
<style>
:root{color-scheme:light dark;--bg:#fff;--ink:#1c1f24;--soft:#5f6773;--line:#dfe3e8;--track:#e9ecf0;--good:#1a7f4b;
--note:#0b6e99;--suspect:#9a6700;--corrupt:#c0262d;--other:#7a3fb0}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--ink:#e6e9ee;--soft:#9aa4b2;--line:#2b3138;--track:#2a3037;
--good:#4cc38a;--note:#5bb8e0;--suspect:#e0b04a;--corrupt:#ff7b7f;--other:#c79bf2}}
*{box-sizing:border-box}body{margin:0 auto;padding:2rem 1.25rem;max-width:72rem;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}h1{font-size:1.5rem;margin:0 0 .25rem}.soft{color:var(--soft)}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:1.25rem 0;padding:.75rem 0;
border-block:1px solid var(--line)}label{display:flex;gap:.35rem;align-items:center;white-space:nowrap}
input[type=search]{flex:1 1 14rem;font:inherit;padding:.35rem .6rem;border:1px solid var(--line);border-radius:.4rem;
background:var(--bg);color:inherit}article{padding:.75rem 0;border-bottom:1px solid var(--line);break-inside:avoid}
article[hidden]{display:none}.top{display:flex;gap:.75rem;align-items:baseline}.top b{font-weight:600;
overflow-wrap:anywhere;flex:1}.status{flex:0 0 6.2rem;font-weight:600}
.healthy{color:var(--good)}.note{color:var(--note)}
.suspect{color:var(--suspect)}.corrupt,.crashed{color:var(--corrupt)}.not-video,.unreadable,.timed-out{
color:var(--other)}
svg{display:block;width:100%;height:16px;margin:.4rem 0 .1rem}svg .track{fill:var(--track)}svg .note{fill:var(--note)}
svg .minor{fill:var(--suspect)}svg .major,svg .critical{fill:var(--corrupt)}
ul{margin:.35rem 0 0;padding-left:1.1rem}li{overflow-wrap:anywhere}code{font-size:.85em;color:var(--soft)}
@media print{form{display:none}body{max-width:none;padding:0;font-size:10pt}svg rect{print-color-adjust:exact}}
</style></head><body><h1>Inspection report</h1>
<p class="soft" id="totals"></p><form id="filter" onsubmit="return false"></form><main>
"""

_TAIL = """</main><p class="soft" id="shown" role="status"></p>
<script>
const rows=[...document.querySelectorAll('article')],form=document.getElementById('filter'),count={};
for(const row of rows)count[row.dataset.status]=(count[row.dataset.status]||0)+1;
document.getElementById('totals').textContent=document.getElementById('summary').textContent;
document.getElementById('summary').remove();
for(const name of Object.keys(count).sort()){const label=document.createElement("label"),
box=document.createElement('input');
box.type='checkbox';box.checked=true;box.value=name;label.append(box,`${name} (${count[name]})`);form.append(label)}
const text=document.createElement('input');text.type='search';text.placeholder='Name or finding';
text.setAttribute('aria-label','Name or finding');form.append(text);
function filter(){const on=new Set([...form.querySelectorAll(':checked')].map(box=>box.value)),
words=text.value.toLowerCase();let shown=0;for(const row of rows){
row.hidden=!on.has(row.dataset.status)||!row.textContent.toLowerCase().includes(words);shown+=!row.hidden}
document.getElementById('shown').textContent=`${shown} of ${rows.length} files shown.`}
form.addEventListener('input',filter);filter();
</script></body></html>
"""


class Html:
    """Rows are written as they come, so that a report of any length needs no memory."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        out.write(_HEAD)

    def add(self, row: FileReport) -> None:
        """Write one file."""
        length = "" if row.duration_seconds is None else clock(row.duration_seconds)
        kept = " · unchanged since an earlier run" if row.kept else ""
        self._out.write(
            f'<article data-status="{row.status.value}"><div class="top">'
            f'<span class="status {row.status.value}">{row.status.value}</span><b>{escape(one_line(row.path))}</b>'
            f'<span class="soft">{length}</span></div>{_map(row)}{_findings(row)}'
            f'<div class="soft">{row.size_bytes / 1e6:.1f} MB · {row.mode.value} · '
            f"confidence {row.confidence:.0%}{kept}</div></article>\n"
        )

    def close(self, summary: Summary) -> None:
        """Write the totals and what filters the rows."""
        counts = ", ".join(f"{count} {name}" for name, count in summary.statuses.items()) or "no video files found"
        text = f"{summary.files} files, {summary.bytes / 1e6:.1f} MB in {summary.seconds:.1f} s: {counts}."
        self._out.write(f'<p class="soft" id="summary">{escape(text)}</p>{_TAIL}')


def _map(row: FileReport) -> str:
    found = marks(row)
    if not found and row.status not in (Status.HEALTHY, Status.NOTE):
        return ""
    label = f"Damage map: {len(found)} places" if found else "Damage map: nothing found"
    drawn = "".join(_rectangle(mark) for mark in found)
    return (
        f'<svg viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<rect class="track" y="3" width="1000" height="10"/>{drawn}</svg>'
    )


def _rectangle(mark: Mark) -> str:
    # At least a visible sliver, and never beyond the end.
    width = max(3.0, (mark.end - mark.start) * 1000)
    left = min(mark.start * 1000, 1000 - width)
    return (
        f'<rect class="{mark.finding.severity.value}" x="{left:.1f}" width="{width:.1f}" height="16">'
        f"<title>{escape(one_line(_sentence(mark.finding)))}</title></rect>"
    )


def _findings(row: FileReport) -> str:
    if not row.findings:
        return ""
    items = "".join(
        f"<li>{escape(one_line(_sentence(one)))} <code>{escape(one.code)}</code></li>" for one in row.findings
    )
    return f"<ul>{items}</ul>"


def _sentence(finding: Finding) -> str:
    text = finding.message
    if finding.start_seconds is not None:
        text += f" At {clock(finding.start_seconds)}"
        if finding.end_seconds is not None and finding.end_seconds > finding.start_seconds:
            text += f"–{clock(finding.end_seconds)}"
        text += "."
    elif finding.byte_offset is not None:
        text += f" At byte {finding.byte_offset:,}."
    return text
