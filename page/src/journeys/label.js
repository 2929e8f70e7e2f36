// Label a few: classes, one text at a time by keys, the estimate as it rises, the rest by confidence, doubtful labels.
import * as api from "../api.js";
import { Button, Choice, Command, Dialog, Empty, ErrorNote, Field, Heading, Live, Loading, Note, formatted, html, useCallback, useEffect, useLoaded, useRef, useState, useKeys } from "../parts.js";
import { S } from "../strings.js";

const T = S.label;
const BATCH = 12; // texts that are fetched at once
const FEW = 5; // texts that are left when more are fetched
const PAGE = 50;
const SHOWN = 3000; // characters of the text to label
const LINE = 240; // characters of a text in a list

const path = (name, rest = "") => `/labelling/${encodeURIComponent(name)}${rest}`;
const cut = (text, most) => {
  const points = Array.from(text);
  return points.length > most ? `${points.slice(0, most).join("").trimEnd()} …` : text;
};
const percent = (share) => `${Math.round(100 * share)} %`;
const nameOf = (text) => text.toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|[-_]+$/g, "").slice(0, 64).replace(/[-_]+$/, "");
const classesOf = (text) => text.split(/[,\n]/).map((each) => each.trim()).filter(Boolean);

// Begin -------------------------------------------------------------------------------------------------------------

function Begin({ status, go }) {
  const { data, error, reload } = useLoaded((signal) => api.get("/labelling", { signal }), []);
  const [typed, setTyped] = useState("");
  const [name, setName] = useState("");
  const [failed, setFailed] = useState(null);
  const [busy, setBusy] = useState(false);
  const classes = classesOf(typed);
  const take = async (column) => {
    if (!column) return;
    try {
      const found = await api.post("/search", { query: "", k: 1, snippets: false, facets: [column] });
      const values = found.results[0].facets[column].map(({ value }) => value).filter((value) => value !== null);
      setTyped(values.slice(0, 50).map((value) => String(value).replaceAll(",", " ")).join(", "));
      if (!name) setName(column);
    } catch (problem) {
      setFailed(problem);
    }
  };
  const start = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const session = nameOf(name) || nameOf(classes.join("-")) || "labels";
      await api.post("/labelling", { name: session, classes });
      go("label", { session });
    } catch (problem) {
      setFailed(problem);
      setBusy(false);
    }
  };
  return html`<${Heading} title=${T.title} lead=${T.lead} />
    <${ErrorNote} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} lines=${3} />`}
    ${data?.sessions.length > 0 && html`<section class="begun">
      <h2>${T.goOn}</h2>
      <ul>${data.sessions.map((each) => html`<li key=${each.name}>
        <div><strong>${each.name}</strong><span class="small soft">${T.counts(each.classes, each.labelled)}</span></div>
        <${Button} onClick=${() => go("label", { session: each.name })} aria-label=${T.goOnWith(each.name)}>${T.continue}<//>
      </li>`)}</ul>
    </section>`}
    ${data && html`<section class="begin">
      <h2>${data.sessions.length ? T.new : T.first}</h2>
      <form onSubmit=${start}>
        <${Field} label=${T.classes} hint=${T.classesHint} wide>
          <textarea rows="2" required value=${typed} onInput=${(event) => setTyped(event.target.value)} placeholder=${T.classesPlaceholder} spellcheck=${false}></textarea>
        <//>
        ${classes.length > 0 && html`<p class="chips" aria-hidden="true">${classes.slice(0, 50).map((each, n) => html`<span key=${n} class="chip">${n < 9 && html`<kbd>${n + 1}</kbd>`} ${each}</span>`)}</p>`}
        ${status.index.columns.length > 0 && html`<${Field} label=${T.column}>
          <select onChange=${(event) => take(event.target.value)}>
            <option value="">${T.columnNone}</option>
            ${status.index.columns.map((each) => html`<option key=${each.name}>${each.name}</option>`)}
          </select>
        <//>`}
        <${Field} label=${T.name} hint=${T.nameHint}>
          <input value=${name} maxlength="80" onInput=${(event) => setName(event.target.value)} placeholder=${nameOf(classes.join("-")) || T.namePlaceholder} autocomplete="off" spellcheck=${false} />
        <//>
        <${ErrorNote} error=${failed} />
        <div class="actions"><${Button} kind="primary" type="submit" busy=${busy} disabled=${classes.length < 2}>${T.start}<//></div>
      </form>
    </section>`}`;
}

