// The map: every text a point, regions named by their words, colours, lasso to a list, hits lit up, a table of the same.
import * as api from "../api.js";
import { Button, Empty, ErrorNote, Field, Live, Loading, formatted, html, useEffect, useLayoutEffect, useLoaded, useMemo, useRef, useState } from "../parts.js";
import { Grid, Plot } from "../plot.js";
import { S } from "../strings.js";
import { coloursOf, cssColour, loadColours, loadMap, regionPoints, textsOf } from "./map_data.js";
import { Labels, levelOf } from "./map_labels.js";

const T = S.map;
const PAGE = 50; // texts of a list that are shown at once
const HITS = 200; // of a search that are lit up
const NEAREST = 30; // texts near a point
const CORNERS = 60; // of a lasso that the address keeps
const REST = 200; // milliseconds without a move, before the table and the address follow the view

const numbers = (text, count) => {
  const found = (text ?? "").split(",").map(Number);
  return found.length === count && found.every(Number.isFinite) ? found : null;
};
const polygonOf = (text) => {
  const corners = (text ?? "").split(";").map((corner) => numbers(corner, 2));
  return corners.length > 2 && corners.every(Boolean) ? corners : null;
};
const thinned = (polygon) => {
  const step = Math.max(1, Math.ceil(polygon.length / CORNERS));
  return polygon.filter((_, n) => n % step === 0).map((corner) => corner.map((each) => each.toFixed(4)).join(",")).join(";");
};

/** What the address selects: points in order, and what they are in words; null for nothing. */
function useSelection({ map, grid, params, shown }) {
  const { q = "", region = "", lasso = "", near = "" } = params;
  const { data, error, loading, reload } = useLoaded(
    map && (q || near)
      ? async (signal) => {
          const request = { mode: near ? "vector" : "hybrid", k: near ? NEAREST : HITS, columns: [], snippets: false };
          const answer = near ? await api.post("/similar", { id: near, ...request }, { signal }) : await api.post("/search", { query: q, ...request }, { signal });
          const ids = answer.results[0].hits.map(({ id }) => id);
          const { rows } = await api.post("/map/points", { ids: near ? [near, ...ids] : ids }, { signal });
          return { q, near, points: rows.map((row) => (row === null ? -1 : map.pointOf(row))).filter((n) => n >= 0) };
        }
      : null,
    [map, q, near],
  );
  const local = useMemo(() => {
    if (!map) return null;
    const [level, number] = numbers(region.replace(".", ","), 2) ?? [];
    if (map.levels[level]?.regions[number]) return { points: regionPoints(map, level, number), title: T.region(map.levels[level].regions[number].words) };
    const polygon = polygonOf(lasso);
    return polygon && { points: grid.within(polygon, shown), title: T.lassoed };
  }, [map, region, lasso, shown]);
  if (q || near) {
    const ready = data && data.q === q && data.near === near;
    return { selection: { points: ready ? data.points : null, title: near ? T.near(near) : T.hits(q) }, error, loading, reload };
  }
  return { selection: local, error: null, loading: false, reload };
}

function Legend({ colours, hidden, onHidden }) {
  if (!colours) return null;
  if (colours.kind !== "categories") {
    return html`<div class="legend scale">
      <span>${T.value(colours.ends[0])}</span>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        ${Array.from({ length: 25 }, (_, n) => html`<rect key=${n} x=${4 * n} width="4.2" height="8" fill=${cssColour(colours.shade(n / 24))} />`)}
      </svg>
      <span>${T.value(colours.ends[1])}</span>
      <span class="soft">${T.scaleHint}</span>
    </div>`;
  }
  return html`<fieldset class="legend"><legend class="unseen">${T.legend(colours.column)}</legend>
    ${colours.entries.map(({ code, label, texts, colour }) => html`<label key=${code}>
      <input type="checkbox" checked=${!hidden.has(code)} onChange=${() => onHidden(code)} />
      <svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill=${cssColour(colour)} /></svg>
      <span class="of" dir="auto">${label}</span><span class="count">${formatted(texts)}</span>
    </label>`)}
  </fieldset>`;
}

