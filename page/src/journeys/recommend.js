// Recommend: for a user, for liked items, or for a sentence; each item with the reasons for its rank.
import * as api from "../api.js";
import { Button, Choice, Empty, ErrorNote, Heading, Live, Loading, html, useDebounced, useEffect, useId, useLoaded, useState } from "../parts.js";
import { S } from "../strings.js";

const T = S.recommend;
const COUNT = 10;
const MOST = 100;
const BETWEEN = "\n"; // ids of liked items in the address

const shortened = (text, most = 160) => {
  const points = Array.from(text);
  return points.length > most ? `${points.slice(0, most).join("").trimEnd()} …` : text;
};

/** A field that completes names from the server, with the browser's own list. */
function NameField({ label, placeholder, kind, value, onValue, onPick, busy }) {
  const list = useId();
  const prefix = useDebounced(value, 120);
  const { data, error } = useLoaded((signal) => api.get(api.withQuery(`/recommend/${kind}`, { prefix, limit: 12 }), { signal }), [prefix, kind]);
  const names = (kind === "users" ? data?.users.map(({ user, liked }) => [user, T.liked(liked)]) : data?.items.map(({ item, text }) => [item, shortened(text, 70)])) ?? [];
  const enter = (event) => {
    event.preventDefault();
    const typed = value.trim();
    if (typed) onPick(typed);
  };
  // Choosing from the list fills the field in one event without a key: it is taken at once.
  const changed = (event) => {
    const { value: next } = event.target;
    if (event.inputType === "insertReplacementText" || event.inputType === undefined) onPick(next);
    else onValue(next);
  };
  return html`<form class="question" onSubmit=${enter}>
    <input class="query" list=${list} value=${value} placeholder=${placeholder} aria-label=${label} onInput=${changed} autocomplete="off" spellcheck=${false} enterkeyhint="go" />
    <datalist id=${list}>${names.map(([name, about]) => html`<option key=${name} value=${name}>${about}</option>`)}</datalist>
    <${Button} kind="primary" type="submit" busy=${busy}>${kind === "users" ? T.show : T.add}<//>
  </form><${ErrorNote} error=${error} />`;
}