// A session ---------------------------------------------------------------------------------------------------------

/** The state of a session and what changes it. A label is given at once here; requests follow one another, each with the
 * revision that the one before it left, so that nobody's label is overwritten unseen. */
function useSession(name) {
  const [state, setState] = useState(null);
  const [items, setItems] = useState(null);
  const [error, setError] = useState(null);
  const [last, setLast] = useState(null);
  const held = useRef({ revision: 0, chain: Promise.resolve(), epoch: 0, given: new Map() }).current;

  const fill = useCallback(async () => {
    if (held.filling) return;
    held.filling = true;
    const { epoch } = held;
    try {
      const { items: found } = await api.get(api.withQuery(path(name, "/next"), { k: BATCH }));
      if (epoch === held.epoch) {
        setItems((now) => {
          const known = new Set((now ?? []).map(({ id }) => id));
          return [...(now ?? []), ...found.filter(({ id }) => !known.has(id) && !held.given.has(id))];
        });
      }
    } catch (problem) {
      setError(problem);
      setItems((now) => now ?? []);
    } finally {
      held.filling = false;
    }
  }, [name]);

  /** Reads the state; while it is being computed, further calls become one more. */
  const refresh = useCallback(async () => {
    held.wanted = true;
    if (held.refreshing) return;
    held.refreshing = true;
    try {
      while (held.wanted) {
        held.wanted = false;
        const found = await api.get(path(name));
        // What was read before the last label would turn the counts back; it is read again anyway.
        if (found.revision >= held.revision) setState(found);
        held.revision = Math.max(held.revision, found.revision);
      }
    } catch (problem) {
      setError(problem);
    } finally {
      held.refreshing = false;
    }
  }, [name]);

  const reload = useCallback(async () => {
    held.epoch += 1;
    held.given.clear();
    held.filling = false;
    setItems(null);
    await refresh();
    await fill();
  }, [name]);

  const change = useCallback((request) => {
    const { epoch } = held;
    held.chain = held.chain.then(async () => {
      if (epoch !== held.epoch) return null; // something before it failed
      try {
        const changed = await request(held.revision);
        held.revision = changed.revision;
        setState((now) => now && { ...now, revision: changed.revision, classes: changed.classes, labelled: changed.labelled });
        refresh();
        return changed;
      } catch (problem) {
        await reload();
        setError(problem);
        return null;
      }
    });
    return held.chain;
  }, [name]);

  const give = useCallback((texts, label) => {
    setError(null);
    for (const each of texts) held.given.set(each.id, each);
    const ids = texts.map(({ id }) => id);
    setItems((now) => (now ?? []).filter(({ id }) => !ids.includes(id)));
    setLast({ label, count: texts.length });
    return change((revision) => api.post(path(name, "/labels"), { ids, label, revision }));
  }, [name]);

  const undo = useCallback(async () => {
    setError(null);
    const undone = await change((revision) => api.post(path(name, "/undo"), { revision }));
    if (!undone) return;
    const texts = await Promise.all(undone.ids.slice(0, BATCH).map((id) => held.given.get(id) ?? api.get(`/documents/${encodeURIComponent(id)}`).catch(() => null)));
    for (const id of undone.ids) held.given.delete(id);
    setItems((now) => [...texts.filter(Boolean), ...(now ?? []).filter(({ id }) => !undone.ids.includes(id))]);
    setLast({ undone: undone.ids.length });
  }, [name]);

  useEffect(() => (refresh(), void fill()), [name]);
  useEffect(() => {
    if (items && items.length <= FEW && items.length < (state?.texts ?? Infinity)) fill();
  }, [items?.length <= FEW, state?.revision]);
  return { state, items, error, last, give, undo, change, reload, fail: setError };
}

