// The names of regions over the map: of the level that suits the zoom, the largest first, none over another.
import { html } from "../parts.js";

const MOST = 24; // names at once
const [HEIGHT, ROOM] = [20, 6]; // pixels of a name, and between two
let measure = null;

function widthOf(text) {
  measure ??= Object.assign(document.createElement("canvas").getContext("2d"), { font: "600 13px system-ui, sans-serif" });
  return measure.measureText(text).width + 14;
}

const nameOf = (words, short) => words.slice(0, short ? 2 : 3).join(", ");

/** The finest level of which no more regions are in view than names fit, and which regions of it are. */
export function levelOf(map, plot) {
  const seen = (number) => new Set(map.levels[number].regions.flatMap(({ x, y }, each) => {
    if (!plot) return [each];
    const [left, top] = plot.toScreen(x, y);
    return left >= 0 && top >= 0 && left <= plot.width && top <= plot.height ? [each] : [];
  }));
  let level = 0;
  let inView = seen(0);
  for (let finer = 1; finer < map.levels.length; finer++) {
    const next = seen(finer);
    if (plot && plot.zoom > 1.4 && next.size > 0 && next.size <= MOST) [level, inView] = [finer, next];
  }
  return { level, inView };
}

export function Labels({ map, plot, level, onRegion, faded }) {
  const placed = [];
  const short = plot.width < 600;
  const order = map.levels[level].regions.map((region, number) => ({ ...region, number })).sort((a, b) => b.texts - a.texts);
  for (const { words, x, y, texts, number } of order) {
    if (placed.length === MOST || !texts || !words.length) continue;
    const text = nameOf(words, short);
    const [left, top] = plot.toScreen(x, y);
    const half = widthOf(text) / 2;
    if (left < half || left > plot.width - half || top < HEIGHT || top > plot.height - HEIGHT) continue;
    const free = placed.every((other) => Math.abs(other.left - left) > half + other.half + ROOM || Math.abs(other.top - top) > HEIGHT + ROOM);
    if (free) placed.push({ number, text, left, top, half });
  }
  return html`<div class=${faded ? "labels faded" : "labels"} aria-hidden="true">
    ${placed.map(({ number, text, left, top }) => html`<span key=${`${level}.${number}`} dir="auto" style=${{ transform: `translate(-50%, -50%) translate(${Math.round(left)}px, ${Math.round(top)}px)` }}
      onPointerDown=${(event) => event.stopPropagation()} onClick=${() => onRegion(level, number)}>${text}</span>`)}
  </div>`;
}