function Bar({ share }) {
  const width = Math.min(100, Math.max(0, 100 * share));
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rest" width="100" height="8" /><rect class="meaning" width=${width} height="8" />
  </svg>`;
}

/** What speaks for an item: the items of the history, and the sentence with its words; as shares of the score. */
function Reasons({ reasons, more, score }) {
  const shown = reasons.filter(({ part }) => part > 0);
  if (!shown.length || score <= 0) return null;
  const others = more + reasons.length - shown.length;
  return html`<div class="reasons"><h3>${T.because}</h3><ul>
    ${shown.map((each) => html`<li key=${each.item ?? "\n"}>
      <${Bar} share=${each.part / score} />
      <span class="number small soft">${T.share(each.part / score)}</span>
      <span class="of" dir="auto">${each.item === null ? T.sentence : html`${shortened(each.text || each.item, 90)} <span class="id soft small">${each.item}</span>`}
        ${each.words.length > 0 && html` <span class="words"><span class="small soft">${T.words}</span> ${each.words.map(({ word }) => html`<span key=${word} class="chip">${word}</span>`)}</span>`}
      </span>
    </li>`)}
  </ul>${others > 0 && html`<p class="small soft">${T.moreReasons(others)}</p>`}</div>`;
}

function Items({ items, go, onLike }) {
  return html`<ol class="recommended">${items.map((each, n) => html`<li key=${each.item}>
    <article aria-label=${T.item(n + 1, each.item)}>
      <h2 class="text" dir="auto">${each.text || each.item}</h2>
      <p class="about small soft"><span>${each.item}</span>${each.new && html`<span class="chip" title=${T.newHint}>${T.new}</span>`}
        <span class="acts"><${Button} kind="quiet" onClick=${() => go("recommend", { similar: each.item })} aria-label=${T.similarTo(each.item)}>${T.similar}<//>
        ${onLike && html`<${Button} kind="quiet" onClick=${() => onLike(each.item)} aria-label=${T.likeThis(each.item)}>${T.like}<//>`}</span></p>
      <${Reasons} ...${each} />
    </article>
  </li>`)}</ol>`;
}

function Result({ body, empty, go, onLike }) {
  const [k, setK] = useState(COUNT);
  const key = JSON.stringify(body);
  useEffect(() => setK(COUNT), [key]);
  const load = body && ((signal) => api.post(body.item ? "/recommend/similar" : "/recommend", { ...body, k }, { signal }));
  const { data, error, loading, reload } = useLoaded(load, [key, k]);
  if (!body) return empty;
  if (error) return html`<${ErrorNote} error=${error} retry=${error.status === 422 ? null : reload} />`;
  if (!data) return html`<${Loading} lines=${8} />`;
  return html`<div class=${loading ? "stale" : ""} aria-busy=${loading}>
    <${Live}>${loading ? "" : T.announced(data.items.length, data.items[0]?.text)}<//>
    ${data.items.length ? html`<${Items} items=${data.items} go=${go} onLike=${onLike} />` : html`<${Empty} title=${T.nothing}>${T.nothingHint}<//>`}
    ${data.items.length === k && k < MOST && html`<div class="more"><${Button} onClick=${() => setK(Math.min(MOST, k + COUNT))}>${T.more}<//></div>`}
  </div>`;
}

function ForUser({ user, go }) {
  const [typed, setTyped] = useState(user);
  useEffect(() => setTyped(user), [user]);
  return html`<${NameField} kind="users" label=${T.user} placeholder=${T.userPlaceholder} value=${typed} onValue=${setTyped} onPick=${(name) => (setTyped(name), go("recommend", { user: name }))} />
    <${Result} body=${user ? { user } : null} go=${go} empty=${html`<${Empty} title=${T.userEmpty}>${T.userEmptyHint}<//>`} />`;
}

function ForItems({ liked, go }) {
  const [typed, setTyped] = useState("");
  const set = (items) => go("recommend", { by: "items", liked: items.join(BETWEEN) });
  const add = (item) => (setTyped(""), set([...liked.filter((each) => each !== item), item]));
  return html`<${NameField} kind="items" label=${T.itemField} placeholder=${T.itemPlaceholder} value=${typed} onValue=${setTyped} onPick=${add} />
    ${liked.length > 0 && html`<ul class="chips picked" aria-label=${T.picked}>${liked.map((each) => html`<li key=${each} class="chip">${each}
      <button type="button" class="remove" aria-label=${T.remove(each)} onClick=${() => set(liked.filter((other) => other !== each))}>✕</button></li>`)}</ul>`}
    <${Result} body=${liked.length ? { liked } : null} go=${go} onLike=${add} empty=${html`<${Empty} title=${T.itemsEmpty}>${T.itemsEmptyHint}<//>`} />`;
}

function ForSentence({ text, go }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  return html`<form class="question" onSubmit=${(event) => (event.preventDefault(), typed.trim() && go("recommend", { by: "text", text: typed.trim() }))}>
      <input class="query" value=${typed} placeholder=${T.sentencePlaceholder} aria-label=${T.sentenceField} maxlength="2000" onInput=${(event) => setTyped(event.target.value)} autocomplete="off" enterkeyhint="go" />
      <${Button} kind="primary" type="submit">${T.show}<//>
    </form>
    <${Result} body=${text ? { text } : null} go=${go} empty=${html`<${Empty} title=${T.sentenceEmpty}>${T.sentenceEmptyHint}<//>`} />`;
}

export function Recommend({ status, params, go }) {
  const liked = (params.liked ?? "").split(BETWEEN).filter(Boolean);
  const by = params.by ?? (params.similar ? "similar" : "user");
  const options = [["user", T.by.user], ["items", T.by.items], ["text", T.by.text]];
  return html`<${Heading} title=${S.journeys.recommend} lead=${T.lead(status.recommender.items, status.recommender.users)} />
    ${by === "similar"
      ? html`<p class="note like"><span>${T.similarItems(params.similar)}</span> <${Button} kind="quiet" onClick=${() => history.back()}>${T.back}<//></p><${Result} body=${{ item: params.similar }} go=${go} />`
      : html`<div class="by"><${Choice} label=${T.byLabel} options=${options} value=${by} onChange=${(to) => go("recommend", to === "user" ? {} : { by: to })} /></div>
        ${by === "user" && html`<${ForUser} user=${params.user ?? ""} go=${go} />`}
        ${by === "items" && html`<${ForItems} liked=${liked} go=${go} />`}
        ${by === "text" && html`<${ForSentence} text=${params.text ?? ""} go=${go} />`}`}`;
}