function Regions({ map, level, inView, plain, onRegion }) {
  const regions = map.levels[level].regions.map((region, number) => ({ ...region, number }));
  const rows = regions.filter(({ number, texts }) => texts && inView.has(number)).sort((a, b) => b.texts - a.texts).slice(0, 60);
  return html`<section aria-label=${T.regions}>
    <h2>${T.regions}</h2>
    <p class="soft small">${T.regionsHint}</p>
    <table class="regions">
      <caption class="unseen">${T.regionsCaption(rows.length)}</caption>
      <thead><tr><th scope="col">${T.words}</th><th scope="col" class="number">${T.texts}</th></tr></thead>
      <tbody>${rows.map(({ number, words, texts }) => html`<tr key=${number}>
        <td><button type="button" class="name" dir="auto" onClick=${() => onRegion(level, number)}>
          ${!plain && html`<svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill=${cssColour(map.regionColour(level, number))} /></svg>`}
          ${words.join(", ") || T.unnamed}</button></td>
        <td class="number">${formatted(texts)}</td></tr>`)}</tbody>
    </table>
  </section>`;
}

function TextItem({ map, text, n, current, onPick, onRing }) {
  return html`<li class=${current ? "current" : ""}>
    <button type="button" class="text" aria-current=${current ? "true" : null} onClick=${() => onPick(n)} onFocus=${() => onRing(n)} onBlur=${() => onRing(-1)}
      onMouseEnter=${() => onRing(n)} onMouseLeave=${() => onRing(-1)}>
      <svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill=${cssColour(map.colourOf(n))} /></svg>
      <span dir="auto">${text ? `${text.text.replace(/\s+/g, " ").trim()}${text.cut ? " …" : ""}` : T.gone}</span>
    </button>
  </li>`;
}