/** The buttons of all classes, with the keys of the first nine. */
function Classes({ classes, onGive, keys, name }) {
  return html`<div class="classes" role="group" aria-label=${name}>
    ${classes.map((each, n) => html`<${Button} key=${each.name} onClick=${() => onGive(each.name)} aria-keyshortcuts=${keys && n < 9 ? String(n + 1) : null}>
      ${keys && n < 9 && html`<kbd aria-hidden="true">${n + 1}</kbd>`}<span>${each.name}</span>
    <//>`)}
  </div>`;
}

function Card({ item, classes, onGive, onSkip, onUndo, onSimilar, canUndo }) {
  const columns = Object.entries(item.columns ?? {}).filter(([, value]) => value !== null && String(value).length <= 60).slice(0, 8);
  return html`<article class="card" aria-labelledby="to-label">
    <h2 id="to-label" class="unseen">${T.toLabel}</h2>
    <p class="text" dir="auto">${cut(item.text, SHOWN)}</p>
    <p class="about small soft">
      ${item.why && html`<span class="chip" title=${T.whyHint[item.why]}>${item.rare ? T.rare(item.rare) : T.why[item.why]}</span>`}
      ${item.label && html`<span>${T.guess(item.label, item.probability)}</span>`}
      ${columns.map(([name, value]) => html`<span key=${name}>${name}: ${formatted(value, 4)}</span>`)}
    </p>
    <${Classes} classes=${classes} onGive=${onGive} keys name=${T.give} />
    <div class="actions">
      <${Button} kind="quiet" onClick=${onSkip} aria-keyshortcuts="s"><kbd aria-hidden="true">S</kbd> ${T.skip}<//>
      <${Button} kind="quiet" onClick=${onUndo} disabled=${!canUndo} aria-keyshortcuts="u"><kbd aria-hidden="true">U</kbd> ${T.undo}<//>
      <${Button} kind="quiet" onClick=${onSimilar} aria-keyshortcuts="m"><kbd aria-hidden="true">M</kbd> ${T.similar}<//>
    </div>
  </article>`;
}

/** Accuracy by the number of labels, with its interval as a band. */
function Curve({ points: found, baseline }) {
  const points = found.length > 1 ? found : [found[0], { ...found[0], labels: found[0].labels + 1 }]; // one is a flat line
  const most = Math.max(...points.map(({ labels }) => labels));
  const least = Math.min(...points.map(({ labels }) => labels));
  const x = (labels) => (300 * (labels - least)) / (most - least);
  const y = (share) => 100 - 100 * share;
  const line = points.map((each) => `${x(each.labels)},${y(each.accuracy)}`).join(" ");
  const band = [...points.map((each) => `${x(each.labels)},${y(each.high)}`), ...[...points].reverse().map((each) => `${x(each.labels)},${y(each.low)}`)].join(" ");
  return html`<figure class="rise">
    <div class="axes">
      <svg viewBox="0 0 300 100" preserveAspectRatio="none" aria-hidden="true">
        ${[0, 50, 100].map((at) => html`<line key=${at} class="grid" x1="0" x2="300" y1=${at} y2=${at} />`)}
        <polygon class="band" points=${band} />
        <line class="baseline" x1="0" x2="300" y1=${y(baseline)} y2=${y(baseline)} />
        <polyline class="line" points=${line} />
      </svg>
      <span class="top-label">100 %</span><span class="middle-label">50 %</span>
    </div>
    <figcaption class="small soft">${found.length > 1 ? T.curve(least, most) : T.curveOne(least)}</figcaption>
  </figure>`;
}

function Standing({ state, onSave, saving, saved, served }) {
  const { estimate } = state;
  return html`<aside class="standing" aria-label=${T.standing}>
    <h2>${T.accuracy}</h2>
    <div class="estimate">${estimate
      ? html`<p class="figure">${percent(estimate.accuracy)}</p>
        <p class="small soft">${T.interval(estimate.low, estimate.high)}<br />${T.f1(estimate.macro_f1)}<br />${T.baseline(estimate.majority_baseline)}</p>`
      : html`<p class="soft">${T.noEstimate}</p>`}</div>
    ${state.curve.length > 0 && estimate && html`<${Curve} points=${state.curve} baseline=${estimate.majority_baseline} />`}
    ${estimate && html`<p class="small soft">${T.estimateHint}</p>`}
    <h2>${T.labels(state.labelled)}</h2>
    <dl class="counts">${state.classes.map((each) => {
      const of = estimate?.labels.find(({ label }) => label === each.name);
      return html`<div key=${each.name}><dt>${each.name}</dt><dd>${formatted(each.labelled)}${of && html` <span class="soft small">${T.recall(of.recall)}</span>`}</dd></div>`;
    })}</dl>
    <p class="small soft">${T.chosen(state.texts, state.sampled)}</p>
    <div class="actions">
      <${Button} kind="primary" busy=${saving} disabled=${!estimate} onClick=${onSave}>${T.save}<//>
    </div>
    ${saved && html`<${Note} kind="good"><p>${T.saved(saved.folder, saved.labelled)}</p><//><p class="small soft">${T.savedCommand}</p><${Command} text=${`likewise classify predict ${served}.labelling/${saved.folder} more.csv`} />`}
  </aside>`;
}

function Rows({ items, chosen, onChoose, children }) {
  return html`<ul class="rows">${items.map((each) => html`<li key=${each.id}>
    <label><input type="checkbox" checked=${chosen.has(each.id)} onChange=${() => onChoose(each.id)} />
      <span class="text" dir="auto">${cut(each.text, LINE)}</span></label>
    <span class="guess small">${each.label ? html`<span class="chip">${each.label}</span> <span class="number soft">${percent(each.probability)}</span>` : ""}</span>
  </li>`)}${children}</ul>`;
}

function useChosen(items) {
  const [chosen, setChosen] = useState(new Set());
  const toggle = (id) => setChosen((now) => {
    const next = new Set(now);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  const some = (items ?? []).filter(({ id }) => chosen.has(id));
  const all = some.length > 0 && some.length === items?.length;
  return { chosen, toggle, some, all, every: () => setChosen(all ? new Set() : new Set(items.map(({ id }) => id))), clear: () => setChosen(new Set()) };
}

/** Texts near to one, to give all of them a label at once. */
function Similar({ item, name, classes, onGive, onClose }) {
  const { data, error, reload } = useLoaded(item ? (signal) => api.get(api.withQuery(path(name, "/similar"), { id: item.id, k: 30 }), { signal }) : null, [item?.id]);
  const texts = item && data ? [item, ...data.items] : null;
  const { chosen, toggle, some, all, every, clear } = useChosen(texts);
  useEffect(clear, [item?.id]);
  return html`<${Dialog} open=${Boolean(item)} title=${T.similarTitle} onClose=${onClose}>
    <p class="soft small">${T.similarHint}</p>
    <${ErrorNote} error=${error} retry=${reload} />
    ${!texts && !error && html`<${Loading} lines=${6} />`}
    ${texts && html`<div class="actions"><${Button} kind="quiet" onClick=${every}>${all ? T.none : T.all(texts.length)}<//></div>
      <div class="scrolled" tabindex="0" role="region" aria-label=${T.similarTitle}><${Rows} items=${texts} chosen=${chosen} onChoose=${toggle} /></div>
      <p class="small" role="status">${T.choose(some.length)}</p>
      ${some.length > 0 && html`<${Classes} classes=${classes} name=${T.giveAll(some.length)} onGive=${(label) => (onGive(some, label), onClose())} />`}`}
  <//>`;
}

