import{A as I,C as R,D as b,E as B,F as x,H as L,b as v,h as C,i as q,l as S,n as f,o as h,t as F,u as s,v as H,w,y as p}from"./chunk-7STJFURB.js";var e=v.recommend,E=10,N=100,M=`
`,P=(t,l=160)=>{let i=Array.from(t);return i.length>l?`${i.slice(0,l).join("").trimEnd()} \u2026`:t};function j({label:t,placeholder:l,kind:i,value:n,onValue:r,onPick:o,busy:$}){let u=F(),c=H(n,120),{data:d,error:y}=w(a=>C(S(`/recommend/${i}`,{prefix:c,limit:12}),{signal:a}),[c,i]),k=(i==="users"?d?.users.map(({user:a,liked:m})=>[a,e.liked(m)]):d?.items.map(({item:a,text:m})=>[a,P(m,70)]))??[];return s`<form class="question" onSubmit=${a=>{a.preventDefault();let m=n.trim();m&&o(m)}}>
    <input class="query" list=${u} value=${n} placeholder=${l} aria-label=${t} onInput=${a=>{let{value:m}=a.target;a.inputType==="insertReplacementText"||a.inputType===void 0?o(m):r(m)}} autocomplete="off" spellcheck=${!1} enterkeyhint="go" />
    <datalist id=${u}>${k.map(([a,m])=>s`<option key=${a} value=${a}>${m}</option>`)}</datalist>
    <${p} kind="primary" type="submit" busy=${$}>${i==="users"?e.show:e.add}<//>
  </form><${x} error=${y} />`}function D({share:t}){let l=Math.min(100,Math.max(0,100*t));return s`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rest" width="100" height="8" /><rect class="meaning" width=${l} height="8" />
  </svg>`}function O({reasons:t,more:l,score:i}){let n=t.filter(({part:o})=>o>0);if(!n.length||i<=0)return null;let r=l+t.length-n.length;return s`<div class="reasons"><h3>${e.because}</h3><ul>
    ${n.map(o=>s`<li key=${o.item??`
`}>
      <${D} share=${o.part/i} />
      <span class="number small soft">${e.share(o.part/i)}</span>
      <span class="of" dir="auto">${o.item===null?e.sentence:s`${P(o.text||o.item,90)} <span class="id soft small">${o.item}</span>`}
        ${o.words.length>0&&s` <span class="words"><span class="small soft">${e.words}</span> ${o.words.map(({word:$})=>s`<span key=${$} class="chip">${$}</span>`)}</span>`}
      </span>
    </li>`)}
  </ul>${r>0&&s`<p class="small soft">${e.moreReasons(r)}</p>`}</div>`}function A({items:t,go:l,onLike:i}){return s`<ol class="recommended">${t.map((n,r)=>s`<li key=${n.item}>
    <article aria-label=${e.item(r+1,n.item)}>
      <h2 class="text" dir="auto">${n.text||n.item}</h2>
      <p class="about small soft"><span>${n.item}</span>${n.new&&s`<span class="chip" title=${e.newHint}>${e.new}</span>`}
        <span class="acts"><${p} kind="quiet" onClick=${()=>l("recommend",{similar:n.item})} aria-label=${e.similarTo(n.item)}>${e.similar}<//>
        ${i&&s`<${p} kind="quiet" onClick=${()=>i(n.item)} aria-label=${e.likeThis(n.item)}>${e.like}<//>`}</span></p>
      <${O} ...${n} />
    </article>
  </li>`)}</ol>`}function g({body:t,empty:l,go:i,onLike:n}){let[r,o]=f(E),$=JSON.stringify(t);h(()=>o(E),[$]);let u=t&&(T=>q(t.item?"/recommend/similar":"/recommend",{...t,k:r},{signal:T})),{data:c,error:d,loading:y,reload:k}=w(u,[$,r]);return t?d?s`<${x} error=${d} retry=${d.status===422?null:k} />`:c?s`<div class=${y?"stale":""} aria-busy=${y}>
    <${L}>${y?"":e.announced(c.items.length,c.items[0]?.text)}<//>
    ${c.items.length?s`<${A} items=${c.items} go=${i} onLike=${n} />`:s`<${b} title=${e.nothing}>${e.nothingHint}<//>`}
    ${c.items.length===r&&r<N&&s`<div class="more"><${p} onClick=${()=>o(Math.min(N,r+E))}>${e.more}<//></div>`}
  </div>`:s`<${B} lines=${8} />`:l}function U({user:t,go:l}){let[i,n]=f(t);return h(()=>n(t),[t]),s`<${j} kind="users" label=${e.user} placeholder=${e.userPlaceholder} value=${i} onValue=${n} onPick=${r=>(n(r),l("recommend",{user:r}))} />
    <${g} body=${t?{user:t}:null} go=${l} empty=${s`<${b} title=${e.userEmpty}>${e.userEmptyHint}<//>`} />`}function V({liked:t,go:l}){let[i,n]=f(""),r=$=>l("recommend",{by:"items",liked:$.join(M)}),o=$=>(n(""),r([...t.filter(u=>u!==$),$]));return s`<${j} kind="items" label=${e.itemField} placeholder=${e.itemPlaceholder} value=${i} onValue=${n} onPick=${o} />
    ${t.length>0&&s`<ul class="chips picked" aria-label=${e.picked}>${t.map($=>s`<li key=${$} class="chip">${$}
      <button type="button" class="remove" aria-label=${e.remove($)} onClick=${()=>r(t.filter(u=>u!==$))}>✕</button></li>`)}</ul>`}
    <${g} body=${t.length?{liked:t}:null} go=${l} onLike=${o} empty=${s`<${b} title=${e.itemsEmpty}>${e.itemsEmptyHint}<//>`} />`}function J({text:t,go:l}){let[i,n]=f(t);return h(()=>n(t),[t]),s`<form class="question" onSubmit=${r=>(r.preventDefault(),i.trim()&&l("recommend",{by:"text",text:i.trim()}))}>
      <input class="query" value=${i} placeholder=${e.sentencePlaceholder} aria-label=${e.sentenceField} maxlength="2000" onInput=${r=>n(r.target.value)} autocomplete="off" enterkeyhint="go" />
      <${p} kind="primary" type="submit">${e.show}<//>
    </form>
    <${g} body=${t?{text:t}:null} go=${l} empty=${s`<${b} title=${e.sentenceEmpty}>${e.sentenceEmptyHint}<//>`} />`}function G({status:t,params:l,go:i}){let n=(l.liked??"").split(M).filter(Boolean),r=l.by??(l.similar?"similar":"user"),o=[["user",e.by.user],["items",e.by.items],["text",e.by.text]];return s`<${R} title=${v.journeys.recommend} lead=${e.lead(t.recommender.items,t.recommender.users)} />
    ${r==="similar"?s`<p class="note like"><span>${e.similarItems(l.similar)}</span> <${p} kind="quiet" onClick=${()=>history.back()}>${e.back}<//></p><${g} body=${{item:l.similar}} go=${i} />`:s`<div class="by"><${I} label=${e.byLabel} options=${o} value=${r} onChange=${$=>i("recommend",$==="user"?{}:{by:$})} /></div>
        ${r==="user"&&s`<${U} user=${l.user??""} go=${i} />`}
        ${r==="items"&&s`<${V} liked=${n} go=${i} />`}
        ${r==="text"&&s`<${J} text=${l.text??""} go=${i} />`}`}`}export{G as Recommend};
