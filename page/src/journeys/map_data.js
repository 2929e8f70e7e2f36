// What the map of the server holds: bytes to points, regions, colours; and the texts of points, each fetched once.
import * as api from "../api.js";
import { S } from "../strings.js";

const FINE = 65535;
const BATCH = 200; // points of a request for texts
const [OTHER, NONE] = [254, 255]; // codes of a column
// Told apart on white and on black, also by most people who see few colours.
const PALETTE = [0x4a78d6, 0xe29a1a, 0xe0604c, 0x46ada0, 0x8a5fd0, 0x5d9c3c, 0xd872a8, 0x9c7350, 0x2f9fd0, 0xb0a02c].map(rgb);
const GREYS = { [OTHER]: rgb(0x8d97a3), [NONE]: rgb(0xb4bbc3) };
const SCALE = [0x4357ad, 0x2f8fb0, 0x35a98a, 0xb0b23a, 0xe8903d].map(rgb);

function rgb(number) {
  return [number >> 16, (number >> 8) & 255, number & 255];
}

export const cssColour = (colour) => `rgb(${colour[0]} ${colour[1]} ${colour[2]})`;

/** A header and the arrays that it lists, viewed where they lie. */
export function unpacked(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const kinds = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array };
  const arrays = {};
  let at = 4 + size;
  for (const [name, kind, length] of header.arrays) {
    arrays[name] = new kinds[kind](buffer, at, length);
    at += Math.ceil(arrays[name].byteLength / 4) * 4;
  }
  return { header, arrays };
}

const fetched = async (path, signal) => unpacked(await (await api.fetched(path, { signal })).arrayBuffer());

function summed(differences) {
  const rows = new Float64Array(differences.length);
  let row = 0;
  for (let n = 0; n < rows.length; n++) rows[n] = row += differences[n];
  return rows;
}

function found(rows, row) {
  let [low, high] = [0, rows.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rows[middle] === row) return middle;
    if (rows[middle] < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export async function loadMap(signal) {
  const { header, arrays } = await fetched("/map", signal);
  const { x: left, y: bottom, regions } = arrays;
  const count = header.texts;
  const [x, y] = [new Float32Array(count), new Float32Array(count)];
  for (let n = 0; n < count; n++) {
    x[n] = left[n] / FINE;
    y[n] = bottom[n] / FINE;
  }
  const rows = summed(arrays.rows);
  const levels = header.levels.map((level) => ({ ...level, regions: level.regions.map((region) => ({ ...region, x: region.x / FINE, y: region.y / FINE })) }));
  const map = { count, added: header.added, levels, x, y, rows, regions, texts: new Map() };
  map.pointOf = (row) => found(rows, row);
  // A region has the colour of the one of the first level that it is part of.
  map.regionColour = (level, number) => PALETTE[levels[0].of_finest[levels[level].of_finest.indexOf(number)] % PALETTE.length];
  map.colourOf = (n) => PALETTE[levels[0].of_finest[regions[n]] % PALETTE.length];
  return map;
}

export function regionPoints(map, level, number) {
  const { of_finest: coarse } = map.levels[level];
  const points = [];
  for (let n = 0; n < map.count; n++) if (coarse[map.regions[n]] === number) points.push(n);
  return points;
}

const shade = (share) => {
  const at = Math.max(0, Math.min(1, share)) * (SCALE.length - 1);
  const [low, part] = [Math.min(SCALE.length - 2, Math.floor(at)), at - Math.min(SCALE.length - 2, Math.floor(at))];
  return [0, 1, 2].map((channel) => Math.round(SCALE[low][channel] * (1 - part) + SCALE[low + 1][channel] * part));
};

/** What a column says of each point of the map; points that came later are not on it. */
export async function loadColours(map, column, signal) {
  const { header, arrays } = await fetched(api.withQuery("/map/colours", { column }), signal);
  const rows = summed(arrays.rows);
  const same = rows.length === map.count && rows.every((row, n) => row === map.rows[n]);
  const at = (n) => (same ? n : found(rows, map.rows[n]));
  if (header.kind !== "categories") return { ...header, shade, valueOf: (n) => arrays.values[at(n)] };
  const entries = header.values.map(({ value, texts }, code) => ({ code, label: S.map.value(value), texts, colour: PALETTE[code] }));
  if (header.values.every(({ value }) => typeof value === "number")) entries.sort((a, b) => header.values[a.code].value - header.values[b.code].value);
  if (header.other) entries.push({ code: OTHER, label: S.map.other, texts: header.other, colour: GREYS[OTHER] });
  if (header.none) entries.push({ code: NONE, label: S.map.none, texts: header.none, colour: GREYS[NONE] });
  return { ...header, entries, codeOf: (n) => arrays.codes[at(n)] ?? NONE };
}

/** Four bytes a point: red, green, blue, and 0 for a point that is hidden. */
export function coloursOf(map, colours, hidden) {
  const bytes = new Uint8Array(4 * map.count);
  const [low, high] = colours ? [colours.low, colours.high] : [0, 1];
  const steps = colours?.kind && colours.kind !== "categories" ? Array.from({ length: 256 }, (_, n) => shade(n / 255)) : [];
  const ofRegion = map.levels[0].of_finest.map((number) => PALETTE[number % PALETTE.length]);
  for (let n = 0; n < map.count; n++) {
    let colour;
    let alpha = 255;
    if (!colours) colour = ofRegion[map.regions[n]];
    else if (steps.length) {
      const value = colours.valueOf(n);
      colour = Number.isFinite(value) ? steps[Math.round(255 * Math.max(0, Math.min(1, (value - low) / (high - low || 1))))] : GREYS[NONE];
    } else {
      const code = colours.codeOf(n);
      colour = GREYS[code] ?? PALETTE[code];
      if (hidden.has(code)) alpha = 0;
    }
    bytes[4 * n] = colour[0];
    bytes[4 * n + 1] = colour[1];
    bytes[4 * n + 2] = colour[2];
    bytes[4 * n + 3] = alpha;
  }
  return bytes;
}

/** The texts of points, by point. */
export async function textsOf(map, points, signal, characters = 240) {
  const key = (n) => `${n} ${characters}`;
  const missing = points.filter((n) => !map.texts.has(key(n)));
  for (let first = 0; first < missing.length; first += BATCH) {
    const part = missing.slice(first, first + BATCH);
    const { texts } = await api.post("/map/texts", { rows: part.map((n) => map.rows[n]), characters }, { signal });
    for (const text of texts) map.texts.set(key(map.pointOf(text.row)), text);
  }
  return new Map(points.map((n) => [n, map.texts.get(key(n))]));
}