function Rest({ name, state, onGive }) {
  const [order, setOrder] = useState("surest");
  const [label, setLabel] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const ready = state.classes.filter(({ labelled }) => labelled > 0).length > 1;
  const { data, error, loading, reload } = useLoaded(ready ? (signal) => api.get(api.withQuery(path(name, "/rest"), { order, label, limit }), { signal }) : null, [order, label, limit, state.revision]);
  const { chosen, toggle, some, all, every, clear } = useChosen(data?.items);
  if (!ready) return html`<${Empty} title=${T.restNone}>${T.restNoneHint}<//>`;
  const give = async (as) => {
    const groups = Object.groupBy ? Object.groupBy(some, (each) => as ?? each.label) : some.reduce((found, each) => ((found[as ?? each.label] ??= []).push(each), found), {});
    clear();
    for (const [of, texts] of Object.entries(groups)) await onGive(texts, of);
  };
  return html`<section class="rest">
    <div class="options">
      <${Choice} label=${T.order} options=${[["surest", T.surest], ["least_sure", T.leastSure]]} value=${order} onChange=${setOrder} />
      <label class="inline"><span class="small soft">${T.predicted}</span>
        <select value=${label} onChange=${(event) => setLabel(event.target.value)}>
          <option value="">${T.any}</option>${state.classes.map((each) => html`<option key=${each.name}>${each.name}</option>`)}
        </select></label>
      <span class="small soft" role="status">${data ? T.total(data.total) : ""}</span>
    </div>
    <${ErrorNote} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} lines=${8} />`}
    ${data && html`<div class="bulk">
      <${Button} kind="quiet" onClick=${every} disabled=${!data.items.length}>${all ? T.none : T.all(data.items.length)}<//>
      ${some.length > 0 && html`<${Button} onClick=${() => give(null)}>${T.asPredicted(some.length)}<//><span class="small soft">${T.orAs}</span><${Classes} classes=${state.classes} name=${T.giveAll(some.length)} onGive=${give} />`}
    </div>
    <div class=${loading ? "stale" : ""} aria-busy=${loading}>
      <${Rows} items=${data.items} chosen=${chosen} onChoose=${toggle} />
      ${data.items.length < data.total && limit < 500 && html`<div class="more"><${Button} onClick=${() => setLimit(Math.min(500, limit + PAGE))}>${T.more}<//></div>`}
    </div>`}
  </section>`;
}

