// Duplicates: one group after another, the doubtful first; what differs is marked, and a person decides by keyboard.
import * as api from "../api.js";
import {
  Button, Empty, ErrorNote, Field, Heading, Live, Loading, Marked, formatted, html,
  useDebounced, useEffect, useKeys, useLoaded, useMemo, useRef, useState,
} from "../parts.js";
import { S } from "../strings.js";

const T = S.duplicates;
const WIDE = "(min-width: 62.01rem)"; // as in duplicates.css
const PAGE = 20; // groups of a request
const AHEAD = 5; // groups before the end at which the next ones are fetched
const PAUSE = 150; // milliseconds that the slider rests before groups are fetched
const MANY = 100_000; // texts whose counts take seconds: they are not counted anew after each decision
const LONG = 2400; // code points of a text that is shown in part
const PART = 1200;

const keyOf = (one, other) => `${Math.min(one, other)} ${Math.max(one, other)}`;
/** "800", "80 %" or "0.8" as the server takes it; null if it is none of them. */
export function numberOf(typed) {
  const text = typed.trim().replace(",", ".");
  if (/^\d+(\.\d+)?\s*%$/.test(text)) return (parseFloat(text) / 100).toFixed(6);
  if (/^0?\.\d+$|^1\.0*$/.test(text)) return text;
  return /^[1-9]\d*$/.test(text) ? text : null;
}

/** The groups at a precision, fetched as one goes on; the whole list begins anew when `query` changes; null waits. */
function useGroups(query, fail) {
  const key = JSON.stringify(query);
  const { data, error, loading, reload } = useLoaded(query && ((signal) => api.get(api.withQuery("/duplicates/groups", { ...query, limit: PAGE }), { signal })), [key]);
  const [more, setMore] = useState({ of: null, groups: [], after: null });
  const fetching = useRef(null);
  const current = more.of === data;
  const groups = useMemo(() => {
    const rows = new Set();
    return [...(data?.groups ?? []), ...(current ? more.groups : [])].filter(({ row }) => !rows.has(row) && rows.add(row));
  }, [data, more]);
  const after = current && data ? more.after : data?.after;
  const fetchMore = async () => {
    if (!after || fetching.current === after) return;
    fetching.current = after;
    try {
      const next = await api.get(api.withQuery("/duplicates/groups", { ...query, limit: PAGE, after }));
      setMore((last) => ({ of: data, groups: [...(last.of === data ? last.groups : []), ...next.groups], after: next.after }));
    } catch (problem) {
      fail(problem);
    }
    fetching.current = null;
  };
  return { data, error, loading, reload, groups, fetchMore };
}

/** Decisions of this visit: kept by the server one after another, shown at once, and taken back one by one. */
function useDecisions(version, fail, changed) {
  const [made, setMade] = useState({}); // pair: true, false, or null for one that was taken back
  const stack = useRef([]);
  const last = useRef(Promise.resolve());
  const held = useRef({});
  const set = (pair, value) => setMade((held.current = { ...held.current, [pair]: value }));
  const send = (first, second, duplicate) =>
    duplicate === null
      ? api.remove(api.withQuery(`/duplicates/decisions/${first}/${second}`, { version }))
      : api.post("/duplicates/decisions", { version, decisions: [{ first, second, duplicate }] });
  const enqueue = (first, second, duplicate, before) => {
    const pair = keyOf(first, second);
    set(pair, duplicate);
    last.current = last.current.then(() => send(first, second, duplicate)).then(changed, (problem) => {
      set(pair, before);
      stack.current = stack.current.filter((each) => each.pair !== pair);
      fail(problem);
    });
  };
  const decide = (first, second, duplicate, before) => {
    if (before === duplicate) return;
    stack.current.push({ pair: keyOf(first, second), first, second, before });
    enqueue(first, second, duplicate, before);
  };
  const undo = () => {
    const found = stack.current.pop();
    if (found) enqueue(found.first, found.second, found.before, held.current[found.pair] ?? null);
    return found;
  };
  return { made, decide, undo, takeBack: (first, second) => enqueue(first, second, null, held.current[keyOf(first, second)] ?? null) };
}