function List({ map, selection, point, loading, error, reload, onClose, onPick, onRing, onFit }) {
  const [count, setCount] = useState(PAGE);
  const { points, title } = selection;
  useEffect(() => setCount(PAGE), [points]);
  const shown = useMemo(() => points?.slice(0, count) ?? [], [points, count]);
  const texts = useLoaded(shown.length ? (signal) => textsOf(map, shown, signal) : null, [map, shown]);
  const summary = points ? S.texts(points.length) : "";
  return html`<section class="list" aria-label=${title}>
    <header><h2 dir="auto">${title}</h2>
      <button type="button" class="button quiet icon" aria-label=${T.clear} title=${T.clear} onClick=${onClose}>✕</button></header>
    <p class="soft small about">${summary || " "} ${points?.length > 0 && html`<${Button} kind="quiet" onClick=${() => onFit(points)}>${T.show}<//>`}</p>
    <${Live}>${loading ? "" : `${title}: ${summary}`}<//>
    <${ErrorNote} error=${error ?? texts.error} retry=${error ? reload : texts.reload} />
    ${points && !points.length && html`<p class="soft">${T.noneFound}</p>`}
    ${!texts.data && !error && (loading || shown.length > 0) && html`<${Loading} lines=${6} />`}
    ${texts.data && html`<ol>${shown.map((n) => html`<${TextItem} key=${n} map=${map} n=${n} text=${texts.data.get(n)} current=${n === point} onPick=${onPick} onRing=${onRing} />`)}</ol>`}
    ${points?.length > count && html`<${Button} busy=${texts.loading} onClick=${() => setCount(count + PAGE)}>${T.more}<//>`}
  </section>`;
}

function Point({ map, n, onClose, onNear, onRegion }) {
  const { data, error, reload } = useLoaded((signal) => textsOf(map, [n], signal, 2000), [map, n]);
  const text = data?.get(n);
  const level = Math.min(1, map.levels.length - 1);
  const region = map.levels[level].of_finest[map.regions[n]];
  const values = Object.entries(text?.columns ?? {}).filter(([, value]) => value !== null);
  return html`<section class="point" aria-label=${T.point}>
    <header><h2>${text ? T.text(text.id) : T.point}</h2>
      <button type="button" class="button quiet icon" aria-label=${S.close} title=${S.close} onClick=${onClose}>✕</button></header>
    <${ErrorNote} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} lines=${2} />`}
    ${data && !text && html`<p class="soft">${T.gone}</p>`}
    ${text && html`<p class="whole" dir="auto">${text.text}${text.cut && " …"}</p>
      ${values.length > 0 && html`<dl>${values.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd dir="auto">${T.value(value)}</dd></div>`)}</dl>`}
      <div class="actions"><${Button} onClick=${() => onNear(text.id)}>${T.nearest}<//>
        <${Button} kind="quiet" onClick=${() => onRegion(level, region)}>${T.itsRegion}<//></div>
      <${Live}>${text.text.slice(0, 300)}<//>`}
  </section>`;
}

/** What lies over the points and moves with them. */
function Overlay({ map, plot, listen, faded, onRegion, tip }) {
  const [, again] = useState(0);
  useEffect(() => {
    listen.current = () => again((n) => n + 1);
    return () => (listen.current = null);
  }, []);
  const { level } = levelOf(map, plot);
  return html`<${Labels} map=${map} plot=${plot} level=${level} onRegion=${onRegion} faded=${faded} /><${Tip} map=${map} tip=${tip} />`;
}

function Tip({ map, tip }) {
  const { data } = useLoaded(tip ? (signal) => new Promise((done) => setTimeout(done, 40)).then(() => (signal.aborted ? null : textsOf(map, [tip.n], signal))) : null, [map, tip?.n]);
  const text = tip && data?.get(tip.n);
  if (!text) return null;
  const place = { left: `${tip.left}px`, top: `${tip.top}px` };
  return html`<div class=${`tip${tip.right ? " right" : ""}${tip.below ? " below" : ""}`} style=${place} aria-hidden="true" dir="auto">${text.text.slice(0, 160)}${(text.cut || text.text.length > 160) && " …"}</div>`;
}

/** The drawing, made once. */
function usePlot({ map, grid, element, canvas, on }) {
  const [plot, setPlot] = useState(null);
  const latest = useRef(on);
  latest.current = on;
  useEffect(() => {
    const call = (name) => (...values) => latest.current[name](...values);
    const made = new Plot(element.current, canvas.current, Object.fromEntries(Object.keys(on).map((name) => [name, call(name)])));
    made.setPoints(grid);
    setPlot(made);
    return () => (made.close(), setPlot(null));
  }, [map]);
  return plot;
}

function Tools({ params, columns, lassoing, plot, onSearch, onColour, onLasso }) {
  const [typed, setTyped] = useState(params.q ?? "");
  useEffect(() => setTyped(params.q ?? ""), [params.q]);
  return html`<div class="tools">
    <form role="search" onSubmit=${(event) => (event.preventDefault(), onSearch(typed.trim()))}>
      <${Field} label=${T.search}><input type="search" value=${typed} placeholder=${T.placeholder} autocomplete="off" spellcheck=${false} enterkeyhint="search"
        onInput=${(event) => (setTyped(event.target.value), !event.target.value && params.q && onSearch(""))} /><//>
    </form>
    <${Field} label=${T.colour}><select value=${params.colour ?? ""} onChange=${(event) => onColour(event.target.value)}>
      <option value="">${T.byRegion}</option>${columns.map(({ name }) => html`<option key=${name} value=${name}>${name}</option>`)}</select><//>
    ${plot && html`<div class="handles">
      <button type="button" class="button" aria-pressed=${lassoing} onClick=${onLasso} title=${T.lassoHint}>
        <svg viewBox="0 0 16 16" aria-hidden="true"><ellipse cx="8" cy="6.5" rx="6" ry="4.2" /><path d="M4.5 10 q-1.5 3 1 4.5" /></svg>${T.lasso}</button>
      <button type="button" class="button icon" aria-label=${T.zoomIn} title=${T.zoomIn} onClick=${() => plot.zoomAt(1.7)}>+</button>
      <button type="button" class="button icon" aria-label=${T.zoomOut} title=${T.zoomOut} onClick=${() => plot.zoomAt(1 / 1.7)}>−</button>
      <button type="button" class="button" onClick=${() => plot.fit(null)}>${T.all}</button>
    </div>`}
  </div>`;
}

export function TextMap({ status, params, go }) {
  const loaded = useLoaded((signal) => loadMap(signal), [status.index.generation]);
  if (!loaded.data) return loaded.error ? html`<h1 tabindex="-1">${S.journeys.map}</h1><${ErrorNote} error=${loaded.error} retry=${loaded.reload} />` : html`<${Loading} lines=${9} />`;
  if (!loaded.data.count) return html`<${Empty} title=${T.empty}>${T.emptyHint}<//>`;
  return html`<${Drawn} map=${loaded.data} status=${status} params=${params} go=${go} />`;
}

