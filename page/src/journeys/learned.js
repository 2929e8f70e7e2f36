// What was learned: the words and texts near any text, and the report of the model.
import * as api from "../api.js";
import { Empty, ErrorNote, Heading, Live, Loading, html, useDebounced, useEffect, useLoaded, useState } from "../parts.js";
import { S } from "../strings.js";

const T = S.learned;
const NEAREST = 12;

function Cosine({ value }) {
  return html`<span class="cosine"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rest" width="100" height="8" /><rect class="meaning" width=${Math.max(0, 100 * value)} height="8" />
  </svg><span>${value.toFixed(2)}</span></span>`;
}

function Neighbours({ text, onText }) {
  const { data, error, loading, reload } = useLoaded(text.trim() ? (signal) => api.post("/neighbours", { text, k: NEAREST }, { signal }) : null, [text]);
  if (error) return html`<${ErrorNote} error=${error} retry=${error.status === 404 ? null : reload} />`;
  if (!text.trim()) return html`<p class="soft">${T.neighboursHint}</p>`;
  if (!data) return html`<${Loading} lines=${8} />`;
  return html`<div class=${loading ? "near stale" : "near"} aria-busy=${loading}>
    <${Live}>${loading ? "" : T.announced(data.words.slice(0, 3).map(({ word }) => word))}<//>
    <section><h3>${T.words}</h3>
      ${data.words.length ? html`<ul>${data.words.map(({ word, cosine }) => html`<li key=${word}>
        <button type="button" class="button quiet" onClick=${() => onText(word)} lang="">${word}</button><${Cosine} value=${cosine} /></li>`)}</ul>` : html`<p class="soft">${T.noWords}</p>`}
    </section>
    <section><h3>${T.texts}</h3>
      ${data.texts.length ? html`<ul>${data.texts.map(({ id, text: each, cosine }) => html`<li key=${id}>
        <span class="text" dir="auto">${each.length > 160 ? `${Array.from(each).slice(0, 160).join("").trimEnd()} …` : each}</span><${Cosine} value=${cosine} /></li>`)}</ul>` : html`<p class="soft">${T.noTexts}</p>`}
    </section>
  </div>`;
}

/** The report in a frame of its own, which cannot send a key: the server gives it an address for that. */
function Report() {
  const { data, error, reload } = useLoaded((signal) => api.post("/report/ticket", undefined, { signal }), []);
  const [shown, setShown] = useState(false);
  // Asked for first, so that a model without a report is said here rather than in the frame.
  const ready = useLoaded(data ? (signal) => api.fetched(data.path, { signal }).then(({ ok }) => ok) : null, [data]);
  useEffect(() => setShown(false), [data]);
  const failed = error ?? ready.error;
  if (failed) return failed.status === 404 ? html`<${Empty} title=${T.noReport}>${failed.message}<//>` : html`<${ErrorNote} error=${failed} retry=${error ? reload : ready.reload} />`;
  const path = data?.path.replace(/^\//, "");
  return html`<div class="frame">
    ${!shown && html`<${Loading} label=${T.making} />`}
    ${ready.data && html`<iframe src=${path} title=${T.report} onLoad=${() => setShown(true)} class=${shown ? "" : "hidden"}></iframe>`}
  </div>
  ${ready.data && html`<p class="small"><a href=${path} target="_blank" rel="noopener">${T.open}</a></p>`}`;
}

export function Learned({ params, go }) {
  const [typed, setTyped] = useState(params.q ?? "");
  const text = useDebounced(typed, 150);
  useEffect(() => setTyped(params.q ?? ""), [params.q]);
  useEffect(() => text !== (params.q ?? "") && go("learned", { q: text }, { replace: true }), [text]);
  return html`<${Heading} title=${T.title} lead=${T.lead} />
    <section class="neighbours">
      <h2>${T.neighbours}</h2>
      <input type="search" value=${typed} placeholder=${T.placeholder} aria-label=${T.field} onInput=${(event) => setTyped(event.target.value)} autocomplete="off" spellcheck=${false} />
      <${Neighbours} text=${text} onText=${(word) => go("learned", { q: word })} />
    </section>
    <section><h2>${T.report}</h2><${Report} /></section>`;
}
