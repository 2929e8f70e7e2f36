// Progress: the job that is running, with its curves as they grow, its messages, and the jobs before it.
import * as api from "../api.js";
import { Button, Empty, ErrorNote, Heading, Live, Loading, Note, Progress as Bar, Table, formatted, html, useEffect, useLoaded, useState } from "../parts.js";
import { S } from "../strings.js";

const T = S.progress;
const CURVES = ["mrr", "loss", "effective_rank"];
const TRAINING = ["train", "open", "replace_model"];
const AGAIN = 2000; // milliseconds until a lost connection is tried again
const OPENING = 400; // until the status is read again, after a file was indexed
const POINTS = 400; // of a curve that are drawn
const LINES = 200; // messages that are kept
const precise = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
const running = ({ state }) => state === "running" || state === "queued";

const EMPTY = { curves: Object.fromEntries(CURVES.map((name) => [name, []])), messages: [], now: null, job: null };

/** Add one event of a job to what is known of it. Steps have a loss, evaluations the rest. */
function added(known, { kind, text, done, total, ...values }) {
  const curves = { ...known.curves };
  const measured = kind === "evaluation" ? CURVES : kind === "step" ? ["loss"] : [];
  for (const name of measured) {
    const value = values[name];
    if (typeof value !== "number" || (name === "loss" && done === 0)) continue;
    const points = curves[name].at(-1)?.[0] === done ? curves[name].slice(0, -1) : curves[name];
    curves[name] = [...points, [done, value]];
  }
  const messages = kind === "message" || kind === "warning" || kind === "evaluation" ? [...known.messages, { kind, text }].slice(-LINES) : known.messages;
  const now = kind === "step" || kind === "count" ? { text: text ?? "", done, total, speed: values.texts_per_second, at: values.time } : known.now;
  return { ...known, curves, messages, now };
}

/** The events of a job from its beginning; after a lost connection, from where it broke. The last one is the job itself.
 * They are drawn together, at most as often as the screen is. */
function useEvents(id, onEnd) {
  const [state, setState] = useState({ ...EMPTY, lost: false });
  useEffect(() => {
    if (!id) return undefined;
    const controller = new AbortController();
    let [known, after, frame] = [EMPTY, 0, 0];
    const show = (lost = false) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => setState({ ...known, lost }));
    };
    const follow = async () => {
      const path = api.withQuery(`/jobs/${encodeURIComponent(id)}/events`, { after });
      for await (const { event, data, id: number } of api.events(path, { signal: controller.signal })) {
        after = Number(number);
        known = event === "end" ? { ...known, job: data } : added(known, data);
        show();
        if (event === "end") return true;
      }
      return false;
    };
    const go = async () => {
      while (!controller.signal.aborted) {
        try {
          if (await follow()) return onEnd(known.job);
        } catch (error) {
          if (error.name === "AbortError") return undefined;
          if (error.status === 404 || error.status === 401) return onEnd(null);
        }
        show(true);
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
      return undefined;
    };
    go();
    return () => (controller.abort(), cancelAnimationFrame(frame));
  }, [id]);
  return state;
}