function Drawn({ map, status, params, go }) {
  const grid = useMemo(() => new Grid(map.x, map.y), [map]);
  const [element, canvas, outline] = [useRef(null), useRef(null), useRef(null)];
  const [view, setView] = useState(null); // at rest
  const [moving, resting] = [useRef(null), useRef(0)];
  const [tip, setTip] = useState(null);
  const [lassoing, setLassoing] = useState(false);
  const [hidden, setHidden] = useState(new Set());
  const latest = useRef(params);
  latest.current = params;
  const change = (changes, options) => go("map", Object.fromEntries(Object.entries({ ...latest.current, ...changes }).filter(([, value]) => value)), options);
  const select = (changes) => change({ q: "", region: "", lasso: "", near: "", ...changes });

  const pick = (n) => change({ point: n < 0 ? "" : String(map.rows[n]) });
  const plot = usePlot({ map, grid, element, canvas, on: {
    view: ({ x, y, zoom }) => {
      moving.current?.();
      clearTimeout(resting.current);
      resting.current = setTimeout(() => setView({ x, y, zoom }), REST);
    },
    hover: (n, left, top) => setTip((last) => (n < 0 ? null : last?.n === n ? last : { n, left, top, right: left > element.current.clientWidth / 2, below: top < 90 })),
    pick,
    lasso: (polygon) => (setLassoing(false), select({ lasso: thinned(polygon) })),
    lassoing: (path) => outline.current?.setAttribute("points", path ? path.map((corner) => corner.join(",")).join(" ") : ""),
  } });

  // Colours
  const column = params.colour ?? "";
  const coloured = useLoaded(column ? (signal) => loadColours(map, column, signal) : null, [map, column]);
  const colours = column && coloured.data?.column === column ? coloured.data : null;
  useEffect(() => setHidden(new Set()), [column]);
  const bytes = useMemo(() => coloursOf(map, colours, hidden), [map, colours, hidden]);
  const shown = useMemo(() => (n) => bytes[4 * n + 3] > 0, [bytes]);
  map.colourOf = (n) => bytes.subarray(4 * n, 4 * n + 3);
  const { selection, error, loading, reload } = useSelection({ map, grid, params, shown });
  useEffect(() => {
    plot?.setColours(bytes);
    plot?.setLit(selection?.points ?? null);
  }, [plot, bytes, selection?.points]);
  // Before the button is drawn as pressed, as a drag that begins at once would move the map.
  useLayoutEffect(() => {
    if (plot) plot.mode = lassoing ? "lasso" : "pan";
  }, [plot, lassoing]);

  // The view follows the address once, then the address follows the view.
  const restored = useRef(false);
  const home = useRef(0); // the zoom that shows all, which is not worth a place in the address
  useEffect(() => {
    if (!plot || restored.current) return;
    restored.current = true;
    const place = numbers(params.view, 3);
    if (place) plot.setView(...place);
    else plot.fit(selection?.points);
    home.current = plot.zoom;
  }, [plot]);
  const place = view && view.zoom !== home.current ? [view.x.toFixed(4), view.y.toFixed(4), view.zoom.toFixed(2)].join(",") : "";
  useEffect(() => {
    if (plot && view && restored.current && place !== (latest.current.view ?? "")) change({ view: place }, { replace: true });
  }, [place, plot]);

  // One point
  const point = params.point ? map.pointOf(Number(params.point)) : -1;
  const [ringed, setRinged] = useState(-1);
  useEffect(() => {
    if (!plot) return;
    plot.setRings([point, ringed].filter((n) => n >= 0), getComputedStyle(element.current).color);
  }, [plot, point, ringed]);
  const pickListed = (n) => {
    pick(n);
    if (!plot) return;
    const [left, top] = plot.toScreen(map.x[n], map.y[n]);
    if (left < 0 || top < 0 || left > plot.width || top > plot.height) plot.setView(map.x[n], map.y[n], plot.zoom);
  };
  const showRegion = (level, number) => {
    select({ region: `${level}.${number}`, point: "" });
    plot?.fit(regionPoints(map, level, number));
  };

  const { level, inView } = useMemo(() => levelOf(map, plot && view ? plot : null), [map, plot, view]);
  const toggle = (code) => setHidden((last) => new Set(last.has(code) ? [...last].filter((each) => each !== code) : [...last, code]));
  return html`<div class="atlas">
    <h1 class="unseen" tabindex="-1">${S.journeys.map}</h1>
    <div class="drawing">
      <${Tools} params=${params} columns=${status.index.columns} lassoing=${lassoing} plot=${plot} onSearch=${(q) => select({ q })}
        onColour=${(name) => change({ colour: name })} onLasso=${() => setLassoing(!lassoing)} />
      <div ref=${element} class=${lassoing ? "plot lasso" : "plot"} tabindex="0" role="application" aria-label=${T.plot(map.count)} aria-describedby="map-keys">
        <canvas ref=${canvas} aria-hidden="true"></canvas>
        ${plot && html`<${Overlay} map=${map} plot=${plot} listen=${moving} faded=${Boolean(selection)} onRegion=${showRegion} tip=${tip} />`}
        <svg class="outline" aria-hidden="true"><polygon ref=${outline} /></svg>
        <span class="cross" aria-hidden="true"></span>
      </div>
      <p id="map-keys" class="unseen">${T.keys}</p>
      <div class="below">
        <${ErrorNote} error=${coloured.error} retry=${coloured.reload} />
        ${colours ? html`<${Legend} colours=${colours} hidden=${hidden} onHidden=${toggle} />` : html`<p class="soft small">${T.hint}</p>`}
        ${map.added > 0 && html`<p class="soft small">${T.added(map.added)}</p>`}
      </div>
    </div>
    <aside aria-label=${T.aside} tabindex="0">
      ${point >= 0 && html`<${Point} map=${map} n=${point} onClose=${() => change({ point: "" })} onNear=${(id) => select({ near: id })} onRegion=${showRegion} />`}
      ${selection
        ? html`<${List} map=${map} selection=${selection} point=${point} loading=${loading} error=${error} reload=${reload} onClose=${() => select({})} onPick=${pickListed} onRing=${setRinged} onFit=${(points) => plot?.fit(points)} />`
        : html`<${Regions} map=${map} level=${level} inView=${inView} plain=${Boolean(column)} onRegion=${showRegion} />`}
    </aside>
  </div>`;
}