function Mistakes({ name, state, onGive }) {
  const { data, error, reload } = useLoaded((signal) => api.get(path(name, "/mistakes"), { signal }), [state.revision]);
  const [kept, setKept] = useState(new Set());
  const items = data?.items.filter(({ id }) => !kept.has(id));
  if (error) return html`<${ErrorNote} error=${error} retry=${reload} />`;
  if (!items) return html`<${Loading} lines=${6} />`;
  if (!items.length) return html`<${Empty} title=${T.mistakesNone}>${state.estimate ? T.mistakesNoneHint : T.noEstimate}<//>`;
  return html`<section class="mistakes">
    <p class="soft">${T.mistakesLead}</p>
    <ul>${items.map((each) => html`<li key=${each.id}>
      <p dir="auto">${cut(each.text, LINE)}</p>
      <p class="small soft">${T.mistake(each.label, each.predicted, each.probability)}</p>
      <div class="actions">
        <${Button} onClick=${() => onGive([each], each.predicted)}>${T.changeTo(each.predicted)}<//>
        <${Button} kind="quiet" onClick=${() => setKept(new Set([...kept, each.id]))}>${T.keep(each.label)}<//>
      </div>
    </li>`)}</ul>
  </section>`;
}

function EditClasses({ open, state, onClose, name, change }) {
  const [typed, setTyped] = useState("");
  useEffect(() => open && setTyped(state.classes.map((each) => each.name).join(", ")), [open]);
  const keep = async (event) => {
    event.preventDefault();
    onClose();
    await change((revision) => api.put(path(name, "/classes"), { classes: classesOf(typed), revision }));
  };
  return html`<${Dialog} open=${open} title=${T.edit} onClose=${onClose}>
    <form onSubmit=${keep}>
      <${Field} label=${T.classes} hint=${T.editHint} wide><textarea rows="3" value=${typed} onInput=${(event) => setTyped(event.target.value)} spellcheck=${false}></textarea><//>
      <div class="actions"><${Button} kind="primary" type="submit">${T.editSave}<//></div>
    </form>
  <//>`;
}

