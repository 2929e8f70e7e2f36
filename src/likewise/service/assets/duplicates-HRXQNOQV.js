import{B as J,C as he,D as te,E as I,G as be,K as ke,M as V,b as de,g as pe,h as U,i as $e,k as me,l as j,n as x,o as D,p as L,q as Z,t as p,u as ee,v as _,w as ge,x as y,y as fe}from"./chunk-D334JD6O.js";var e=de.duplicates,Ee="(min-width: 62.01rem)",we=20,Re=5,ve=150,Ne=1e5,se=2400,ne=1200,B=(s,r)=>`${Math.min(s,r)} ${Math.max(s,r)}`;function Ue(s){let r=s.trim().replace(",",".");return/^\d+(\.\d+)?\s*%$/.test(r)?(parseFloat(r)/100).toFixed(6):/^0?\.\d+$|^1\.0*$/.test(r)||/^[1-9]\d*$/.test(r)?r:null}function je(s,r){let $=JSON.stringify(s),{data:n,error:m,loading:o,reload:a}=_(s&&(c=>U(j("/duplicates/groups",{...s,limit:we}),{signal:c})),[$]),[i,u]=x({of:null,groups:[],after:null}),h=L(null),k=i.of===n,P=Z(()=>{let c=new Set;return[...n?.groups??[],...k?i.groups:[]].filter(({row:f})=>!c.has(f)&&c.add(f))},[n,i]),v=k&&n?i.after:n?.after;return{data:n,error:m,loading:o,reload:a,groups:P,fetchMore:async()=>{if(!(!v||h.current===v)){h.current=v;try{let c=await U(j("/duplicates/groups",{...s,limit:we,after:v}));u(f=>({of:n,groups:[...f.of===n?f.groups:[],...c.groups],after:c.after}))}catch(c){r(c)}h.current=null}}}}function Te(s,r,$){let[n,m]=x({}),o=L([]),a=L(Promise.resolve()),i=L({}),u=(l,c)=>m(i.current={...i.current,[l]:c}),h=(l,c,f)=>f===null?me(j(`/duplicates/decisions/${l}/${c}`,{version:s})):$e("/duplicates/decisions",{version:s,decisions:[{first:l,second:c,duplicate:f}]}),k=(l,c,f,S)=>{let T=B(l,c);u(T,f),a.current=a.current.then(()=>h(l,c,f)).then($,Q=>{u(T,S),o.current=o.current.filter(E=>E.pair!==T),r(Q)})};return{made:n,decide:(l,c,f,S)=>{S!==f&&(o.current.push({pair:B(l,c),first:l,second:c,before:S}),k(l,c,f,S))},undo:()=>{let l=o.current.pop();return l&&k(l.first,l.second,l.before,i.current[l.pair]??null),l},takeBack:(l,c)=>k(l,c,null,i.current[B(l,c)]??null)}}function xe({text:s,marks:r,length:$}){let[n,m]=x(!1),o=Z(()=>Array.from(s),[s]),a=n||o.length<=se?0:Math.max(0,Math.min((r[0]?.[0]??0)-ne/4,o.length-ne)),i=n||o.length<=se?o.length:a+ne,u=r.map(([h,k])=>[Math.max(h,a)-a,Math.min(k,i)-a]).filter(([h,k])=>h<k);return p`<p class="text">${a>0&&"\u2026 "}<${ke} text=${o.slice(a,i).join("")} matches=${u} />${i<$&&" \u2026"}</p>
    ${o.length>se&&p`<${y} kind="quiet" aria-expanded=${n} onClick=${()=>m(!n)}>${n?e.less:e.all($)}<//>`}`}function qe({member:s,current:r,decision:$,onDecide:n,onSelect:m,onUndo:o}){let a=$===!0?"same":$===!1?"apart":"open";return p`<li class=${`member ${a}`} aria-current=${r} tabindex="-1" onClick=${m}>
    <div class="state"><span class="what">${e.states[a]}</span><span class="soft">${s.id}</span>${a!=="open"&&p`<${y} kind="quiet" onClick=${o}>${e.undo}<//>`}</div>
    <${xe} text=${s.text} marks=${s.differences.member} length=${s.length} />
    <div class="why-of">
      <span class="soft">${e.because(s.reason,s.score,s.precision)}</span>
      <span class="acts">
        <${y} aria-pressed=${$===!0} aria-keyshortcuts="k" onClick=${()=>n(!0)}>${e.same} <kbd aria-hidden="true">K</kbd><//>
        <${y} aria-pressed=${$===!1} aria-keyshortcuts="n" onClick=${()=>n(!1)}>${e.apart} <kbd aria-hidden="true">N</kbd><//>
      </span>
    </div>
  </li>`}function Fe({counts:s,texts:r,at:$}){let n=a=>100*a/(s.length-1),m=a=>38-36*a/Math.max(r,1),o=s.map(({kept:a},i)=>`${n(i).toFixed(2)},${m(a).toFixed(2)}`).join(" ");return p`<svg class="remaining" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
    <polygon points=${`0,40 ${o} 100,40`} /><polyline points=${o} vector-effect="non-scaling-stroke" />
    <line x1=${n($)} x2=${n($)} y1="0" y2="40" vector-effect="non-scaling-stroke" />
  </svg>`}function Ie({active:s,onReduce:r,problem:$}){let[n,m]=x(s??""),[o,a]=x(!1);D(()=>m(s??""),[s]);let i=h=>{h.preventDefault();let k=Ue(n);a(k===null&&n.trim()!==""),(k!==null||n.trim()==="")&&r(k)},u=o?e.reduceWrong:$?.message;return p`<form class="reduce" onSubmit=${i}>
    <${fe} label=${e.reduce} hint=${e.reduceHint}>
      <input value=${n} inputmode="decimal" autocomplete="off" onInput=${h=>m(h.target.value)}
        aria-invalid=${!!u} aria-describedby=${u?"reduce-wrong":null} />
    <//>
    <${y} type="submit">${e.reduceDo}<//>
    ${u&&p`<p id="reduce-wrong" class="wrong" role="alert">${u}</p>`}
  </form>`}function Be({again:s,onUndo:r}){let[$,n]=x(!1),{data:m,error:o,reload:a}=_($?i=>U("/duplicates/decisions?limit=100",{signal:i}):null,[$,s]);return p`<details class="decided" onToggle=${i=>n(i.target.open)}>
    <summary>${e.decisions}</summary>
    <${I} error=${o} retry=${a} />
    ${m&&!m.total&&p`<p class="soft">${e.noDecisions}</p>`}
    ${m&&p`<ul>${m.decisions.map(({first:i,second:u,duplicate:h})=>p`<li key=${B(i.row,u.row)}>
      <span class="what">${h?e.states.same:e.states.apart}</span>
      <span class="pair" dir="auto"><span>${i.text.slice(0,200)}</span><span>${u.text.slice(0,200)}</span></span>
      <${y} kind="quiet" aria-label=${e.undoOf(i.id,u.id)} onClick=${()=>r(i.row,u.row)}>${e.undo}<//>
    </li>`)}</ul>
    ${m.total>m.decisions.length&&p`<p class="soft">${e.moreDecisions(m.total)}</p>`}`}
  </details>`}async function ye(s,r){let $=await pe(j("/duplicates/kept",{...s,format:r})),n=URL.createObjectURL(await $.blob());Object.assign(document.createElement("a"),{href:n,download:`kept.${r}`}).click(),setTimeout(()=>URL.revokeObjectURL(n),1e4)}function Ge({params:s,go:r}){let[$,n]=x(0),[m,o]=x(null),a=L(!1),i=ee(a.current?0:$,ve),{data:u,error:h,loading:k,reload:P}=_(t=>U("/duplicates/summary",{signal:t}),[i]);a.current=u?.texts>Ne;let v=s.keep??null,[l,c]=x(null),f=u?.counts??[],S=Number(s.precision)||u?.precision||.9,T=t=>f.reduce((b,M,De)=>Math.abs(M.precision-t)<Math.abs(f[b].precision-t)?De:b,0),Q=ee(l,ve);D(()=>{l!==null&&Q===l&&(r("duplicates",{precision:f[l].precision},{replace:!0}),c(null))},[Q]);let E=v?{keep_at_most:v}:{precision:S},{data:w,error:R,loading:z,reload:Me,groups:A,fetchMore:Ae}=je(u||s.precision||v?E:null,o),{made:Ce,decide:re,undo:Se,takeBack:oe}=Te(w?.version,o,()=>n(t=>t+1)),[d,G]=x({group:0,member:0});D(()=>G({group:0,member:0}),[w]);let[W,ae]=x({});D(()=>ae({}),[w]);let g=A[d.group],O=g?[...g.members,...W[g.row]??[]]:[],N=O[d.member]??O[0],ie=L(null),K=L(!1);D(()=>{let t=K.current&&ie.current?.querySelector("[aria-current=true]");t&&(t.focus({preventScroll:!0}),t.scrollIntoView({block:"nearest"})),K.current=!1},[d]),D(()=>{A.length-d.group<=Re&&Ae()},[d.group,A.length]);let H=t=>{let b=g&&Ce[B(g.row,t.row)];return b===void 0?t.reason==="decided"?!0:null:b},q=t=>(K.current=!0,G(t)),F=()=>{d.member+1<O.length?q({...d,member:d.member+1}):d.group+1<A.length&&q({group:d.group+1,member:0})},Y=()=>{d.member>0?q({...d,member:d.member-1}):d.group>0&&q({group:d.group-1,member:A[d.group-1].members.length-1})},le=t=>N&&(o(null),re(g.row,N.row,t,H(N)),F()),ce=()=>{o(null);let t=Se(),b=t?A.findIndex(({row:M})=>M===t.first):-1;b>=0&&q({group:b,member:Math.max(0,A[b].members.findIndex(({row:M})=>M===t.second))})};ge({k:()=>le(!0),n:()=>le(!1),u:ce,j:F,ArrowDown:F,ArrowRight:F,ArrowUp:Y,ArrowLeft:Y});let Oe=async()=>{try{let t=await U(j(`/duplicates/groups/${g.row}`,{...E,offset:O.length}));ae({...W,[g.row]:[...W[g.row]??[],...t.members]})}catch(t){o(t)}};if(h&&!u)return p`<${J} title=${e.title} lead=${e.lead} /><${I} error=${h} retry=${P} />`;if(!u)return p`<${J} title=${e.title} lead=${e.lead} /><${te} label=${e.counting} lines=${8} />`;let X=l??T(v&&w?w.precision:S),C=v&&w?{kept:w.kept,groups:w.total,precision:w.precision}:f[X],ue=v&&R?.status===422?R:null,Le=w&&!z&&!A.length&&!R;return p`<${J} title=${e.title} lead=${e.lead} />
    <div class="columns">
      <aside aria-label=${e.settings}>
        <div class="precision">
          <label for="precision"><span class="label">${e.precision}</span> <output for="precision">${e.share(C.precision)}</output></label>
          <${Fe} counts=${f} texts=${u.texts} at=${X} />
          <input id="precision" type="range" min="0" max=${f.length-1} step="1" value=${X}
            aria-valuetext=${e.sliderText(C.precision,C.kept,u.texts)} onInput=${t=>c(Number(t.target.value))} />
          <p class="hint ends"><span>${e.looser}</span><span>${e.stricter}</span></p>
        </div>
        <dl class=${k?"totals stale":"totals"}>
          <div><dt>${e.kept}</dt><dd>${V(C.kept)}</dd></div>
          <div><dt>${e.dropped}</dt><dd>${V(u.texts-C.kept)}</dd></div>
          <div><dt>${e.groups}</dt><dd>${V(C.groups)}</dd></div>
        </dl>
        ${C.low!=null&&p`<p class="hint">${e.judged(u.answers,C.low,C.high)}</p>`}
        ${v&&w&&!R&&p`<p class="small taken">${e.taken(w.kept,w.precision)} <${y} kind="quiet" onClick=${()=>r("duplicates",{})}>${e.back}<//></p>`}
        <details class="more-settings" open=${matchMedia(Ee).matches}>
          <summary>${e.reduceAndSave}</summary>
          <${Ie} active=${v} problem=${ue} onReduce=${t=>(c(null),r("duplicates",t?{keep:t}:{}))} />
          <p class="exports">${e.save}
            <${y} kind="quiet" aria-label=${e.saveAs("CSV")} onClick=${()=>ye(E,"csv").catch(o)}>CSV<//>
            <${y} kind="quiet" aria-label=${e.saveAs("JSONL")} onClick=${()=>ye(E,"jsonl").catch(o)}>JSONL<//>
          </p>
        </details>
        <dl class="help" aria-label=${e.help}>${e.keys.map(([t,b])=>p`<div key=${b}><dt>${t.map(M=>p`<kbd key=${M}>${M}</kbd> `)}</dt><dd>${b}</dd></div>`)}</dl>
      </aside>
      <section aria-label=${e.review} aria-busy=${z}>
        ${m&&p`<${I} error=${m} />`}
        ${R&&!ue&&p`<${I} error=${R} retry=${Me} />`}
        ${!w&&z&&p`<${te} lines=${9} />`}
        ${Le&&p`<${he} title=${e.none}>${e.noneHint}<//>`}
        ${g&&p`<div class=${z?"group stale":"group"}>
          <div class="position">
            <h2>${e.position(d.group+1,w.total)}</h2>
            <span class="acts">
              <${y} aria-label=${e.previous} disabled=${!d.group&&!d.member} onClick=${Y}>←<//>
              <${y} aria-label=${e.next} disabled=${d.group===A.length-1&&d.member>=O.length-1} onClick=${F}>→<//>
              <${y} aria-keyshortcuts="u" onClick=${ce}>${e.undo} <kbd aria-hidden="true">U</kbd><//>
            </span>
          </div>
          <article class="kept">
            <div class="state"><span class="what">${e.states.kept}</span><span class="soft">${g.id}</span></div>
            <${xe} key=${g.row} text=${g.text} marks=${N?.differences.kept??[]} length=${g.length} />
          </article>
          <ol class="members" ref=${ie} aria-label=${e.membersOf(g.id,g.size)}>
            ${O.map((t,b)=>p`<${qe} key=${t.row} member=${t} current=${b===d.member} decision=${H(t)}
              onSelect=${()=>b!==d.member&&G({...d,member:b})}
              onUndo=${()=>oe(g.row,t.row)}
              onDecide=${M=>(o(null),G({...d,member:b}),re(g.row,t.row,M,H(t)))} />`)}
          </ol>
          ${O.length<g.size&&p`<${y} onClick=${Oe}>${e.moreMembers(g.size-O.length)}<//>`}
        </div>`}
        <${be}>${g&&N?e.announced(d.group+1,w.total,d.member+1,g.size,H(N)):""}<//>
        <${Be} again=${$} onUndo=${oe} />
      </section>
    </div>`}export{Ge as Duplicates,Ue as numberOf};
