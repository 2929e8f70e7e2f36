// Search: results as one types, why each was found, filters from the columns, more like this, export.
import * as api from "../api.js";
import {
  Button, Choice, Empty, ErrorNote, Field, Live, Loading, Marked, ScoreBar, csv, download, formatted, html, jsonLines,
  useCallback, useDebounced, useEffect, useLoaded, useMemo, useRef, useState,
} from "../parts.js";
import { S } from "../strings.js";

const T = S.search;
const PAUSE = 300; // milliseconds without a key before the address and what is read aloud follow
const PAGE = 20; // hits; "more" doubles them
const MOST = 320;
const FACETS = 20; // columns whose values are counted
const VALUES = 8; // of a facet that are shown at once
const MODES = ["hybrid", "vector", "text"].map((mode) => [mode, T.modes[mode], T.modeHints[mode]]);

// Filters: kept in the address as JSON, { column: { in: [values] } or { from, to } }, and sent as a `where`.

const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`;
const literal = (value) => (typeof value === "string" ? quoted(value) : String(value));

export function whereOf(filters, free) {
  const conditions = Object.entries(filters).flatMap(([column, { in: values, from, to }]) => {
    const name = quoted(column);
    if (!values) return [from != null && `${name} >= ${from}`, to != null && `${name} <= ${to}`].filter(Boolean);
    const known = values.filter((value) => value !== null);
    const parts = [known.length && `${name} in (${known.map(literal).join(", ")})`, known.length < values.length && `${name} = null`];
    return [`(${parts.filter(Boolean).join(" or ")})`];
  });
  if (free.trim()) conditions.unshift(`(${free.trim()})`);
  return conditions.join(" and ") || null;
}

function filtersOf(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

function toggled(filters, column, value) {
  const values = filters[column]?.in ?? [];
  const next = values.includes(value) ? values.filter((each) => each !== value) : [...values, value];
  const { [column]: _, ...rest } = filters;
  return next.length ? { ...rest, [column]: { in: next } } : rest;
}

function ranged(filters, column, side, text) {
  const { [column]: held, ...rest } = filters;
  const range = { from: held?.from ?? null, to: held?.to ?? null, [side]: text === "" ? null : Number(text) };
  return range.from === null && range.to === null ? rest : { ...rest, [column]: range };
}

// Facets ------------------------------------------------------------------------------------------------------------

const isRange = (column, values) =>
  column.type === "number" || (values.length > VALUES && values.every(({ value }) => value === null || typeof value === "number"));

function Values({ name, values, chosen, onToggle }) {
  const [all, setAll] = useState(false);
  const missing = chosen.filter((value) => !values.some((each) => each.value === value)).map((value) => ({ value, count: 0 }));
  const rows = [...missing, ...values];
  return html`<ul class="values">
      ${rows.slice(0, all ? rows.length : VALUES).map(({ value, count }) => html`<li key=${`${typeof value}${value}`}>
        <label><input type="checkbox" checked=${chosen.includes(value)} onChange=${() => onToggle(value)} />
          <span class="value" dir="auto" title=${T.value(value)}>${T.value(value)}</span><span class="count">${formatted(count)}</span></label>
      </li>`)}
    </ul>
    ${rows.length > VALUES && html`<${Button} kind="quiet" onClick=${() => setAll(!all)} aria-label=${T.allOf(all, name)}>${T.all(all, rows.length)}<//>`}`;
}

function Range({ name, range, onChange }) {
  const field = (side, label) => html`<label><span class="unseen">${T.bound(name, label)}</span>
    <input type="number" step="any" placeholder=${label} value=${range?.[side] ?? ""} onChange=${(event) => onChange(side, event.target.value)} /></label>`;
  return html`<div class="range">${field("from", T.from)}<span aria-hidden="true">–</span>${field("to", T.to)}</div>`;
}

/** A condition of the columns that there are, as an example. */
function exampleOf(columns, facets) {
  const bare = (name) => (/^\w+$/.test(name) ? name : quoted(name));
  const parts = columns.flatMap(({ name }) => {
    const value = facets[name]?.find((each) => each.value !== null && String(each.value).length < 20)?.value;
    return value === undefined ? [] : typeof value === "number" ? [`${bare(name)} < ${value}`] : [`${bare(name)} = ${literal(value)}`];
  });
  return parts.slice(0, 2).join(" and ");
}

function Facets({ columns, facets, filters, onFilters, free, onFree, error }) {
  const [draft, setDraft] = useState(free);
  useEffect(() => setDraft(free), [free]);
  const chosen = Object.keys(filters).length + (free ? 1 : 0);
  const groups = columns.map((column) => {
    const values = facets[column.name] ?? [];
    const held = filters[column.name];
    if (!values.length && !held) return null;
    return html`<fieldset key=${column.name}>
      <legend>${column.name}</legend>
      ${(held ? !held.in : isRange(column, values))
        ? html`<${Range} name=${column.name} range=${held} onChange=${(side, text) => onFilters(ranged(filters, column.name, side, text))} />`
        : html`<${Values} name=${column.name} values=${values} chosen=${held?.in ?? []} onToggle=${(value) => onFilters(toggled(filters, column.name, value))} />`}
    </fieldset>`;
  });
  return html`<div class="facets">
    ${groups}
    ${columns.length > 0 && html`<form onSubmit=${(event) => (event.preventDefault(), onFree(draft))}>
      <${Field} label=${T.where} hint=${error ? null : exampleOf(columns, facets)}>
        <input value=${draft} onInput=${(event) => setDraft(event.target.value)} onBlur=${() => onFree(draft)}
          aria-invalid=${Boolean(error)} aria-describedby=${error ? "where-error" : null} spellcheck=${false} autocomplete="off" />
      <//>
      ${error && html`<p id="where-error" class="where-error" role="alert">${error.message}</p>`}
    </form>`}
    ${chosen > 0 && html`<${Button} kind="quiet" onClick=${() => (onFilters({}), onFree(""))}>${T.clear}<//>`}
  </div>`;
}

// Hits --------------------------------------------------------------------------------------------------------------

const short = (value) => value !== null && String(value).length <= 60;

function HitItem({ hit, current, onLike, onOpen, open }) {
  const { snippet, text } = hit;
  const cut = snippet && (snippet.start > 0 || snippet.end < Array.from(text).length);
  const whole = snippet && { // the marks of the snippet, within the text
    matches: snippet.matches.map(([start, end]) => [start + snippet.start, end + snippet.start]),
    answer: snippet.answer && snippet.answer.map((each) => each + snippet.start),
  };
  const columns = Object.entries(hit.columns ?? {}).filter(([, value]) => short(value));
  return html`<li class=${current ? "hit current" : "hit"} data-id=${hit.id}>
    <article tabindex="-1" aria-label=${T.hit(hit.id)}>
      <p class="text">
        ${!snippet || open
          ? html`<${Marked} text=${text} ...${whole} />`
          : html`${snippet.start > 0 && "… "}<${Marked} text=${snippet.text} matches=${snippet.matches} answer=${snippet.answer} />${cut && snippet.end < Array.from(text).length && " …"}`}
      </p>
      <div class="about">
        ${hit.score !== null && html`<${ScoreBar} meaning=${hit.meaning} words=${hit.words} />`}
        <span class="id">${hit.id}</span>
        ${columns.map(([name, value]) => html`<span key=${name} class="column"><span class="of">${name}</span> ${T.value(value)}</span>`)}
        <span class="acts">
          ${cut && html`<${Button} kind="quiet" aria-expanded=${open} onClick=${onOpen}>${open ? T.less : T.whole}<//>`}
          <${Button} kind="quiet" onClick=${onLike}>${T.like}<//>
        </span>
      </div>
    </article>
  </li>`;
}

function Export({ hits, name }) {
  const rows = () => hits.map(({ id, text, score, meaning, words, columns }) => ({ ...columns, id, text, score, meaning, words }));
  const names = () => ["id", "text", "score", "meaning", "words", ...Object.keys(hits[0].columns ?? {}).filter((each) => !["id", "text", "score", "meaning", "words"].includes(each))];
  return html`<span class="exports">${T.export}
    <${Button} kind="quiet" aria-label=${T.exportAs("CSV")} disabled=${!hits.length} onClick=${() => download(`${name}.csv`, "text/csv", csv(names(), rows()))}>CSV<//>
    <${Button} kind="quiet" aria-label=${T.exportAs("JSONL")} disabled=${!hits.length} onClick=${() => download(`${name}.jsonl`, "application/x-ndjson", jsonLines(rows()))}>JSONL<//>
  </span>`;
}

/** Arrow keys move through the hits from the field, Enter opens one, Escape goes back to the field. */
function useCursor(hits, { field, open, like }) {
  const [at, setAt] = useState(-1);
  const list = useRef(null);
  useEffect(() => setAt(-1), [hits]);
  const move = (next) => {
    setAt(next);
    if (next < 0) field.current?.focus();
    else {
      const article = list.current?.children[next]?.querySelector("article");
      article?.focus({ preventScroll: true });
      article?.scrollIntoView({ block: "nearest" });
    }
  };
  const onKeyDown = (event) => {
    const inField = event.target === field.current;
    const onHit = event.target.closest?.("article");
    if (!inField && (!onHit || event.target !== onHit) && event.key !== "Escape") return;
    const act = {
      ArrowDown: () => at < hits.length - 1 && move(at + 1),
      ArrowUp: () => at >= 0 && move(at - 1),
      Escape: () => !inField && move(-1),
      Enter: () => at >= 0 && !inField && open(hits[at]),
      l: () => !inField && at >= 0 && like(hits[at]),
    }[event.key];
    if (act && act() !== false) event.preventDefault();
  };
  return { at, list, onKeyDown };
}

/** Whether filters stand beside the results, rather than above them and folded. */
function useWide() {
  const query = matchMedia("(min-width: 62rem)");
  const [wide, setWide] = useState(query.matches);
  useEffect(() => {
    const changed = () => setWide(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return wide;
}

// The journey -------------------------------------------------------------------------------------------------------

/** One request at a time: the next begins when the last has ended, with what is typed by then, so that results follow
 * every key as fast as the server answers, and no faster. */
function useResults({ query, like, mode, where, columns, count }) {
  const last = useRef(null);
  return useLoaded(
    async (signal) => {
      while (last.current) await last.current;
      signal.throwIfAborted();
      const began = performance.now();
      const request = { k: count, mode, where, facets: columns };
      const found = like ? api.post("/similar", { id: like, ...request }) : api.post("/search", { query, ...request });
      last.current = found.then(() => (last.current = null), () => (last.current = null));
      const answer = await found;
      return { ...answer.results[0], milliseconds: answer.milliseconds, whole: performance.now() - began };
    },
    [query, like, mode, where, count, columns.join("\n")],
  );
}

export function Search({ status, params, go }) {
  const [typed, setTyped] = useState(params.q ?? "");
  const [count, setCount] = useState(PAGE);
  const [opened, setOpened] = useState(null);
  const settled = useDebounced(typed, PAUSE);
  const { like = "", mode = "hybrid", where: free = "" } = params;
  const filters = useMemo(() => filtersOf(params.filters ?? "{}"), [params.filters]);
  const field = useRef(null);
  const wide = useWide();
  const columns = status.index.columns;
  const searching = Boolean(like || typed.trim());
  const { data, error, loading, reload } = useResults({
    query: typed, like, mode, where: whereOf(filters, free), columns: columns.map(({ name }) => name).slice(0, FACETS), count,
  });

  const change = useCallback((changes, options) => {
    const next = { ...params, ...changes };
    if (next.mode === "hybrid") delete next.mode;
    if (next.filters === "{}") delete next.filters;
    go("search", next, options);
  }, [params, go]);
  const setFilters = (next) => change({ filters: JSON.stringify(next) });
  const type = (text) => {
    setTyped(text);
    setCount(PAGE);
    if (like) change({ like: "" });
  };
  // The address follows what is typed, and what is typed follows the address when one goes back.
  const written = useRef(settled);
  useEffect(() => {
    if (settled === written.current) return;
    written.current = settled;
    change({ q: settled, like: "" }, { replace: true });
  }, [settled]);
  useEffect(() => {
    if ((params.q ?? "") === written.current) return;
    written.current = params.q ?? "";
    setTyped(written.current);
  }, [params.q]);
  useEffect(() => field.current?.focus(), []);

  // A column that is filtered keeps the values that there were before, so that one can add another of them.
  const asked = JSON.stringify([typed, like, mode, free]);
  const before = useRef({ asked: "", facets: {} });
  if (before.current.asked !== asked) before.current = { asked, facets: {} };
  if (data && !loading) {
    for (const [name, values] of Object.entries(data.facets)) if (!filters[name] || !before.current.facets[name]) before.current.facets[name] = values;
  }
  const values = { ...data?.facets, ...Object.fromEntries(Object.keys(filters).filter((name) => before.current.facets[name]).map((name) => [name, before.current.facets[name]])) };
  const hits = data?.hits ?? [];
  const toggleOpen = ({ id }) => setOpened(opened === id ? null : id);
  const moreLike = ({ id }) => (setCount(PAGE), scrollTo(0, 0), change({ like: id }));
  const cursor = useCursor(hits, { field, open: toggleOpen, like: moreLike });
  const whereError = error?.status === 422 && (free || Object.keys(filters).length) ? error : null;
  const summary = !data ? "" : searching ? T.found(hits.length, data.whole) : T.browsing(hits.length, data.texts ?? hits.length);
  const facets = html`<${Facets} columns=${columns} facets=${values} filters=${filters} onFilters=${setFilters}
    free=${free} onFree=${(text) => text !== free && change({ where: text })} error=${whereError} />`;
  const active = Object.keys(filters).length + (free ? 1 : 0);
  return html`<div onKeyDown=${cursor.onKeyDown}>
    <h1 class="unseen" tabindex="-1">${S.journeys.search}</h1>
    <search class="bar-of-search">
      <input ref=${field} type="search" class="query" value=${typed} placeholder=${T.placeholder(status.index.texts)} aria-label=${T.field}
        aria-describedby="search-keys" onInput=${(event) => type(event.target.value)} autocomplete="off" spellcheck=${false} enterkeyhint="search" />
      <${Choice} label=${T.mode} options=${MODES} value=${mode} onChange=${(next) => change({ mode: next })} />
    </search>
    <p id="search-keys" class="unseen">${T.keys}</p>
    <div class="columns">
      <aside aria-label=${T.filters}>
        <details open=${wide} class=${wide ? "open" : ""}><summary>${T.filters}${active > 0 && ` (${active})`}</summary>${facets}</details>
        <dl class="help">${T.helpKeys.map(([keys, does]) => html`<div key=${does}><dt>${keys.map((each) => html`<kbd key=${each}>${each}</kbd> `)}</dt><dd>${does}</dd></div>`)}</dl>
      </aside>
      <section aria-label=${T.results}>
        <div class="summary">
          <span class=${loading ? "count stale" : "count"}>${summary || " "}</span>
          <${Export} hits=${hits} name=${T.file} />
        </div>
        <${Live}>${loading || typed !== settled ? "" : summary}<//>
        ${like && html`<div class="note like"><span>${T.likeOf(like)}</span><${Button} kind="quiet" onClick=${() => change({ like: "" })}>${T.back}<//></div>`}
        ${error && !whereError && html`<${ErrorNote} error=${error} retry=${reload} />`}
        ${!data && loading && html`<${Loading} lines=${9} />`}
        ${data && !hits.length && !error && html`<${Empty} title=${active ? T.noneFiltered : T.none}>${active ? T.noneFilteredHint : T.noneHint}<//>`}
        <ol class="hits" ref=${cursor.list} aria-busy=${loading}>
          ${hits.map((hit, n) => html`<${HitItem} key=${hit.id} hit=${hit} current=${n === cursor.at} open=${opened === hit.id}
            onOpen=${() => toggleOpen(hit)} onLike=${() => moreLike(hit)} />`)}
        </ol>
        ${hits.length >= count && count < MOST && html`<div class="more"><${Button} busy=${loading} onClick=${() => setCount(count * 2)}>${T.more}<//></div>`}
      </section>
    </div>
  </div>`;
}