function Session({ name, params, status, go, refresh }) {
  const { state, items, error, last, give, undo, change, reload, fail } = useSession(name);
  const view = ["rest", "mistakes"].includes(params.view) ? params.view : "next";
  const [similar, setSimilar] = useState(null);
  const [editing, setEditing] = useState(false);
  const [saving, setSaving] = useState(false);
  const [saved, setSaved] = useState(null);
  const item = items?.[0];
  const canUndo = Boolean(state && (state.labelled > 0 || state.skipped > 0 || state.revision > 0));
  const label = (as) => item && give([item], as);
  useKeys(view === "next" && state
    ? { ...Object.fromEntries(state.classes.slice(0, 9).map((each, n) => [String(n + 1), () => label(each.name)])), s: () => label(null), u: undo, m: () => item && setSimilar(item) }
    : { u: undo });
  const save = async () => {
    setSaving(true);
    try {
      setSaved(await api.post(path(name, "/save")));
      refresh?.();
    } catch (problem) {
      fail(problem);
    }
    setSaving(false);
  };
  if (!state) return error ? html`<${ErrorNote} error=${error} retry=${error.status === 404 ? null : reload} />${error.status === 404 && html`<p><a href="#/label">${T.back}</a></p>`}` : html`<${Loading} label=${T.opening} lines=${8} />`;
  const done = last && (last.undone ? T.undone(last.undone) : last.label === null ? T.skipped : T.given(last.label, last.count));
  return html`<${Heading} title=${T.session(name)}>
      <${Button} kind="quiet" onClick=${() => setEditing(true)}>${T.edit}<//>
      <${Button} kind="quiet" onClick=${async () => {
        const lines = await (await api.fetched(path(name, "/labels"))).text();
        const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([lines], { type: "application/x-ndjson" })), download: `${name}.jsonl` });
        link.click();
      }} disabled=${!state.labelled}>${T.download}<//>
      <${Button} kind="quiet" onClick=${() => go("label", {})}>${T.others}<//>
    <//>
    <${Live}>${[done, view === "next" && item ? T.announced(cut(item.text, LINE)) : ""].filter(Boolean).join(". ")}<//>
    <${ErrorNote} error=${error} />
    <div class="session">
      <div class="work">
        <div class="views"><${Choice} label=${T.view} options=${[["next", T.views.next], ["rest", T.views.rest], ["mistakes", T.views.mistakes]]} value=${view} onChange=${(to) => go("label", { session: name, view: to === "next" ? null : to })} />
          <span class="small soft">${view === "next" ? done : ""}</span></div>
        ${view === "next" && (item
          ? html`<${Card} item=${item} classes=${state.classes} onGive=${label} onSkip=${() => label(null)} onUndo=${undo} canUndo=${canUndo} onSimilar=${() => setSimilar(item)} />`
          : items && !error ? html`<${Empty} title=${T.finished}>${T.finishedHint}<//>` : html`<${Loading} lines=${6} />`)}
        ${view === "rest" && html`<${Rest} name=${name} state=${state} onGive=${give} />`}
        ${view === "mistakes" && html`<${Mistakes} name=${name} state=${state} onGive=${give} />`}
      </div>
      <${Standing} state=${state} onSave=${save} saving=${saving} saved=${saved} served=${status.name} />
    </div>
    <${Similar} item=${similar} name=${name} classes=${state.classes} onGive=${give} onClose=${() => setSimilar(null)} />
    <${EditClasses} open=${editing} state=${state} onClose=${() => setEditing(false)} name=${name} change=${change} />`;
}

export function Label({ status, params, go, refresh }) {
  return params.session ? html`<${Session} key=${params.session} name=${params.session} params=${params} status=${status} go=${go} refresh=${refresh} />` : html`<${Begin} status=${status} go=${go} />`;
}
