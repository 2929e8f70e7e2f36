import{A as D,B as F,C as Q,D as _,E as q,F as L,G as te,H as le,I as ae,N as W,b as Y,g as Z,h as B,i as A,j as ee,l as U,n as v,o as G,q as se,s as H,u as t,w as I,x as ne,y as b,z as M}from"./chunk-7STJFURB.js";var s=Y.label,ie=12,oe=5,re=50,me=3e3,z=240,O=(e,i="")=>`/labelling/${encodeURIComponent(e)}${i}`,T=(e,i)=>{let o=Array.from(e);return o.length>i?`${o.slice(0,i).join("").trimEnd()} \u2026`:e},ce=e=>`${Math.round(100*e)} %`,K=e=>e.toLowerCase().replace(/[^a-z0-9_-]+/g,"-").replace(/^[-_]+|[-_]+$/g,"").slice(0,64).replace(/[-_]+$/,""),$e=e=>e.split(/[,\n]/).map(i=>i.trim()).filter(Boolean);function fe({status:e,go:i}){let{data:o,error:d,reload:r}=I(a=>B("/labelling",{signal:a}),[]),[l,$]=v(""),[p,c]=v(""),[n,g]=v(null),[k,C]=v(!1),h=$e(l),w=async a=>{if(a)try{let u=(await A("/search",{query:"",k:1,snippets:!1,facets:[a]})).results[0].facets[a].map(({value:f})=>f).filter(f=>f!==null);$(u.slice(0,50).map(f=>String(f).replaceAll(","," ")).join(", ")),p||c(a)}catch(m){g(m)}},j=async a=>{a.preventDefault(),C(!0);try{let m=K(p)||K(h.join("-"))||"labels";await A("/labelling",{name:m,classes:h}),i("label",{session:m})}catch(m){g(m),C(!1)}};return t`<${Q} title=${s.title} lead=${s.lead} />
    <${L} error=${d} retry=${r} />
    ${!o&&!d&&t`<${q} lines=${3} />`}
    ${o?.sessions.length>0&&t`<section class="begun">
      <h2>${s.goOn}</h2>
      <ul>${o.sessions.map(a=>t`<li key=${a.name}>
        <div><strong>${a.name}</strong><span class="small soft">${s.counts(a.classes,a.labelled)}</span></div>
        <${b} onClick=${()=>i("label",{session:a.name})} aria-label=${s.goOnWith(a.name)}>${s.continue}<//>
      </li>`)}</ul>
    </section>`}
    ${o&&t`<section class="begin">
      <h2>${o.sessions.length?s.new:s.first}</h2>
      <form onSubmit=${j}>
        <${M} label=${s.classes} hint=${s.classesHint} wide>
          <textarea rows="2" required value=${l} onInput=${a=>$(a.target.value)} placeholder=${s.classesPlaceholder} spellcheck=${!1}></textarea>
        <//>
        ${h.length>0&&t`<p class="chips" aria-hidden="true">${h.slice(0,50).map((a,m)=>t`<span key=${m} class="chip">${m<9&&t`<kbd>${m+1}</kbd>`} ${a}</span>`)}</p>`}
        ${e.index.columns.length>0&&t`<${M} label=${s.column}>
          <select onChange=${a=>w(a.target.value)}>
            <option value="">${s.columnNone}</option>
            ${e.index.columns.map(a=>t`<option key=${a.name}>${a.name}</option>`)}
          </select>
        <//>`}
        <${M} label=${s.name} hint=${s.nameHint}>
          <input value=${p} maxlength="80" onInput=${a=>c(a.target.value)} placeholder=${K(h.join("-"))||s.namePlaceholder} autocomplete="off" spellcheck=${!1} />
        <//>
        <${L} error=${n} />
        <div class="actions"><${b} kind="primary" type="submit" busy=${k} disabled=${h.length<2}>${s.start}<//></div>
      </form>
    </section>`}`}function ge(e){let[i,o]=v(null),[d,r]=v(null),[l,$]=v(null),[p,c]=v(null),n=se({revision:0,chain:Promise.resolve(),epoch:0,given:new Map}).current,g=H(async()=>{if(n.filling)return;n.filling=!0;let{epoch:a}=n;try{let{items:m}=await B(U(O(e,"/next"),{k:ie}));a===n.epoch&&r(u=>{let f=new Set((u??[]).map(({id:S})=>S));return[...u??[],...m.filter(({id:S})=>!f.has(S)&&!n.given.has(S))]})}catch(m){$(m),r(u=>u??[])}finally{n.filling=!1}},[e]),k=H(async()=>{if(n.wanted=!0,!n.refreshing){n.refreshing=!0;try{for(;n.wanted;){n.wanted=!1;let a=await B(O(e));a.revision>=n.revision&&o(a),n.revision=Math.max(n.revision,a.revision)}}catch(a){$(a)}finally{n.refreshing=!1}}},[e]),C=H(async()=>{n.epoch+=1,n.given.clear(),n.filling=!1,r(null),await k(),await g()},[e]),h=H(a=>{let{epoch:m}=n;return n.chain=n.chain.then(async()=>{if(m!==n.epoch)return null;try{let u=await a(n.revision);return n.revision=u.revision,o(f=>f&&{...f,revision:u.revision,classes:u.classes,labelled:u.labelled}),k(),u}catch(u){return await C(),$(u),null}}),n.chain},[e]),w=H((a,m)=>{$(null);for(let f of a)n.given.set(f.id,f);let u=a.map(({id:f})=>f);return r(f=>(f??[]).filter(({id:S})=>!u.includes(S))),c({label:m,count:a.length}),h(f=>A(O(e,"/labels"),{ids:u,label:m,revision:f}))},[e]),j=H(async()=>{$(null);let a=await h(u=>A(O(e,"/undo"),{revision:u}));if(!a)return;let m=await Promise.all(a.ids.slice(0,ie).map(u=>n.given.get(u)??B(`/documents/${encodeURIComponent(u)}`).catch(()=>null)));for(let u of a.ids)n.given.delete(u);r(u=>[...m.filter(Boolean),...(u??[]).filter(({id:f})=>!a.ids.includes(f))]),c({undone:a.ids.length})},[e]);return G(()=>(k(),void g()),[e]),G(()=>{d&&d.length<=oe&&d.length<(i?.texts??1/0)&&g()},[d?.length<=oe,i?.revision]),{state:i,items:d,error:l,last:p,give:w,undo:j,change:h,reload:C,fail:$}}function J({classes:e,onGive:i,keys:o,name:d}){return t`<div class="classes" role="group" aria-label=${d}>
    ${e.map((r,l)=>t`<${b} key=${r.name} onClick=${()=>i(r.name)} aria-keyshortcuts=${o&&l<9?String(l+1):null}>
      ${o&&l<9&&t`<kbd aria-hidden="true">${l+1}</kbd>`}<span>${r.name}</span>
    <//>`)}
  </div>`}function ve({item:e,classes:i,onGive:o,onSkip:d,onUndo:r,onSimilar:l,canUndo:$}){let p=Object.entries(e.columns??{}).filter(([,c])=>c!==null&&String(c).length<=60).slice(0,8);return t`<article class="card" aria-labelledby="to-label">
    <h2 id="to-label" class="unseen">${s.toLabel}</h2>
    <p class="text" dir="auto">${T(e.text,me)}</p>
    <p class="about small soft">
      ${e.why&&t`<span class="chip" title=${s.whyHint[e.why]}>${e.rare?s.rare(e.rare):s.why[e.why]}</span>`}
      ${e.label&&t`<span>${s.guess(e.label,e.probability)}</span>`}
      ${p.map(([c,n])=>t`<span key=${c}>${c}: ${W(n,4)}</span>`)}
    </p>
    <${J} classes=${i} onGive=${o} keys name=${s.give} />
    <div class="actions">
      <${b} kind="quiet" onClick=${d} aria-keyshortcuts="s"><kbd aria-hidden="true">S</kbd> ${s.skip}<//>
      <${b} kind="quiet" onClick=${r} disabled=${!$} aria-keyshortcuts="u"><kbd aria-hidden="true">U</kbd> ${s.undo}<//>
      <${b} kind="quiet" onClick=${l} aria-keyshortcuts="m"><kbd aria-hidden="true">M</kbd> ${s.similar}<//>
    </div>
  </article>`}function be({points:e,baseline:i}){let o=e.length>1?e:[e[0],{...e[0],labels:e[0].labels+1}],d=Math.max(...o.map(({labels:n})=>n)),r=Math.min(...o.map(({labels:n})=>n)),l=n=>300*(n-r)/(d-r),$=n=>100-100*n,p=o.map(n=>`${l(n.labels)},${$(n.accuracy)}`).join(" "),c=[...o.map(n=>`${l(n.labels)},${$(n.high)}`),...[...o].reverse().map(n=>`${l(n.labels)},${$(n.low)}`)].join(" ");return t`<figure class="rise">
    <div class="axes">
      <svg viewBox="0 0 300 100" preserveAspectRatio="none" aria-hidden="true">
        ${[0,50,100].map(n=>t`<line key=${n} class="grid" x1="0" x2="300" y1=${n} y2=${n} />`)}
        <polygon class="band" points=${c} />
        <line class="baseline" x1="0" x2="300" y1=${$(i)} y2=${$(i)} />
        <polyline class="line" points=${p} />
      </svg>
      <span class="top-label">100 %</span><span class="middle-label">50 %</span>
    </div>
    <figcaption class="small soft">${e.length>1?s.curve(r,d):s.curveOne(r)}</figcaption>
  </figure>`}function he({state:e,onSave:i,saving:o,saved:d,served:r}){let{estimate:l}=e;return t`<aside class="standing" aria-label=${s.standing}>
    <h2>${s.accuracy}</h2>
    <div class="estimate">${l?t`<p class="figure">${ce(l.accuracy)}</p>
        <p class="small soft">${s.interval(l.low,l.high)}<br />${s.f1(l.macro_f1)}<br />${s.baseline(l.majority_baseline)}</p>`:t`<p class="soft">${s.noEstimate}</p>`}</div>
    ${e.curve.length>0&&l&&t`<${be} points=${e.curve} baseline=${l.majority_baseline} />`}
    ${l&&t`<p class="small soft">${s.estimateHint}</p>`}
    <h2>${s.labels(e.labelled)}</h2>
    <dl class="counts">${e.classes.map($=>{let p=l?.labels.find(({label:c})=>c===$.name);return t`<div key=${$.name}><dt>${$.name}</dt><dd>${W($.labelled)}${p&&t` <span class="soft small">${s.recall(p.recall)}</span>`}</dd></div>`})}</dl>
    <p class="small soft">${s.chosen(e.texts,e.sampled)}</p>
    <div class="actions">
      <${b} kind="primary" busy=${o} disabled=${!l} onClick=${i}>${s.save}<//>
    </div>
    ${d&&t`<${te} kind="good"><p>${s.saved(d.folder,d.labelled)}</p><//><p class="small soft">${s.savedCommand}</p><${ae} text=${`likewise classify predict ${r}.labelling/${d.folder} more.csv`} />`}
  </aside>`}function de({items:e,chosen:i,onChoose:o,children:d}){return t`<ul class="rows">${e.map(r=>t`<li key=${r.id}>
    <label><input type="checkbox" checked=${i.has(r.id)} onChange=${()=>o(r.id)} />
      <span class="text" dir="auto">${T(r.text,z)}</span></label>
    <span class="guess small">${r.label?t`<span class="chip">${r.label}</span> <span class="number soft">${ce(r.probability)}</span>`:""}</span>
  </li>`)}${d}</ul>`}function pe(e){let[i,o]=v(new Set),d=$=>o(p=>{let c=new Set(p);return c.delete($)||c.add($),c}),r=(e??[]).filter(({id:$})=>i.has($)),l=r.length>0&&r.length===e?.length;return{chosen:i,toggle:d,some:r,all:l,every:()=>o(l?new Set:new Set(e.map(({id:$})=>$))),clear:()=>o(new Set)}}function ye({item:e,name:i,classes:o,onGive:d,onClose:r}){let{data:l,error:$,reload:p}=I(e?j=>B(U(O(i,"/similar"),{id:e.id,k:30}),{signal:j}):null,[e?.id]),c=e&&l?[e,...l.items]:null,{chosen:n,toggle:g,some:k,all:C,every:h,clear:w}=pe(c);return G(w,[e?.id]),t`<${F} open=${!!e} title=${s.similarTitle} onClose=${r}>
    <p class="soft small">${s.similarHint}</p>
    <${L} error=${$} retry=${p} />
    ${!c&&!$&&t`<${q} lines=${6} />`}
    ${c&&t`<div class="actions"><${b} kind="quiet" onClick=${h}>${C?s.none:s.all(c.length)}<//></div>
      <div class="scrolled" tabindex="0" role="region" aria-label=${s.similarTitle}><${de} items=${c} chosen=${n} onChoose=${g} /></div>
      <p class="small" role="status">${s.choose(k.length)}</p>
      ${k.length>0&&t`<${J} classes=${o} name=${s.giveAll(k.length)} onGive=${j=>(d(k,j),r())} />`}`}
  <//>`}function ke({name:e,state:i,onGive:o}){let[d,r]=v("surest"),[l,$]=v(""),[p,c]=v(re),n=i.classes.filter(({labelled:x})=>x>0).length>1,{data:g,error:k,loading:C,reload:h}=I(n?x=>B(U(O(e,"/rest"),{order:d,label:l,limit:p}),{signal:x}):null,[d,l,p,i.revision]),{chosen:w,toggle:j,some:a,all:m,every:u,clear:f}=pe(g?.items);if(!n)return t`<${_} title=${s.restNone}>${s.restNoneHint}<//>`;let S=async x=>{let P=Object.groupBy?Object.groupBy(a,y=>x??y.label):a.reduce((y,N)=>((y[x??N.label]??=[]).push(N),y),{});f();for(let[y,N]of Object.entries(P))await o(N,y)};return t`<section class="rest">
    <div class="options">
      <${D} label=${s.order} options=${[["surest",s.surest],["least_sure",s.leastSure]]} value=${d} onChange=${r} />
      <label class="inline"><span class="small soft">${s.predicted}</span>
        <select value=${l} onChange=${x=>$(x.target.value)}>
          <option value="">${s.any}</option>${i.classes.map(x=>t`<option key=${x.name}>${x.name}</option>`)}
        </select></label>
      <span class="small soft" role="status">${g?s.total(g.total):""}</span>
    </div>
    <${L} error=${k} retry=${h} />
    ${!g&&!k&&t`<${q} lines=${8} />`}
    ${g&&t`<div class="bulk">
      <${b} kind="quiet" onClick=${u} disabled=${!g.items.length}>${m?s.none:s.all(g.items.length)}<//>
      ${a.length>0&&t`<${b} onClick=${()=>S(null)}>${s.asPredicted(a.length)}<//><span class="small soft">${s.orAs}</span><${J} classes=${i.classes} name=${s.giveAll(a.length)} onGive=${S} />`}
    </div>
    <div class=${C?"stale":""} aria-busy=${C}>
      <${de} items=${g.items} chosen=${w} onChoose=${j} />
      ${g.items.length<g.total&&p<500&&t`<div class="more"><${b} onClick=${()=>c(Math.min(500,p+re))}>${s.more}<//></div>`}
    </div>`}
  </section>`}function we({name:e,state:i,onGive:o}){let{data:d,error:r,reload:l}=I(n=>B(O(e,"/mistakes"),{signal:n}),[i.revision]),[$,p]=v(new Set),c=d?.items.filter(({id:n})=>!$.has(n));return r?t`<${L} error=${r} retry=${l} />`:c?c.length?t`<section class="mistakes">
    <p class="soft">${s.mistakesLead}</p>
    <ul>${c.map(n=>t`<li key=${n.id}>
      <p dir="auto">${T(n.text,z)}</p>
      <p class="small soft">${s.mistake(n.label,n.predicted,n.probability)}</p>
      <div class="actions">
        <${b} onClick=${()=>o([n],n.predicted)}>${s.changeTo(n.predicted)}<//>
        <${b} kind="quiet" onClick=${()=>p(new Set([...$,n.id]))}>${s.keep(n.label)}<//>
      </div>
    </li>`)}</ul>
  </section>`:t`<${_} title=${s.mistakesNone}>${i.estimate?s.mistakesNoneHint:s.noEstimate}<//>`:t`<${q} lines=${6} />`}function xe({open:e,state:i,onClose:o,name:d,change:r}){let[l,$]=v("");G(()=>e&&$(i.classes.map(c=>c.name).join(", ")),[e]);let p=async c=>{c.preventDefault(),o(),await r(n=>ee(O(d,"/classes"),{classes:$e(l),revision:n}))};return t`<${F} open=${e} title=${s.edit} onClose=${o}>
    <form onSubmit=${p}>
      <${M} label=${s.classes} hint=${s.editHint} wide><textarea rows="3" value=${l} onInput=${c=>$(c.target.value)} spellcheck=${!1}></textarea><//>
      <div class="actions"><${b} kind="primary" type="submit">${s.editSave}<//></div>
    </form>
  <//>`}function Ce({name:e,params:i,status:o,go:d,refresh:r}){let{state:l,items:$,error:p,last:c,give:n,undo:g,change:k,reload:C,fail:h}=ge(e),w=["rest","mistakes"].includes(i.view)?i.view:"next",[j,a]=v(null),[m,u]=v(!1),[f,S]=v(!1),[x,P]=v(null),y=$?.[0],N=!!(l&&(l.labelled>0||l.skipped>0||l.revision>0)),R=E=>y&&n([y],E);ne(w==="next"&&l?{...Object.fromEntries(l.classes.slice(0,9).map((E,X)=>[String(X+1),()=>R(E.name)])),s:()=>R(null),u:g,m:()=>y&&a(y)}:{u:g});let ue=async()=>{S(!0);try{P(await A(O(e,"/save"))),r?.()}catch(E){h(E)}S(!1)};if(!l)return p?t`<${L} error=${p} retry=${p.status===404?null:C} />${p.status===404&&t`<p><a href="#/label">${s.back}</a></p>`}`:t`<${q} label=${s.opening} lines=${8} />`;let V=c&&(c.undone?s.undone(c.undone):c.label===null?s.skipped:s.given(c.label,c.count));return t`<${Q} title=${s.session(e)}>
      <${b} kind="quiet" onClick=${()=>u(!0)}>${s.edit}<//>
      <${b} kind="quiet" onClick=${async()=>{let E=await(await Z(O(e,"/labels"))).text();Object.assign(document.createElement("a"),{href:URL.createObjectURL(new Blob([E],{type:"application/x-ndjson"})),download:`${e}.jsonl`}).click()}} disabled=${!l.labelled}>${s.download}<//>
      <${b} kind="quiet" onClick=${()=>d("label",{})}>${s.others}<//>
    <//>
    <${le}>${[V,w==="next"&&y?s.announced(T(y.text,z)):""].filter(Boolean).join(". ")}<//>
    <${L} error=${p} />
    <div class="session">
      <div class="work">
        <div class="views"><${D} label=${s.view} options=${[["next",s.views.next],["rest",s.views.rest],["mistakes",s.views.mistakes]]} value=${w} onChange=${E=>d("label",{session:e,view:E==="next"?null:E})} />
          <span class="small soft">${w==="next"?V:""}</span></div>
        ${w==="next"&&(y?t`<${ve} item=${y} classes=${l.classes} onGive=${R} onSkip=${()=>R(null)} onUndo=${g} canUndo=${N} onSimilar=${()=>a(y)} />`:$&&!p?t`<${_} title=${s.finished}>${s.finishedHint}<//>`:t`<${q} lines=${6} />`)}
        ${w==="rest"&&t`<${ke} name=${e} state=${l} onGive=${n} />`}
        ${w==="mistakes"&&t`<${we} name=${e} state=${l} onGive=${n} />`}
      </div>
      <${he} state=${l} onSave=${ue} saving=${f} saved=${x} served=${o.name} />
    </div>
    <${ye} item=${j} name=${e} classes=${l.classes} onGive=${n} onClose=${()=>a(null)} />
    <${xe} open=${m} state=${l} onClose=${()=>u(!1)} name=${e} change=${k} />`}function Oe({status:e,params:i,go:o,refresh:d}){return i.session?t`<${Ce} key=${i.session} name=${i.session} params=${i} status=${e} go=${o} refresh=${d} />`:t`<${fe} status=${e} go=${o} />`}export{Oe as Label};