/** A text with the words that differ; a long one around its first difference until all of it is wanted. */
function Compared({ text, marks, length }) {
  const [all, setAll] = useState(false);
  const points = useMemo(() => Array.from(text), [text]);
  const from = all || points.length <= LONG ? 0 : Math.max(0, Math.min((marks[0]?.[0] ?? 0) - PART / 4, points.length - PART));
  const to = all || points.length <= LONG ? points.length : from + PART;
  const inside = marks.map(([start, end]) => [Math.max(start, from) - from, Math.min(end, to) - from]).filter(([start, end]) => start < end);
  return html`<p class="text">${from > 0 && "… "}<${Marked} text=${points.slice(from, to).join("")} matches=${inside} />${to < length && " …"}</p>
    ${points.length > LONG && html`<${Button} kind="quiet" aria-expanded=${all} onClick=${() => setAll(!all)}>${all ? T.less : T.all(length)}<//>`}`;
}

function Member({ member, current, decision, onDecide, onSelect, onUndo }) {
  const state = decision === true ? "same" : decision === false ? "apart" : "open";
  return html`<li class=${`member ${state}`} aria-current=${current} tabindex="-1" onClick=${onSelect}>
    <div class="state"><span class="what">${T.states[state]}</span><span class="soft">${member.id}</span>${state !== "open" && html`<${Button} kind="quiet" onClick=${onUndo}>${T.undo}<//>`}</div>
    <${Compared} text=${member.text} marks=${member.differences.member} length=${member.length} />
    <div class="why-of">
      <span class="soft">${T.because(member.reason, member.score, member.precision)}</span>
      <span class="acts">
        <${Button} aria-pressed=${decision === true} aria-keyshortcuts="k" onClick=${() => onDecide(true)}>${T.same} <kbd aria-hidden="true">K</kbd><//>
        <${Button} aria-pressed=${decision === false} aria-keyshortcuts="n" onClick=${() => onDecide(false)}>${T.apart} <kbd aria-hidden="true">N</kbd><//>
      </span>
    </div>
  </li>`;
}

/** What remains at each precision as a line over the slider. */
function Curve({ counts, texts, at }) {
  const x = (n) => (100 * n) / (counts.length - 1);
  const y = (kept) => 38 - (36 * kept) / Math.max(texts, 1);
  const line = counts.map(({ kept }, n) => `${x(n).toFixed(2)},${y(kept).toFixed(2)}`).join(" ");
  return html`<svg class="remaining" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
    <polygon points=${`0,40 ${line} 100,40`} /><polyline points=${line} vector-effect="non-scaling-stroke" />
    <line x1=${x(at)} x2=${x(at)} y1="0" y2="40" vector-effect="non-scaling-stroke" />
  </svg>`;
}

function Reduce({ active, onReduce, problem }) {
  const [typed, setTyped] = useState(active ?? "");
  const [wrong, setWrong] = useState(false);
  useEffect(() => setTyped(active ?? ""), [active]);
  const submit = (event) => {
    event.preventDefault();
    const number = numberOf(typed);
    setWrong(number === null && typed.trim() !== "");
    if (number !== null || typed.trim() === "") onReduce(number);
  };
  const message = wrong ? T.reduceWrong : problem?.message;
  return html`<form class="reduce" onSubmit=${submit}>
    <${Field} label=${T.reduce} hint=${T.reduceHint}>
      <input value=${typed} inputmode="decimal" autocomplete="off" onInput=${(event) => setTyped(event.target.value)}
        aria-invalid=${Boolean(message)} aria-describedby=${message ? "reduce-wrong" : null} />
    <//>
    <${Button} type="submit">${T.reduceDo}<//>
    ${message && html`<p id="reduce-wrong" class="wrong" role="alert">${message}</p>`}
  </form>`;
}

/** Everything that was ever decided, also on other days, to be taken back. */
function Decisions({ again, onUndo }) {
  const [open, setOpen] = useState(false);
  const { data, error, reload } = useLoaded(open ? (signal) => api.get("/duplicates/decisions?limit=100", { signal }) : null, [open, again]);
  return html`<details class="decided" onToggle=${(event) => setOpen(event.target.open)}>
    <summary>${T.decisions}</summary>
    <${ErrorNote} error=${error} retry=${reload} />
    ${data && !data.total && html`<p class="soft">${T.noDecisions}</p>`}
    ${data && html`<ul>${data.decisions.map(({ first, second, duplicate }) => html`<li key=${keyOf(first.row, second.row)}>
      <span class="what">${duplicate ? T.states.same : T.states.apart}</span>
      <span class="pair" dir="auto"><span>${first.text.slice(0, 200)}</span><span>${second.text.slice(0, 200)}</span></span>
      <${Button} kind="quiet" aria-label=${T.undoOf(first.id, second.id)} onClick=${() => onUndo(first.row, second.row)}>${T.undo}<//>
    </li>`)}</ul>
    ${data.total > data.decisions.length && html`<p class="soft">${T.moreDecisions(data.total)}</p>`}`}
  </details>`;
}

const WANTED = 10; // decisions that correct the precision

/** One pair after another, until the precision is known well enough for whoever decides. */
function Check({ precision, onChange, onEnd }) {
  const [draw, setDraw] = useState(0);
  const [failed, setFailed] = useState(null);
  const [busy, setBusy] = useState(false);
  const { data, error, loading, reload } = useLoaded((signal) => api.get(api.withQuery("/duplicates/question", { precision, draw }), { signal }), [precision, draw]);
  const answer = async (duplicate) => {
    if (busy || loading || !data?.first) return;
    setBusy(true);
    setFailed(null);
    try {
      await api.post("/duplicates/decisions", { version: data.version, decisions: [{ first: data.first.row, second: data.second.row, duplicate }] });
      onChange();
      reload();
    } catch (problem) {
      setFailed(problem);
    }
    setBusy(false);
  };
  const skip = () => loading || setDraw(draw + 1);
  useKeys({ k: () => answer(true), n: () => answer(false), s: skip });
  const judged = data && (data.low != null ? T.judged(data.answers, data.low, data.high) : data.answers ? T.nothingSure : T.checked(data.decisions, WANTED));
  return html`<div class=${loading || busy ? "check stale" : "check"} aria-busy=${loading || busy}>
    <div class="position"><h2>${T.check}</h2><${Button} onClick=${onEnd}>${T.toGroups}<//></div>
    <p class="soft">${T.checkLead(precision)}</p>
    ${failed && html`<${ErrorNote} error=${failed} />`}
    ${error && html`<${ErrorNote} error=${error} retry=${reload} />`}
    ${!data && loading && html`<${Loading} lines=${6} />`}
    ${data && !data.first && html`<${Empty} title=${T.noPair}>${T.noPairHint}<//>`}
    ${data?.first && html`<div class="pairs" key=${keyOf(data.first.row, data.second.row)}>
      ${[["first", "kept"], ["second", "member"]].map(([which, marks]) => html`<article class="kept" key=${which}>
        <div class="state"><span class="what">${T[which]}</span><span class="soft">${data[which].id}</span></div>
        <${Compared} text=${data[which].text} marks=${data.differences[marks]} length=${data[which].length} />
      </article>`)}
      <span class="acts">
        <${Button} aria-keyshortcuts="k" onClick=${() => answer(true)}>${T.same} <kbd aria-hidden="true">K</kbd><//>
        <${Button} aria-keyshortcuts="n" onClick=${() => answer(false)}>${T.apart} <kbd aria-hidden="true">N</kbd><//>
        <${Button} kind="quiet" aria-keyshortcuts="s" onClick=${skip}>${T.skip} <kbd aria-hidden="true">S</kbd><//>
      </span>
    </div>`}
    <p class="judged" role="status">${judged}</p>
  </div>`;
}

async function save(query, format) {
  const response = await api.fetched(api.withQuery("/duplicates/kept", { ...query, format }));
  const address = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement("a"), { href: address, download: `kept.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function Duplicates({ params, go }) {
  const [again, setAgain] = useState(0); // counts decisions
  const [failed, setFailed] = useState(null);
  const many = useRef(false);
  const settled = useDebounced(many.current ? 0 : again, PAUSE);
  const { data: summary, error, loading: counting, reload } = useLoaded((signal) => api.get("/duplicates/summary", { signal }), [settled]);
  many.current = summary?.texts > MANY;
  const keep = params.keep ?? null;
  const [sliding, setSliding] = useState(null); // place of the slider while it moves
  const counts = summary?.counts ?? [];
  const wanted = Number(params.precision) || summary?.precision || 0.9;
  const placeOf = (precision) => counts.reduce((best, each, n) => (Math.abs(each.precision - precision) < Math.abs(counts[best].precision - precision) ? n : best), 0);
  const rested = useDebounced(sliding, PAUSE);
  useEffect(() => {
    if (sliding !== null && rested === sliding) (go("duplicates", { ...(params.check ? { check: 1 } : {}), precision: counts[sliding].precision }, { replace: true }), setSliding(null));
  }, [rested]);

  const query = keep ? { keep_at_most: keep } : { precision: wanted };
  const { data, error: groupsError, loading, reload: reloadGroups, groups, fetchMore } = useGroups(summary || params.precision || keep ? query : null, setFailed);
  const { made, decide, undo, takeBack } = useDecisions(data?.version, setFailed, () => setAgain((n) => n + 1));

  const [at, setAt] = useState({ group: 0, member: 0 });
  useEffect(() => setAt({ group: 0, member: 0 }), [data]);
  const [extra, setExtra] = useState({}); // members of large groups, by row of the kept text
  useEffect(() => setExtra({}), [data]);
  const group = groups[at.group];
  const members = group ? [...group.members, ...(extra[group.row] ?? [])] : [];
  const member = members[at.member] ?? members[0];
  const list = useRef(null);
  const moved = useRef(false);
  useEffect(() => {
    const item = moved.current && list.current?.querySelector("[aria-current=true]");
    if (item) (item.focus({ preventScroll: true }), item.scrollIntoView({ block: "nearest" }));
    moved.current = false;
  }, [at]);
  useEffect(() => {
    if (groups.length - at.group <= AHEAD) fetchMore();
  }, [at.group, groups.length]);

  const decisionOf = (each) => {
    const found = group && made[keyOf(group.row, each.row)];
    return found === undefined ? (each.reason === "decided" ? true : null) : found;
  };
  const moveTo = (place) => ((moved.current = true), setAt(place));
  const next = () => {
    if (at.member + 1 < members.length) moveTo({ ...at, member: at.member + 1 });
    else if (at.group + 1 < groups.length) moveTo({ group: at.group + 1, member: 0 });
  };
  const previous = () => {
    if (at.member > 0) moveTo({ ...at, member: at.member - 1 });
    else if (at.group > 0) moveTo({ group: at.group - 1, member: groups[at.group - 1].members.length - 1 });
  };
  const choose = (duplicate) => member && (setFailed(null), decide(group.row, member.row, duplicate, decisionOf(member)), next());
  const undoLast = () => {
    setFailed(null);
    const found = undo();
    const place = found ? groups.findIndex(({ row }) => row === found.first) : -1;
    if (place >= 0) moveTo({ group: place, member: Math.max(0, groups[place].members.findIndex(({ row }) => row === found.second)) });
  };
  useKeys(params.check ? {} : {
    k: () => choose(true), n: () => choose(false), u: undoLast, j: next,
    ArrowDown: next, ArrowRight: next, ArrowUp: previous, ArrowLeft: previous,
  });
  const showMore = async () => {
    try {
      const found = await api.get(api.withQuery(`/duplicates/groups/${group.row}`, { ...query, offset: members.length }));
      setExtra({ ...extra, [group.row]: [...(extra[group.row] ?? []), ...found.members] });
    } catch (problem) {
      setFailed(problem);
    }
  };

  if (error && !summary) return html`<${Heading} title=${T.title} lead=${T.lead} /><${ErrorNote} error=${error} retry=${reload} />`;
  if (!summary) return html`<${Heading} title=${T.title} lead=${T.lead} /><${Loading} label=${T.counting} lines=${8} />`;
  const place = sliding ?? placeOf(keep && data ? data.precision : wanted);
  const shown = keep && data ? { kept: data.kept, groups: data.total, precision: data.precision } : counts[place];
  const reduceProblem = keep && groupsError?.status === 422 ? groupsError : null;
  const nothing = data && !loading && !groups.length && !groupsError;
  return html`<${Heading} title=${T.title} lead=${T.lead} />
    <div class="columns">
      <aside aria-label=${T.settings}>
        <div class="precision">
          <label for="precision"><span class="label">${T.precision}</span> <output for="precision">${T.share(shown.precision)}</output></label>
          <${Curve} counts=${counts} texts=${summary.texts} at=${place} />
          <input id="precision" type="range" min="0" max=${counts.length - 1} step="1" value=${place}
            aria-valuetext=${T.sliderText(shown.precision, shown.kept, summary.texts)} onInput=${(event) => setSliding(Number(event.target.value))} />
          <p class="hint ends"><span>${T.looser}</span><span>${T.stricter}</span></p>
        </div>
        <dl class=${counting ? "totals stale" : "totals"}>
          <div><dt>${T.kept}</dt><dd>${formatted(shown.kept)}</dd></div>
          <div><dt>${T.dropped}</dt><dd>${formatted(summary.texts - shown.kept)}</dd></div>
          <div><dt>${T.groups}</dt><dd>${formatted(shown.groups)}</dd></div>
        </dl>
        ${shown.low != null && html`<p class="hint">${T.judged(summary.answers, shown.low, shown.high)}</p>`}
        ${!params.check && !keep && html`<p class="small"><${Button} onClick=${() => go("duplicates", { precision: wanted, check: 1 })}>${T.check}<//> <span class="hint">${T.checkHint}</span></p>`}
        ${keep && data && !groupsError && html`<p class="small taken">${T.taken(data.kept, data.precision)} <${Button} kind="quiet" onClick=${() => go("duplicates", {})}>${T.back}<//></p>`}
        <details class="more-settings" open=${matchMedia(WIDE).matches}>
          <summary>${T.reduceAndSave}</summary>
          <${Reduce} active=${keep} problem=${reduceProblem} onReduce=${(number) => (setSliding(null), go("duplicates", number ? { keep: number } : {}))} />
          <p class="exports">${T.save}
            <${Button} kind="quiet" aria-label=${T.saveAs("CSV")} onClick=${() => save(query, "csv").catch(setFailed)}>CSV<//>
            <${Button} kind="quiet" aria-label=${T.saveAs("JSONL")} onClick=${() => save(query, "jsonl").catch(setFailed)}>JSONL<//>
          </p>
        </details>
        <dl class="help" aria-label=${T.help}>${T.keys.map(([keys, does]) => html`<div key=${does}><dt>${keys.map((each) => html`<kbd key=${each}>${each}</kbd> `)}</dt><dd>${does}</dd></div>`)}</dl>
      </aside>
      <section aria-label=${T.review} aria-busy=${loading}>
        ${params.check && html`<${Check} precision=${wanted} onChange=${() => setAgain((n) => n + 1)} onEnd=${() => (reloadGroups(), go("duplicates", { precision: wanted }))} />`}
        ${!params.check && failed && html`<${ErrorNote} error=${failed} />`}
        ${groupsError && !reduceProblem && html`<${ErrorNote} error=${groupsError} retry=${reloadGroups} />`}
        ${!data && loading && html`<${Loading} lines=${9} />`}
        ${!params.check && nothing && html`<${Empty} title=${T.none}>${T.noneHint}<//>`}
        ${!params.check && group && html`<div class=${loading ? "group stale" : "group"}>
          <div class="position">
            <h2>${T.position(at.group + 1, data.total)}</h2>
            <span class="acts">
              <${Button} aria-label=${T.previous} disabled=${!at.group && !at.member} onClick=${previous}>←<//>
              <${Button} aria-label=${T.next} disabled=${at.group === groups.length - 1 && at.member >= members.length - 1} onClick=${next}>→<//>
              <${Button} aria-keyshortcuts="u" onClick=${undoLast}>${T.undo} <kbd aria-hidden="true">U</kbd><//>
            </span>
          </div>
          <article class="kept">
            <div class="state"><span class="what">${T.states.kept}</span><span class="soft">${group.id}</span></div>
            <${Compared} key=${group.row} text=${group.text} marks=${member?.differences.kept ?? []} length=${group.length} />
          </article>
          <ol class="members" ref=${list} aria-label=${T.membersOf(group.id, group.size)}>
            ${members.map((each, n) => html`<${Member} key=${each.row} member=${each} current=${n === at.member} decision=${decisionOf(each)}
              onSelect=${() => n !== at.member && setAt({ ...at, member: n })}
              onUndo=${() => takeBack(group.row, each.row)}
              onDecide=${(duplicate) => (setFailed(null), setAt({ ...at, member: n }), decide(group.row, each.row, duplicate, decisionOf(each)))} />`)}
          </ol>
          ${members.length < group.size && html`<${Button} onClick=${showMore}>${T.moreMembers(group.size - members.length)}<//>`}
        </div>`}
        <${Live}>${!params.check && group && member ? T.announced(at.group + 1, data.total, at.member + 1, group.size, decisionOf(member)) : ""}<//>
        <${Decisions} again=${again} onUndo=${takeBack} />
      </section>
    </div>`;
}