function Curve({ name, points }) {
  const every = Math.max(1, Math.ceil(points.length / POINTS));
  const drawn = points.filter((_, n) => n % every === 0 || n === points.length - 1);
  const values = drawn.map(([, value]) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [drawn[0][0], drawn.at(-1)[0]];
  const x = (step) => 100 * (last === first ? 1 : (step - first) / (last - first));
  const y = (value) => 38 - 36 * (most === least ? 0.5 : (value - least) / (most - least));
  return html`<figure class="curve">
    <figcaption><h3>${T.curves[name]}</h3><strong class="number">${precise(values.at(-1))}</strong></figcaption>
    <div class="axes"><span class="most">${precise(most)}</span><span class="least">${precise(least)}</span>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${T.curve(T.curves[name], values)}>
        <path class="axis" d="M0 2H100M0 38H100" /><path class="line" d=${`M${drawn.map(([step, value]) => `${x(step).toFixed(2)} ${y(value).toFixed(2)}`).join("L")}`} />
      </svg>
    </div>
    <p class="steps soft small"><span>${T.atStep(first)}</span><span>${T.atStep(last)}</span></p>
    <p class="soft small">${T.curveHints[name]}</p>
  </figure>`;
}

/** How long it takes at the speed since the page began to watch. */
function useLeft(now) {
  const [start, setStart] = useState(null);
  useEffect(() => {
    if (now && (!start || start.text !== now.text || start.total !== now.total || now.done < start.done)) setStart(now);
  }, [now]);
  if (!now?.total || !start || now.at - start.at < 3 || now.done <= start.done) return null;
  return ((now.total - now.done) * (now.at - start.at)) / (now.done - start.done);
}

/** What a job that is done has made: names, counts, scores. */
function Result({ result }) {
  const plain = Object.entries(result ?? {}).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  if (!plain.length) return null;
  return html`<dl class="result">${plain.map(([name, value]) => html`<div key=${name}><dt>${name.replaceAll("_", " ")}</dt><dd>${formatted(value, 4)}</dd></div>`)}</dl>`;
}

function Running({ job, onEnd, mayWrite }) {
  const { curves, messages, now, lost, job: latest } = useEvents(job.id, onEnd);
  const [cancelling, setCancelling] = useState(null);
  const left = useLeft(now);
  const cancel = () => api.remove(`/jobs/${encodeURIComponent(job.id)}`).then(() => setCancelling({ message: T.cancelled }), setCancelling);
  const seen = { ...job, ...latest };
  const about = now ? [now.text, T.step(now.done, now.total), now.speed && T.speed(now.speed), left && T.left(left)].filter(Boolean).join(" · ") : T.states[seen.state];
  return html`<section class="running">
    <div class="heading"><h2>${T.kinds[seen.kind] ?? seen.kind}</h2>${mayWrite && running(seen) && html`<${Button} onClick=${cancel} disabled=${cancelling !== null}>${T.cancel}<//>`}</div>
    ${running(seen) && html`<${Bar} value=${now?.total ? now.done : null} max=${now?.total ?? 1} label=${about} />`}
    ${seen.state === "failed" && html`<${ErrorNote} error=${{ message: seen.detail }} />`}
    ${seen.state !== "failed" && seen.detail && html`<${Note}>${seen.detail}<//>`}
    ${seen.state === "done" && html`<${Result} result=${seen.result} />`}
    ${cancelling && html`<${Note}>${cancelling.message}<//>`}
    ${lost && html`<${Note}>${T.lost}<//>`}
    ${CURVES.some((name) => curves[name].length > 1)
      ? html`<div class="curves">${CURVES.filter((name) => curves[name].length > 1).map((name) => html`<${Curve} key=${name} name=${name} points=${curves[name]} />`)}</div>`
      : TRAINING.includes(seen.kind) && running(seen) && html`<p class="soft">${T.waiting}</p>`}
    ${messages.length > 0 && html`<h3>${T.messages}</h3><ol class="messages" tabindex="0" aria-label=${T.messages}>${[...messages].reverse().map(({ kind, text }, n) => html`<li key=${messages.length - n} class=${kind}>${text}</li>`)}</ol>`}
  </section>`;
}

export function Progress({ status, params, go, refresh }) {
  const { data, error, loading, reload } = useLoaded((signal) => api.get("/jobs", { signal }), []);
  const [opening, setOpening] = useState(false);
  const jobs = [...(data?.jobs ?? [])].reverse(); // the latest first
  const shown = jobs.find(({ id }) => id === params.job) ?? jobs.find(({ state }) => state === "running") ?? jobs.find(running) ?? jobs[0];
  const end = (job) => {
    reload();
    refresh();
    if (job?.kind === "open" && job.state === "done" && !params.job) setOpening(true);
  };
  // What was made from a file is searched as soon as the server has opened it.
  const awaited = !status.index && shown?.kind === "open"; // it can be searched before the job has ended
  useEffect(() => {
    if (opening && status.index) return go("search", {}, { replace: true });
    if (!awaited && !opening) return undefined;
    const timer = setTimeout(refresh, opening ? OPENING : AGAIN);
    return () => clearTimeout(timer);
  }, [opening, awaited, status]);
  return html`<${Heading} title=${T.title} lead=${T.lead}>
      ${status.index && html`<${Button} kind="primary" onClick=${() => go("search", {})}>${T.search}<//>`}
    <//>
    <${Live}>${shown ? `${T.kinds[shown.kind] ?? shown.kind}: ${T.states[shown.state]}` : ""}<//>
    ${error && html`<${ErrorNote} error=${error} retry=${reload} />`}
    ${!data && loading && html`<${Loading} lines=${5} />`}
    ${data && !shown && html`<${Empty} title=${T.none}>${T.noneHint}<//>`}
    ${shown && html`<${Running} key=${shown.id} job=${shown} onEnd=${end} mayWrite=${status.access.write} />`}
    ${jobs.length > 1 && html`<section><h2>${T.earlier}</h2><${Table} caption=${T.earlier} rows=${jobs} keyOf=${({ id }) => id} columns=${[
      [T.columns.kind, (job) => html`<a href=${`#/progress?job=${encodeURIComponent(job.id)}`} aria-current=${job === shown ? "true" : null}>${T.kinds[job.kind] ?? job.kind}</a>`],
      [T.columns.state, (job) => T.states[job.state]],
      [T.columns.began, (job) => (job.started ? new Date(1000 * job.started).toLocaleString("en") : "")],
    ]} /></section>`}`;
}
