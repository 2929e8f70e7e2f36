import{A as Ae,B as Ne,C as T,D as L,E as C,F as q,G as ae,H as z,I as Re,J as De,K as V,L as W,M as Ie,N as P,O as de,P as Te,Q as ze,a as je,b as $,c as Se,d as Z,e as ce,f as Ee,g as qe,h as U,i as I,k as Oe,l as ee,m as Ce,n as x,o as k,q as O,r as Le,s as te,u as s,v as re,w as E,y as w,z as ne}from"./chunk-7STJFURB.js";var j=$.answer,oe=400;function Be({text:e,start:t,end:r}){let n=Array.from(e),[o,a]=[t>oe?t-oe:0,r+oe<n.length?r+oe:n.length];return s`<p class="passage">${o>0&&"\u2026 "}<${W} text=${n.slice(o,a).join("")} answer=${[t-o,r-o]} />${a<n.length&&" \u2026"}</p>`}function Me({id:e,columns:t,go:r}){return s`<div class="source small soft">
    <span>${e}</span>
    ${Object.entries(t??{}).filter(([,n])=>n!==null&&String(n).length<=60).map(([n,o])=>s`<span key=${n}>${n}: ${P(o,4)}</span>`)}
    <${w} kind="quiet" onClick=${()=>r("search",{like:e})}>${$.search.like}<//>
  </div>`}function nt({value:e}){return s`<p class="confidence"><meter min="0" max="1" value=${e} aria-label=${j.confidence}></meter><span>${j.sure(e)}</span></p>`}function Fe({params:e,go:t}){let r=(e.q??"").trim(),[n,o]=x(r),a=O(null);k(()=>o(r),[r]),k(()=>a.current?.focus(),[]);let{data:i,error:l,loading:c,reload:u}=E(r?v=>I("/answer",{question:r},{signal:v}):null,[r]),p=v=>(v.preventDefault(),n.trim()&&t("answer",{q:n.trim()})),[d,...m]=i?.evidence??[];return s`<${T} title=${$.journeys.answer} lead=${j.lead} />
    <form class="question" onSubmit=${p} role="search">
      <input ref=${a} class="query" type="search" value=${n} placeholder=${j.placeholder} aria-label=${j.field} onInput=${v=>o(v.target.value)} autocomplete="off" enterkeyhint="go" />
      <${w} kind="primary" type="submit">${j.ask}<//>
    </form>
    <${z}>${c||!i?"":i.found?j.announced(i.answer):j.nothing}<//>
    ${l&&s`<${q} error=${l} retry=${u} />`}
    ${c&&!i&&s`<${C} label=${j.measuring} lines=${5} />`}
    <div class=${c?"answered stale":"answered"} aria-busy=${c}>
      ${i&&i.found&&s`<article class="best">
        <blockquote dir="auto">${i.answer}</blockquote>
        <${nt} value=${i.confidence} />
        <h2>${j.passage}</h2>
        <${Be} ...${d} />
        <${Me} ...${d} go=${t} />
      </article>`}
      ${i&&!i.found&&s`<div class="nothing">
        <h2>${j.nothing}</h2>
        <p class="soft">${d?j.nothingHint:j.nothingAtAll}</p>
      </div>`}
      ${i&&(i.found?m:d?[d,...m]:[]).length>0&&s`<section>
        <h2>${i.found?j.others:j.nearest}</h2>
        <ol>
          ${(i.found?m:[d,...m]).map(v=>s`<li key=${v.id}><${Be} ...${v} /><${Me} ...${v} go=${t} /></li>`)}
        </ol>
      </section>`}
      ${!r&&s`<${L} title=${j.empty}>${j.emptyHint}<//>`}
    </div>`}var y=$.api,Ue=(e,t)=>(e?.$ref?t.components.schemas[e.$ref.split("/").pop()]:e)??{};function G(e){if(!e||!Object.keys(e).length)return y.any;if(e.$ref)return e.$ref.split("/").pop();if(e.enum)return e.enum.map(r=>JSON.stringify(r)).join(" | ");if(e.const!==void 0)return JSON.stringify(e.const);let t=e.anyOf??e.oneOf;return t?t.map(G).join(" | "):e.type==="array"?y.list(G(e.items)):e.type==="object"&&e.additionalProperties?y.map(G(e.additionalProperties)):e.format?`${e.type} (${e.format})`:e.type??y.any}function pe(e,t,r=new Map){if(!e||typeof e!="object")return r;if(e.$ref){let n=e.$ref.split("/").pop();if(r.has(n))return r;r.set(n,Ue(e,t)),pe(r.get(n),t,r)}else Object.values(e).forEach(n=>pe(n,t,r));return r}function at({name:e,schema:t}){let r=Object.entries(t.properties??{}).map(([n,o])=>({field:n,each:o}));return r.length?s`<div class="fields">
    <h4>${e}</h4>
    <${V} caption=${e} rows=${r} keyOf=${({field:n})=>n} columns=${[[y.name,({field:n})=>s`<code>${n}</code>`],[y.type,({each:n})=>s`<span class="type">${G(n)}</span>`],[y.meaning,({field:n,each:o})=>[o.description??"",t.required?.includes(n)?y.required:o.default!==void 0?y.byDefault(o.default):""].filter(Boolean).join(" \xB7 ")]]} />
  </div>`:null}var He=({schema:e,document:t})=>[...pe(e,t)].map(([r,n])=>s`<${at} key=${r} name=${r} schema=${n} />`);function ot(e,t,r){let n=new URL(".",location.href).href.replace(/\/$/,""),o=r.parameters??[],a=t.replace(/\{(\w+)\}/g,(u,p)=>o.find(d=>d.name===p)?.example??p.toUpperCase()),i=o.filter(u=>u.in==="query"&&u.example!==void 0).map(({name:u,example:p})=>`${u}=${encodeURIComponent(p)}`),l=["curl","-s",...e==="get"?[]:["-X",e.toUpperCase()],`'${n}${a}${i.length?`?${i.join("&")}`:""}'`];r.security&&l.push(...Z()?["-H",'"Authorization: Bearer $KEY"']:[]);let c=r.requestBody?.content;return c?.["application/json"]?l.push("-H 'Content-Type: application/json'",`-d '${JSON.stringify(c["application/json"].example??{}).replaceAll("'","'\\''")}'`):c&&l.push(`-H 'Content-Type: ${Object.keys(c)[0]}'`,"--data-binary @FILE"),l.join(" ")}function st({method:e,path:t,operation:r,document:n}){let o=Object.entries(r.requestBody?.content??{}),a=Object.entries(r.responses[200]?.content??{}),i=Object.entries(r.responses).filter(([l])=>l>=400);return s`<details class="operation">
    <summary><span class=${`method ${e}`}>${e.toUpperCase()}</span> <code>${t}</code> <span class="soft">${r.summary}</span></summary>
    <div class="described">
      <p>${r.description}${r.security?` ${y.key}`:""}</p>
      <${Re} text=${ot(e,t,r)} />
      ${r.parameters?.length>0&&s`<h3>${y.parameters}</h3><${V} caption=${y.parameters} rows=${r.parameters} keyOf=${({name:l})=>l} columns=${[[y.name,({name:l})=>s`<code>${l}</code>`],[y.type,({schema:l})=>s`<span class="type">${G(l)}</span>`],[y.meaning,l=>[l.schema?.description??l.description??"",y.in[l.in],l.required?y.required:l.schema?.default!==void 0?y.byDefault(l.schema.default):""].filter(Boolean).join(" \xB7 ")]]} />`}
      ${o.map(([l,{schema:c,example:u}])=>s`<div key=${l}><h3>${y.body} <span class="soft">${l}</span></h3>
        <p class="soft">${Ue(c,n).description}</p>
        ${u!==void 0&&s`<pre tabindex="0" aria-label=${y.example}>${JSON.stringify(u,null,2)}</pre>`}
        <${He} schema=${c} document=${n} /></div>`)}
      ${a.map(([l,{schema:c}])=>s`<div key=${l}><h3>${y.response} <span class="soft">${l}</span></h3><${He} schema=${c} document=${n} /></div>`)}
      ${i.length>0&&s`<p class="soft small">${y.errors}: ${i.map(([l,{description:c}])=>`${l} ${c}`).join(", ")}</p>`}
    </div>
  </details>`}function Pe(){let{data:e,error:t,reload:r}=E(l=>U("/openapi.json",{signal:l}),[]),n=O(null);if(t)return s`<${q} error=${t} retry=${r} />`;if(!e)return s`<${C} lines=${12} />`;let o=Object.entries(e.paths).flatMap(([l,c])=>Object.entries(c).map(([u,p])=>({path:l,method:u,operation:p}))),a=[...new Set(o.map(({operation:l})=>l.tags?.[0]??""))],i=l=>n.current.querySelectorAll("details").forEach(c=>c.open=l);return s`<${T} title=${$.journeys.api} lead=${y.lead}>
      <${w} kind="quiet" onClick=${()=>i(!0)}>${y.openAll}<//><${w} kind="quiet" onClick=${()=>i(!1)}>${y.closeAll}<//>
      <a class="button" href="openapi.json" target="_blank" rel="noopener">${y.document}</a>
    <//>
    <div ref=${n}>
      ${a.map(l=>s`<section key=${l} class="tag"><h2>${l}</h2>
        ${o.filter(({operation:c})=>(c.tags?.[0]??"")===l).map(c=>s`<${st} key=${c.method+c.path} ...${c} document=${e} />`)}
      </section>`)}
    </div>`}var S=$.learned,it=12;function Ke({value:e}){return s`<span class="cosine"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rest" width="100" height="8" /><rect class="meaning" width=${Math.max(0,100*e)} height="8" />
  </svg><span>${e.toFixed(2)}</span></span>`}function lt({text:e,onText:t}){let{data:r,error:n,loading:o,reload:a}=E(e.trim()?i=>I("/neighbours",{text:e,k:it},{signal:i}):null,[e]);return n?s`<${q} error=${n} retry=${n.status===404?null:a} />`:e.trim()?r?s`<div class=${o?"near stale":"near"} aria-busy=${o}>
    <${z}>${o?"":S.announced(r.words.slice(0,3).map(({word:i})=>i))}<//>
    <section><h3>${S.words}</h3>
      ${r.words.length?s`<ul>${r.words.map(({word:i,cosine:l})=>s`<li key=${i}>
        <button type="button" class="button quiet" onClick=${()=>t(i)} lang="">${i}</button><${Ke} value=${l} /></li>`)}</ul>`:s`<p class="soft">${S.noWords}</p>`}
    </section>
    <section><h3>${S.texts}</h3>
      ${r.texts.length?s`<ul>${r.texts.map(({id:i,text:l,cosine:c})=>s`<li key=${i}>
        <span class="text" dir="auto">${l.length>160?`${Array.from(l).slice(0,160).join("").trimEnd()} \u2026`:l}</span><${Ke} value=${c} /></li>`)}</ul>`:s`<p class="soft">${S.noTexts}</p>`}
    </section>
  </div>`:s`<${C} lines=${8} />`:s`<p class="soft">${S.neighboursHint}</p>`}function ct(){let{data:e,error:t,reload:r}=E(c=>I("/report/ticket",void 0,{signal:c}),[]),[n,o]=x(!1),a=E(e?c=>qe(e.path,{signal:c}).then(({ok:u})=>u):null,[e]);k(()=>o(!1),[e]);let i=t??a.error;if(i)return i.status===404?s`<${L} title=${S.noReport}>${i.message}<//>`:s`<${q} error=${i} retry=${t?r:a.reload} />`;let l=e?.path.replace(/^\//,"");return s`<div class="frame">
    ${!n&&s`<${C} label=${S.making} />`}
    ${a.data&&s`<iframe src=${l} title=${S.report} onLoad=${()=>o(!0)} class=${n?"":"hidden"}></iframe>`}
  </div>
  ${a.data&&s`<p class="small"><a href=${l} target="_blank" rel="noopener">${S.open}</a></p>`}`}function Je({params:e,go:t}){let[r,n]=x(e.q??""),o=re(r,150);return k(()=>n(e.q??""),[e.q]),k(()=>o!==(e.q??"")&&t("learned",{q:o},{replace:!0}),[o]),s`<${T} title=${S.title} lead=${S.lead} />
    <section class="neighbours">
      <h2>${S.neighbours}</h2>
      <input type="search" value=${r} placeholder=${S.placeholder} aria-label=${S.field} onInput=${a=>n(a.target.value)} autocomplete="off" spellcheck=${!1} />
      <${lt} text=${o} onText=${a=>t("learned",{q:a})} />
    </section>
    <section><h2>${S.report}</h2><${ct} /></section>`}var b=$.progress,ie=["mrr","loss","effective_rank"],dt=["train","open","replace_model"],Ve=2e3,pt=400,ut=400,mt=200,ue=e=>e.toLocaleString("en",{maximumSignificantDigits:3}),se=({state:e})=>e==="running"||e==="queued",_e={curves:Object.fromEntries(ie.map(e=>[e,[]])),messages:[],now:null,job:null};function $t(e,{kind:t,text:r,done:n,total:o,...a}){let i={...e.curves},l=t==="evaluation"?ie:t==="step"?["loss"]:[];for(let p of l){let d=a[p];if(typeof d!="number"||p==="loss"&&n===0)continue;let m=i[p].at(-1)?.[0]===n?i[p].slice(0,-1):i[p];i[p]=[...m,[n,d]]}let c=t==="message"||t==="warning"||t==="evaluation"?[...e.messages,{kind:t,text:r}].slice(-mt):e.messages,u=t==="step"||t==="count"?{text:r??"",done:n,total:o,speed:a.texts_per_second,at:a.time}:e.now;return{...e,curves:i,messages:c,now:u}}function ft(e,t){let[r,n]=x({..._e,lost:!1});return k(()=>{if(!e)return;let o=new AbortController,[a,i,l]=[_e,0,0],c=(d=!1)=>{cancelAnimationFrame(l),l=requestAnimationFrame(()=>n({...a,lost:d}))},u=async()=>{let d=ee(`/jobs/${encodeURIComponent(e)}/events`,{after:i});for await(let{event:m,data:v,id:f}of Ce(d,{signal:o.signal}))if(i=Number(f),a=m==="end"?{...a,job:v}:$t(a,v),c(),m==="end")return!0;return!1};return(async()=>{for(;!o.signal.aborted;){try{if(await u())return t(a.job)}catch(d){if(d.name==="AbortError")return;if(d.status===404||d.status===401)return t(null)}c(!0),await new Promise(d=>setTimeout(d,Ve))}})(),()=>(o.abort(),cancelAnimationFrame(l))},[e]),r}function gt({name:e,points:t}){let r=Math.max(1,Math.ceil(t.length/ut)),n=t.filter((d,m)=>m%r===0||m===t.length-1),o=n.map(([,d])=>d),[a,i]=[Math.min(...o),Math.max(...o)],[l,c]=[n[0][0],n.at(-1)[0]],u=d=>100*(c===l?1:(d-l)/(c-l)),p=d=>38-36*(i===a?.5:(d-a)/(i-a));return s`<figure class="curve">
    <figcaption><h3>${b.curves[e]}</h3><strong class="number">${ue(o.at(-1))}</strong></figcaption>
    <div class="axes"><span class="most">${ue(i)}</span><span class="least">${ue(a)}</span>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${b.curve(b.curves[e],o)}>
        <path class="axis" d="M0 2H100M0 38H100" /><path class="line" d=${`M${n.map(([d,m])=>`${u(d).toFixed(2)} ${p(m).toFixed(2)}`).join("L")}`} />
      </svg>
    </div>
    <p class="steps soft small"><span>${b.atStep(l)}</span><span>${b.atStep(c)}</span></p>
    <p class="soft small">${b.curveHints[e]}</p>
  </figure>`}function ht(e){let[t,r]=x(null);return k(()=>{e&&(!t||t.text!==e.text||t.total!==e.total||e.done<t.done)&&r(e)},[e]),!e?.total||!t||e.at-t.at<3||e.done<=t.done?null:(e.total-e.done)*(e.at-t.at)/(e.done-t.done)}function bt({result:e}){let t=Object.entries(e??{}).filter(([,r])=>["string","number","boolean"].includes(typeof r));return t.length?s`<dl class="result">${t.map(([r,n])=>s`<div key=${r}><dt>${r.replaceAll("_"," ")}</dt><dd>${P(n,4)}</dd></div>`)}</dl>`:null}function vt({job:e,onEnd:t,mayWrite:r}){let{curves:n,messages:o,now:a,lost:i,job:l}=ft(e.id,t),[c,u]=x(null),p=ht(a),d=()=>Oe(`/jobs/${encodeURIComponent(e.id)}`).then(()=>u({message:b.cancelled}),u),m={...e,...l},v=a?[a.text,b.step(a.done,a.total),a.speed&&b.speed(a.speed),p&&b.left(p)].filter(Boolean).join(" \xB7 "):b.states[m.state];return s`<section class="running">
    <div class="heading"><h2>${b.kinds[m.kind]??m.kind}</h2>${r&&se(m)&&s`<${w} onClick=${d} disabled=${c!==null}>${b.cancel}<//>`}</div>
    ${se(m)&&s`<${De} value=${a?.total?a.done:null} max=${a?.total??1} label=${v} />`}
    ${m.state==="failed"&&s`<${q} error=${{message:m.detail}} />`}
    ${m.state!=="failed"&&m.detail&&s`<${ae}>${m.detail}<//>`}
    ${m.state==="done"&&s`<${bt} result=${m.result} />`}
    ${c&&s`<${ae}>${c.message}<//>`}
    ${i&&s`<${ae}>${b.lost}<//>`}
    ${ie.some(f=>n[f].length>1)?s`<div class="curves">${ie.filter(f=>n[f].length>1).map(f=>s`<${gt} key=${f} name=${f} points=${n[f]} />`)}</div>`:dt.includes(m.kind)&&se(m)&&s`<p class="soft">${b.waiting}</p>`}
    ${o.length>0&&s`<h3>${b.messages}</h3><ol class="messages" tabindex="0" aria-label=${b.messages}>${[...o].reverse().map(({kind:f,text:M},Y)=>s`<li key=${o.length-Y} class=${f}>${M}</li>`)}</ol>`}
  </section>`}function We({status:e,params:t,go:r,refresh:n}){let{data:o,error:a,loading:i,reload:l}=E(f=>U("/jobs",{signal:f}),[]),[c,u]=x(!1),p=[...o?.jobs??[]].reverse(),d=p.find(({id:f})=>f===t.job)??p.find(({state:f})=>f==="running")??p.find(se)??p[0],m=f=>{l(),n(),f?.kind==="open"&&f.state==="done"&&!t.job&&u(!0)},v=!e.index&&d?.kind==="open";return k(()=>{if(c&&e.index)return r("search",{},{replace:!0});if(!v&&!c)return;let f=setTimeout(n,c?pt:Ve);return()=>clearTimeout(f)},[c,v,e]),s`<${T} title=${b.title} lead=${b.lead}>
      ${e.index&&s`<${w} kind="primary" onClick=${()=>r("search",{})}>${b.search}<//>`}
    <//>
    <${z}>${d?`${b.kinds[d.kind]??d.kind}: ${b.states[d.state]}`:""}<//>
    ${a&&s`<${q} error=${a} retry=${l} />`}
    ${!o&&i&&s`<${C} lines=${5} />`}
    ${o&&!d&&s`<${L} title=${b.none}>${b.noneHint}<//>`}
    ${d&&s`<${vt} key=${d.id} job=${d} onEnd=${m} mayWrite=${e.access.write} />`}
    ${p.length>1&&s`<section><h2>${b.earlier}</h2><${V} caption=${b.earlier} rows=${p} keyOf=${({id:f})=>f} columns=${[[b.columns.kind,f=>s`<a href=${`#/progress?job=${encodeURIComponent(f.id)}`} aria-current=${f===d?"true":null}>${b.kinds[f.kind]??f.kind}</a>`],[b.columns.state,f=>b.states[f.state]],[b.columns.began,f=>f.started?new Date(1e3*f.started).toLocaleString("en"):""]]} /></section>`}`}var g=$.search,yt=300,me=20,kt=320,wt=20,$e=8,xt=["hybrid","vector","text"].map(e=>[e,g.modes[e],g.modeHints[e]]),fe=e=>`"${String(e).replaceAll('"','""')}"`,Xe=e=>typeof e=="string"?fe(e):String(e);function jt(e,t){let r=Object.entries(e).flatMap(([n,{in:o,from:a,to:i}])=>{let l=fe(n);if(!o)return[a!=null&&`${l} >= ${a}`,i!=null&&`${l} <= ${i}`].filter(Boolean);let c=o.filter(p=>p!==null);return[`(${[c.length&&`${l} in (${c.map(Xe).join(", ")})`,c.length<o.length&&`${l} = null`].filter(Boolean).join(" or ")})`]});return t.trim()&&r.unshift(`(${t.trim()})`),r.join(" and ")||null}function St(e){try{let t=JSON.parse(e);return t&&typeof t=="object"&&!Array.isArray(t)?t:{}}catch{return{}}}function Et(e,t,r){let n=e[t]?.in??[],o=n.includes(r)?n.filter(l=>l!==r):[...n,r],{[t]:a,...i}=e;return o.length?{...i,[t]:{in:o}}:i}function qt(e,t,r,n){let{[t]:o,...a}=e,i={from:o?.from??null,to:o?.to??null,[r]:n===""?null:Number(n)};return i.from===null&&i.to===null?a:{...a,[t]:i}}var Ot=(e,t)=>e.type==="number"||t.length>$e&&t.every(({value:r})=>r===null||typeof r=="number");function Ct({name:e,values:t,chosen:r,onToggle:n}){let[o,a]=x(!1),l=[...r.filter(c=>!t.some(u=>u.value===c)).map(c=>({value:c,count:0})),...t];return s`<ul class="values">
      ${l.slice(0,o?l.length:$e).map(({value:c,count:u})=>s`<li key=${`${typeof c}${c}`}>
        <label><input type="checkbox" checked=${r.includes(c)} onChange=${()=>n(c)} />
          <span class="value" dir="auto" title=${g.value(c)}>${g.value(c)}</span><span class="count">${P(u)}</span></label>
      </li>`)}
    </ul>
    ${l.length>$e&&s`<${w} kind="quiet" onClick=${()=>a(!o)} aria-label=${g.allOf(o,e)}>${g.all(o,l.length)}<//>`}`}function Lt({name:e,range:t,onChange:r}){let n=(o,a)=>s`<label><span class="unseen">${g.bound(e,a)}</span>
    <input type="number" step="any" placeholder=${a} value=${t?.[o]??""} onChange=${i=>r(o,i.target.value)} /></label>`;return s`<div class="range">${n("from",g.from)}<span aria-hidden="true">–</span>${n("to",g.to)}</div>`}function At(e,t){let r=o=>/^\w+$/.test(o)?o:fe(o);return e.flatMap(({name:o})=>{let a=t[o]?.find(i=>i.value!==null&&String(i.value).length<20)?.value;return a===void 0?[]:typeof a=="number"?[`${r(o)} < ${a}`]:[`${r(o)} = ${Xe(a)}`]}).slice(0,2).join(" and ")}function Nt({columns:e,facets:t,filters:r,onFilters:n,free:o,onFree:a,error:i}){let[l,c]=x(o);k(()=>c(o),[o]);let u=Object.keys(r).length+(o?1:0),p=e.map(d=>{let m=t[d.name]??[],v=r[d.name];return!m.length&&!v?null:s`<fieldset key=${d.name}>
      <legend>${d.name}</legend>
      ${(v?!v.in:Ot(d,m))?s`<${Lt} name=${d.name} range=${v} onChange=${(f,M)=>n(qt(r,d.name,f,M))} />`:s`<${Ct} name=${d.name} values=${m} chosen=${v?.in??[]} onToggle=${f=>n(Et(r,d.name,f))} />`}
    </fieldset>`});return s`<div class="facets">
    ${p}
    ${e.length>0&&s`<form onSubmit=${d=>(d.preventDefault(),a(l))}>
      <${ne} label=${g.where} hint=${i?null:At(e,t)}>
        <input value=${l} onInput=${d=>c(d.target.value)} onBlur=${()=>a(l)}
          aria-invalid=${!!i} aria-describedby=${i?"where-error":null} spellcheck=${!1} autocomplete="off" />
      <//>
      ${i&&s`<p id="where-error" class="where-error" role="alert">${i.message}</p>`}
    </form>`}
    ${u>0&&s`<${w} kind="quiet" onClick=${()=>(n({}),a(""))}>${g.clear}<//>`}
  </div>`}var Rt=e=>e!==null&&String(e).length<=60;function Dt({hit:e,current:t,onLike:r,onOpen:n,open:o}){let{snippet:a,text:i}=e,l=a&&(a.start>0||a.end<Array.from(i).length),c=a&&{matches:a.matches.map(([p,d])=>[p+a.start,d+a.start]),answer:a.answer&&a.answer.map(p=>p+a.start)},u=Object.entries(e.columns??{}).filter(([,p])=>Rt(p));return s`<li class=${t?"hit current":"hit"} data-id=${e.id}>
    <article tabindex="-1" aria-label=${g.hit(e.id)}>
      <p class="text">
        ${!a||o?s`<${W} text=${i} ...${c} />`:s`${a.start>0&&"\u2026 "}<${W} text=${a.text} matches=${a.matches} answer=${a.answer} />${l&&a.end<Array.from(i).length&&" \u2026"}`}
      </p>
      <div class="about">
        ${e.score!==null&&s`<${Ie} meaning=${e.meaning} words=${e.words} />`}
        <span class="id">${e.id}</span>
        ${u.map(([p,d])=>s`<span key=${p} class="column"><span class="of">${p}</span> ${g.value(d)}</span>`)}
        <span class="acts">
          ${l&&s`<${w} kind="quiet" aria-expanded=${o} onClick=${n}>${o?g.less:g.whole}<//>`}
          <${w} kind="quiet" onClick=${r}>${g.like}<//>
        </span>
      </div>
    </article>
  </li>`}function It({hits:e,name:t}){let r=()=>e.map(({id:o,text:a,score:i,meaning:l,words:c,columns:u})=>({...u,id:o,text:a,score:i,meaning:l,words:c})),n=()=>["id","text","score","meaning","words",...Object.keys(e[0].columns??{}).filter(o=>!["id","text","score","meaning","words"].includes(o))];return s`<span class="exports">${g.export}
    <${w} kind="quiet" aria-label=${g.exportAs("CSV")} disabled=${!e.length} onClick=${()=>de(`${t}.csv`,"text/csv",Te(n(),r()))}>CSV<//>
    <${w} kind="quiet" aria-label=${g.exportAs("JSONL")} disabled=${!e.length} onClick=${()=>de(`${t}.jsonl`,"application/x-ndjson",ze(r()))}>JSONL<//>
  </span>`}function Tt(e,{field:t,open:r,like:n}){let[o,a]=x(-1),i=O(null);k(()=>a(-1),[e]);let l=u=>{if(a(u),u<0)t.current?.focus();else{let p=i.current?.children[u]?.querySelector("article");p?.focus({preventScroll:!0}),p?.scrollIntoView({block:"nearest"})}};return{at:o,list:i,onKeyDown:u=>{let p=u.target===t.current,d=u.target.closest?.("article");if(!p&&(!d||u.target!==d)&&u.key!=="Escape")return;let m={ArrowDown:()=>o<e.length-1&&l(o+1),ArrowUp:()=>o>=0&&l(o-1),Escape:()=>!p&&l(-1),Enter:()=>o>=0&&!p&&r(e[o]),l:()=>!p&&o>=0&&n(e[o])}[u.key];m&&m()!==!1&&u.preventDefault()}}}function zt(){let e=matchMedia("(min-width: 62rem)"),[t,r]=x(e.matches);return k(()=>{let n=()=>r(e.matches);return e.addEventListener("change",n),()=>e.removeEventListener("change",n)},[]),t}function Bt({query:e,like:t,mode:r,where:n,columns:o,count:a}){let i=O(null);return E(async l=>{for(;i.current;)await i.current;l.throwIfAborted();let c=performance.now(),u={k:a,mode:r,where:n,facets:o},p=t?I("/similar",{id:t,...u}):I("/search",{query:e,...u});i.current=p.then(()=>i.current=null,()=>i.current=null);let d=await p;return{...d.results[0],milliseconds:d.milliseconds,whole:performance.now()-c}},[e,t,r,n,a,o.join(`
`)])}function Ge({status:e,params:t,go:r}){let[n,o]=x(t.q??""),[a,i]=x(me),[l,c]=x(null),u=re(n,yt),{like:p="",mode:d="hybrid",where:m=""}=t,v=Le(()=>St(t.filters??"{}"),[t.filters]),f=O(null),M=zt(),Y=e.index.columns,Ye=!!(p||n.trim()),{data:A,error:J,loading:F,reload:Qe}=Bt({query:n,like:p,mode:d,where:jt(v,m),columns:Y.map(({name:h})=>h).slice(0,wt),count:a}),B=te((h,R)=>{let D={...t,...h};D.mode==="hybrid"&&delete D.mode,D.filters==="{}"&&delete D.filters,r("search",D,R)},[t,r]),Ze=h=>B({filters:JSON.stringify(h)}),et=h=>{o(h),i(me),p&&B({like:""})},_=O(u);k(()=>{u!==_.current&&(_.current=u,B({q:u,like:""},{replace:!0}))},[u]),k(()=>{(t.q??"")!==_.current&&(_.current=t.q??"",o(_.current))},[t.q]),k(()=>f.current?.focus(),[]);let ve=JSON.stringify([n,p,d,m]),H=O({asked:"",facets:{}});if(H.current.asked!==ve&&(H.current={asked:ve,facets:{}}),A&&!F)for(let[h,R]of Object.entries(A.facets))(!v[h]||!H.current.facets[h])&&(H.current.facets[h]=R);let tt={...A?.facets,...Object.fromEntries(Object.keys(v).filter(h=>H.current.facets[h]).map(h=>[h,H.current.facets[h]]))},N=A?.hits??[],ye=({id:h})=>c(l===h?null:h),ke=({id:h})=>(i(me),scrollTo(0,0),B({like:h})),le=Tt(N,{field:f,open:ye,like:ke}),we=J?.status===422&&(m||Object.keys(v).length)?J:null,xe=A?Ye?g.found(N.length,A.whole):g.browsing(N.length,A.texts??N.length):"",rt=s`<${Nt} columns=${Y} facets=${tt} filters=${v} onFilters=${Ze}
    free=${m} onFree=${h=>h!==m&&B({where:h})} error=${we} />`,Q=Object.keys(v).length+(m?1:0);return s`<div onKeyDown=${le.onKeyDown}>
    <h1 class="unseen" tabindex="-1">${$.journeys.search}</h1>
    <search class="bar-of-search">
      <input ref=${f} type="search" class="query" value=${n} placeholder=${g.placeholder(e.index.texts)} aria-label=${g.field}
        aria-describedby="search-keys" onInput=${h=>et(h.target.value)} autocomplete="off" spellcheck=${!1} enterkeyhint="search" />
      <${Ae} label=${g.mode} options=${xt} value=${d} onChange=${h=>B({mode:h})} />
    </search>
    <p id="search-keys" class="unseen">${g.keys}</p>
    <div class="columns">
      <aside aria-label=${g.filters}>
        <details open=${M} class=${M?"open":""}><summary>${g.filters}${Q>0&&` (${Q})`}</summary>${rt}</details>
        <dl class="help">${g.helpKeys.map(([h,R])=>s`<div key=${R}><dt>${h.map(D=>s`<kbd key=${D}>${D}</kbd> `)}</dt><dd>${R}</dd></div>`)}</dl>
      </aside>
      <section aria-label=${g.results}>
        <div class="summary">
          <span class=${F?"count stale":"count"}>${xe||" "}</span>
          <${It} hits=${N} name=${g.file} />
        </div>
        <${z}>${F||n!==u?"":xe}<//>
        ${p&&s`<div class="note like"><span>${g.likeOf(p)}</span><${w} kind="quiet" onClick=${()=>B({like:""})}>${g.back}<//></div>`}
        ${J&&!we&&s`<${q} error=${J} retry=${Qe} />`}
        ${!A&&F&&s`<${C} lines=${9} />`}
        ${A&&!N.length&&!J&&s`<${L} title=${Q?g.noneFiltered:g.none}>${Q?g.noneFilteredHint:g.noneHint}<//>`}
        <ol class="hits" ref=${le.list} aria-busy=${F}>
          ${N.map((h,R)=>s`<${Dt} key=${h.id} hit=${h} current=${R===le.at} open=${l===h.id}
            onOpen=${()=>ye(h)} onLike=${()=>ke(h)} />`)}
        </ol>
        ${N.length>=a&&a<kt&&s`<div class="more"><${w} busy=${F} onClick=${()=>i(a*2)}>${g.more}<//></div>`}
      </section>
    </div>
  </div>`}var ge=e=>!!e.index,K=[{name:"search",Component:Ge,served:ge,hint:$.notServed.index,command:"likewise open FILE"},{name:"answer",Component:Fe,served:ge,hint:$.notServed.index,command:"likewise open FILE"},{name:"map",load:()=>import("./map-ANOP762T.js").then(({TextMap:e})=>e),served:e=>e.map,hint:$.notServed.map,command:"likewise map INDEX"},{name:"duplicates",load:()=>import("./duplicates-CC4QCCKU.js").then(({Duplicates:e})=>e),served:e=>e.duplicates,hint:$.notServed.duplicates,command:"likewise serve INDEX --duplicates STORE"},{name:"label",load:async()=>(await import("./label-TJTEPJ3Y.js")).Label,served:ge,hint:$.notServed.label,command:"likewise serve INDEX"},{name:"recommend",load:async()=>(await import("./recommend-HAP4MTSW.js")).Recommend,served:e=>e.recommender,hint:$.notServed.recommender,command:"likewise serve INDEX --recommender FOLDER"},{name:"learned",Component:Je,served:()=>!0},{name:"progress",Component:We,served:e=>e.jobs||e.job,hint:$.notServed.jobs,command:"likewise serve INDEX --data-folder FOLDER",aside:!0},{name:"api",Component:Pe,served:()=>!0,aside:!0}].filter(({Component:e,load:t})=>e||t);function he(){let[e,t=""]=location.hash.replace(/^#\/?/,"").split(/\?(.*)/s);return{name:e||K[0].name,params:Object.fromEntries(new URLSearchParams(t))}}function be(e,t={}){return`#${ee(`/${e}`,t)}`}function Mt(){let[e,t]=x(he);k(()=>{let n=()=>t(he());return addEventListener("popstate",n),addEventListener("hashchange",n),()=>(removeEventListener("popstate",n),removeEventListener("hashchange",n))},[]);let r=te((n,o,{replace:a=!1}={})=>{history[a?"replaceState":"pushState"](null,"",be(n,o)),t(he())},[]);return[e,r]}function Ft({current:e,status:t,onKey:r}){let n=({name:a})=>s`<a key=${a} href=${be(a)} aria-current=${a===e?"page":null}>${$.journeys[a]}</a>`,o=O(null);return k(()=>{o.current?.querySelector("[aria-current]")?.scrollIntoView({block:"nearest",inline:"nearest"})},[e]),s`<header class="top">
    <a class="skip" href="#content" onClick=${a=>(a.preventDefault(),document.querySelector("main").focus())}>${$.skip}</a>
    <a class="brand" href=${be(K[0].name)}>
      <svg viewBox="0 0 32 24" aria-hidden="true"><circle cx="11" cy="12" r="9" /><circle cx="21" cy="12" r="9" /></svg>
      <span>${$.name}</span>
    </a>
    <nav aria-label=${$.menu} ref=${o}>
      ${K.filter(({aside:a})=>!a).map(n)}
      <span class="gap"></span>
      ${K.filter(({aside:a})=>a).map(n)}
    </nav>
    <div class="served">
      ${t&&s`<span title=${t.name}>${t.name}</span>`}
      ${t?.access.keys&&Z()&&s`<${w} kind="quiet" onClick=${r}>${$.key.forget}<//>`}
    </div>
  </header>`}function Ht(){let[e,t]=x(null),r=O(null);k(()=>{Se(a=>(t(a),new Promise(i=>r.current=i)))},[]);let n=a=>(r.current?.(a),r.current=null,t(null)),o=a=>{a.preventDefault(),ce(new FormData(a.target).get("key").trim()),n(!0)};return s`<${Ne} open=${e!==null} title=${$.key.title} onClose=${()=>n(!1)}>
    <form onSubmit=${o}>
      <p>${e}</p>
      <${ne} label=${$.key.field} hint=${$.key.hint} wide>
        <input type="password" name="key" required autocomplete="off" spellcheck=${!1} autofocus />
      <//>
      <div class="actions"><${w} kind="primary" type="submit">${$.key.enter}<//></div>
    </form>
  <//>`}function Ut({load:e,...t}){let{data:r,error:n,reload:o}=E(e,[e]);return n?s`<${q} error=${n} retry=${o} />`:r?s`<${r} ...${t} />`:s`<${C} />`}function Pt({route:e,status:t,go:r,refresh:n}){let o=K.find(({name:d})=>d===e.name);if(!o)return s`<${L} whole title=${$.errors.unknown}>${$.errors.unknownHint}<//>`;if(!t.access.read)return s`<${L} whole title=${$.key.title}><${w} kind="primary" onClick=${n}>${$.key.give}<//><//>`;let{name:a,Component:i,load:l,served:c,hint:u,command:p}=o;return c(t)?s`<${i??Ut} key=${a} load=${l} status=${t} params=${e.params} go=${r} refresh=${n} />`:s`<${L} whole title=${$.notServed.title($.journeys[a])} command=${p}>${u}<//>`}async function Kt(e){for(;;){let t=await U("/status",{signal:e});if(t.access.read||!await Ee($.key.why))return t}}function Jt(){let[e,t]=Mt(),{data:r,error:n,reload:o}=E(Kt,[]);k(()=>{document.title=`${$.journeys[e.name]??$.name} \xB7 ${r?.name??$.name}`},[e.name,r]);let a=O(e.name);k(()=>{a.current!==e.name&&(scrollTo(0,0),document.activeElement?.closest("main")||document.querySelector("main h1")?.focus({preventScroll:!0})),a.current=e.name},[e.name]);let i=r?.job;return s`<${Ft} current=${e.name} status=${r} onKey=${()=>(ce(""),location.reload())} />
    ${i&&e.name!=="progress"&&s`<div class="job" role="status"><span>${$.job.running(i.kind)}</span> <a href="#/progress">${$.job.show}</a></div>`}
    <main id="content" class=${e.name} tabindex="-1">
      ${r?s`<${Pt} route=${e} status=${r} go=${t} refresh=${o} />`:n?null:s`<${C} />`}
      <${q} error=${r?null:n} retry=${o} />
    </main>
    <${Ht} />`}je(s`<${Jt} />`,document.getElementById("page"));
