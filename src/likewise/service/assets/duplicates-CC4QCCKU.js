import{C as _,D as re,E as J,F as U,H as we,L as ve,N as K,b as ke,g as ge,h as j,i as ee,k as he,l as N,n as C,o as R,q as E,r as te,u as o,v as se,w as I,x as ne,y as w,z as be}from"./chunk-7STJFURB.js";var e=ke.duplicates,Ee="(min-width: 62.01rem)",ye=20,je=5,xe=150,Ne=1e5,oe=2400,ae=1200,P=(t,a)=>`${Math.min(t,a)} ${Math.max(t,a)}`;function Re(t){let a=t.trim().replace(",",".");return/^\d+(\.\d+)?\s*%$/.test(a)?(parseFloat(a)/100).toFixed(6):/^0?\.\d+$|^1\.0*$/.test(a)||/^[1-9]\d*$/.test(a)?a:null}function Ue(t,a){let m=JSON.stringify(t),{data:n,error:f,loading:i,reload:d}=I(t&&(u=>j(N("/duplicates/groups",{...t,limit:ye}),{signal:u})),[m]),[l,$]=C({of:null,groups:[],after:null}),r=E(null),b=l.of===n,M=te(()=>{let u=new Set;return[...n?.groups??[],...b?l.groups:[]].filter(({row:k})=>!u.has(k)&&u.add(k))},[n,l]),v=b&&n?l.after:n?.after;return{data:n,error:f,loading:i,reload:d,groups:M,fetchMore:async()=>{if(!(!v||r.current===v)){r.current=v;try{let u=await j(N("/duplicates/groups",{...t,limit:ye,after:v}));$(k=>({of:n,groups:[...k.of===n?k.groups:[],...u.groups],after:u.after}))}catch(u){a(u)}r.current=null}}}}function qe(t,a,m){let[n,f]=C({}),i=E([]),d=E(Promise.resolve()),l=E({}),$=(c,u)=>f(l.current={...l.current,[c]:u}),r=(c,u,k)=>k===null?he(N(`/duplicates/decisions/${c}/${u}`,{version:t})):ee("/duplicates/decisions",{version:t,decisions:[{first:c,second:u,duplicate:k}]}),b=(c,u,k,h)=>{let S=P(c,u);$(S,k),d.current=d.current.then(()=>r(c,u,k)).then(m,Q=>{$(S,h),i.current=i.current.filter(q=>q.pair!==S),a(Q)})};return{made:n,decide:(c,u,k,h)=>{h!==k&&(i.current.push({pair:P(c,u),first:c,second:u,before:h}),b(c,u,k,h))},undo:()=>{let c=i.current.pop();return c&&b(c.first,c.second,c.before,l.current[c.pair]??null),c},takeBack:(c,u)=>b(c,u,null,l.current[P(c,u)]??null)}}function ie({text:t,marks:a,length:m}){let[n,f]=C(!1),i=te(()=>Array.from(t),[t]),d=n||i.length<=oe?0:Math.max(0,Math.min((a[0]?.[0]??0)-ae/4,i.length-ae)),l=n||i.length<=oe?i.length:d+ae,$=a.map(([r,b])=>[Math.max(r,d)-d,Math.min(b,l)-d]).filter(([r,b])=>r<b);return o`<p class="text">${d>0&&"\u2026 "}<${ve} text=${i.slice(d,l).join("")} matches=${$} />${l<m&&" \u2026"}</p>
    ${i.length>oe&&o`<${w} kind="quiet" aria-expanded=${n} onClick=${()=>f(!n)}>${n?e.less:e.all(m)}<//>`}`}function Te({member:t,current:a,decision:m,onDecide:n,onSelect:f,onUndo:i}){let d=m===!0?"same":m===!1?"apart":"open";return o`<li class=${`member ${d}`} aria-current=${a} tabindex="-1" onClick=${f}>
    <div class="state"><span class="what">${e.states[d]}</span><span class="soft">${t.id}</span>${d!=="open"&&o`<${w} kind="quiet" onClick=${i}>${e.undo}<//>`}</div>
    <${ie} text=${t.text} marks=${t.differences.member} length=${t.length} />
    <div class="why-of">
      <span class="soft">${e.because(t.reason,t.score,t.precision)}</span>
      <span class="acts">
        <${w} aria-pressed=${m===!0} aria-keyshortcuts="k" onClick=${()=>n(!0)}>${e.same} <kbd aria-hidden="true">K</kbd><//>
        <${w} aria-pressed=${m===!1} aria-keyshortcuts="n" onClick=${()=>n(!1)}>${e.apart} <kbd aria-hidden="true">N</kbd><//>
      </span>
    </div>
  </li>`}function Fe({counts:t,texts:a,at:m}){let n=d=>100*d/(t.length-1),f=d=>38-36*d/Math.max(a,1),i=t.map(({kept:d},l)=>`${n(l).toFixed(2)},${f(d).toFixed(2)}`).join(" ");return o`<svg class="remaining" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
    <polygon points=${`0,40 ${i} 100,40`} /><polyline points=${i} vector-effect="non-scaling-stroke" />
    <line x1=${n(m)} x2=${n(m)} y1="0" y2="40" vector-effect="non-scaling-stroke" />
  </svg>`}function Pe({active:t,onReduce:a,problem:m}){let[n,f]=C(t??""),[i,d]=C(!1);R(()=>f(t??""),[t]);let l=r=>{r.preventDefault();let b=Re(n);d(b===null&&n.trim()!==""),(b!==null||n.trim()==="")&&a(b)},$=i?e.reduceWrong:m?.message;return o`<form class="reduce" onSubmit=${l}>
    <${be} label=${e.reduce} hint=${e.reduceHint}>
      <input value=${n} inputmode="decimal" autocomplete="off" onInput=${r=>f(r.target.value)}
        aria-invalid=${!!$} aria-describedby=${$?"reduce-wrong":null} />
    <//>
    <${w} type="submit">${e.reduceDo}<//>
    ${$&&o`<p id="reduce-wrong" class="wrong" role="alert">${$}</p>`}
  </form>`}function Be({again:t,onUndo:a}){let[m,n]=C(!1),{data:f,error:i,reload:d}=I(m?l=>j("/duplicates/decisions?limit=100",{signal:l}):null,[m,t]);return o`<details class="decided" onToggle=${l=>n(l.target.open)}>
    <summary>${e.decisions}</summary>
    <${U} error=${i} retry=${d} />
    ${f&&!f.total&&o`<p class="soft">${e.noDecisions}</p>`}
    ${f&&o`<ul>${f.decisions.map(({first:l,second:$,duplicate:r})=>o`<li key=${P(l.row,$.row)}>
      <span class="what">${r?e.states.same:e.states.apart}</span>
      <span class="pair" dir="auto"><span>${l.text.slice(0,200)}</span><span>${$.text.slice(0,200)}</span></span>
      <${w} kind="quiet" aria-label=${e.undoOf(l.id,$.id)} onClick=${()=>a(l.row,$.row)}>${e.undo}<//>
    </li>`)}</ul>
    ${f.total>f.decisions.length&&o`<p class="soft">${e.moreDecisions(f.total)}</p>`}`}
  </details>`}var He=10;function Ie({precision:t,onChange:a,onEnd:m}){let[n,f]=C(0),[i,d]=C(null),[l,$]=C(!1),{data:r,error:b,loading:M,reload:v}=I(h=>j(N("/duplicates/question",{precision:t,draw:n}),{signal:h}),[t,n]),c=async h=>{if(!(l||M||!r?.first)){$(!0),d(null);try{await ee("/duplicates/decisions",{version:r.version,decisions:[{first:r.first.row,second:r.second.row,duplicate:h}]}),a(),v()}catch(S){d(S)}$(!1)}},u=()=>M||f(n+1);ne({k:()=>c(!0),n:()=>c(!1),s:u});let k=r&&(r.low!=null?e.judged(r.answers,r.low,r.high):r.answers?e.nothingSure:e.checked(r.decisions,He));return o`<div class=${M||l?"check stale":"check"} aria-busy=${M||l}>
    <div class="position"><h2>${e.check}</h2><${w} onClick=${m}>${e.toGroups}<//></div>
    <p class="soft">${e.checkLead(t)}</p>
    ${i&&o`<${U} error=${i} />`}
    ${b&&o`<${U} error=${b} retry=${v} />`}
    ${!r&&M&&o`<${J} lines=${6} />`}
    ${r&&!r.first&&o`<${re} title=${e.noPair}>${e.noPairHint}<//>`}
    ${r?.first&&o`<div class="pairs" key=${P(r.first.row,r.second.row)}>
      ${[["first","kept"],["second","member"]].map(([h,S])=>o`<article class="kept" key=${h}>
        <div class="state"><span class="what">${e[h]}</span><span class="soft">${r[h].id}</span></div>
        <${ie} text=${r[h].text} marks=${r.differences[S]} length=${r[h].length} />
      </article>`)}
      <span class="acts">
        <${w} aria-keyshortcuts="k" onClick=${()=>c(!0)}>${e.same} <kbd aria-hidden="true">K</kbd><//>
        <${w} aria-keyshortcuts="n" onClick=${()=>c(!1)}>${e.apart} <kbd aria-hidden="true">N</kbd><//>
        <${w} kind="quiet" aria-keyshortcuts="s" onClick=${u}>${e.skip} <kbd aria-hidden="true">S</kbd><//>
      </span>
    </div>`}
    <p class="judged" role="status">${k}</p>
  </div>`}async function Ce(t,a){let m=await ge(N("/duplicates/kept",{...t,format:a})),n=URL.createObjectURL(await m.blob());Object.assign(document.createElement("a"),{href:n,download:`kept.${a}`}).click(),setTimeout(()=>URL.revokeObjectURL(n),1e4)}function We({params:t,go:a}){let[m,n]=C(0),[f,i]=C(null),d=E(!1),l=se(d.current?0:m,xe),{data:$,error:r,loading:b,reload:M}=I(s=>j("/duplicates/summary",{signal:s}),[l]);d.current=$?.texts>Ne;let v=t.keep??null,[c,u]=C(null),k=$?.counts??[],h=Number(t.precision)||$?.precision||.9,S=s=>k.reduce((y,A,Le)=>Math.abs(A.precision-s)<Math.abs(k[y].precision-s)?Le:y,0),Q=se(c,xe);R(()=>{c!==null&&Q===c&&(a("duplicates",{...t.check?{check:1}:{},precision:k[c].precision},{replace:!0}),u(null))},[Q]);let q=v?{keep_at_most:v}:{precision:h},{data:x,error:T,loading:G,reload:ce,groups:O,fetchMore:Me}=Ue($||t.precision||v?q:null,i),{made:Ae,decide:le,undo:Se,takeBack:de}=qe(x?.version,i,()=>n(s=>s+1)),[p,z]=C({group:0,member:0});R(()=>z({group:0,member:0}),[x]);let[V,ue]=C({});R(()=>ue({}),[x]);let g=O[p.group],L=g?[...g.members,...V[g.row]??[]]:[],F=L[p.member]??L[0],$e=E(null),Y=E(!1);R(()=>{let s=Y.current&&$e.current?.querySelector("[aria-current=true]");s&&(s.focus({preventScroll:!0}),s.scrollIntoView({block:"nearest"})),Y.current=!1},[p]),R(()=>{O.length-p.group<=je&&Me()},[p.group,O.length]);let W=s=>{let y=g&&Ae[P(g.row,s.row)];return y===void 0?s.reason==="decided"?!0:null:y},B=s=>(Y.current=!0,z(s)),H=()=>{p.member+1<L.length?B({...p,member:p.member+1}):p.group+1<O.length&&B({group:p.group+1,member:0})},X=()=>{p.member>0?B({...p,member:p.member-1}):p.group>0&&B({group:p.group-1,member:O[p.group-1].members.length-1})},pe=s=>F&&(i(null),le(g.row,F.row,s,W(F)),H()),me=()=>{i(null);let s=Se(),y=s?O.findIndex(({row:A})=>A===s.first):-1;y>=0&&B({group:y,member:Math.max(0,O[y].members.findIndex(({row:A})=>A===s.second))})};ne(t.check?{}:{k:()=>pe(!0),n:()=>pe(!1),u:me,j:H,ArrowDown:H,ArrowRight:H,ArrowUp:X,ArrowLeft:X});let Oe=async()=>{try{let s=await j(N(`/duplicates/groups/${g.row}`,{...q,offset:L.length}));ue({...V,[g.row]:[...V[g.row]??[],...s.members]})}catch(s){i(s)}};if(r&&!$)return o`<${_} title=${e.title} lead=${e.lead} /><${U} error=${r} retry=${M} />`;if(!$)return o`<${_} title=${e.title} lead=${e.lead} /><${J} label=${e.counting} lines=${8} />`;let Z=c??S(v&&x?x.precision:h),D=v&&x?{kept:x.kept,groups:x.total,precision:x.precision}:k[Z],fe=v&&T?.status===422?T:null,De=x&&!G&&!O.length&&!T;return o`<${_} title=${e.title} lead=${e.lead} />
    <div class="columns">
      <aside aria-label=${e.settings}>
        <div class="precision">
          <label for="precision"><span class="label">${e.precision}</span> <output for="precision">${e.share(D.precision)}</output></label>
          <${Fe} counts=${k} texts=${$.texts} at=${Z} />
          <input id="precision" type="range" min="0" max=${k.length-1} step="1" value=${Z}
            aria-valuetext=${e.sliderText(D.precision,D.kept,$.texts)} onInput=${s=>u(Number(s.target.value))} />
          <p class="hint ends"><span>${e.looser}</span><span>${e.stricter}</span></p>
        </div>
        <dl class=${b?"totals stale":"totals"}>
          <div><dt>${e.kept}</dt><dd>${K(D.kept)}</dd></div>
          <div><dt>${e.dropped}</dt><dd>${K($.texts-D.kept)}</dd></div>
          <div><dt>${e.groups}</dt><dd>${K(D.groups)}</dd></div>
        </dl>
        ${D.low!=null&&o`<p class="hint">${e.judged($.answers,D.low,D.high)}</p>`}
        ${!t.check&&!v&&o`<p class="small"><${w} onClick=${()=>a("duplicates",{precision:h,check:1})}>${e.check}<//> <span class="hint">${e.checkHint}</span></p>`}
        ${v&&x&&!T&&o`<p class="small taken">${e.taken(x.kept,x.precision)} <${w} kind="quiet" onClick=${()=>a("duplicates",{})}>${e.back}<//></p>`}
        <details class="more-settings" open=${matchMedia(Ee).matches}>
          <summary>${e.reduceAndSave}</summary>
          <${Pe} active=${v} problem=${fe} onReduce=${s=>(u(null),a("duplicates",s?{keep:s}:{}))} />
          <p class="exports">${e.save}
            <${w} kind="quiet" aria-label=${e.saveAs("CSV")} onClick=${()=>Ce(q,"csv").catch(i)}>CSV<//>
            <${w} kind="quiet" aria-label=${e.saveAs("JSONL")} onClick=${()=>Ce(q,"jsonl").catch(i)}>JSONL<//>
          </p>
        </details>
        <dl class="help" aria-label=${e.help}>${e.keys.map(([s,y])=>o`<div key=${y}><dt>${s.map(A=>o`<kbd key=${A}>${A}</kbd> `)}</dt><dd>${y}</dd></div>`)}</dl>
      </aside>
      <section aria-label=${e.review} aria-busy=${G}>
        ${t.check&&o`<${Ie} precision=${h} onChange=${()=>n(s=>s+1)} onEnd=${()=>(ce(),a("duplicates",{precision:h}))} />`}
        ${!t.check&&f&&o`<${U} error=${f} />`}
        ${T&&!fe&&o`<${U} error=${T} retry=${ce} />`}
        ${!x&&G&&o`<${J} lines=${9} />`}
        ${!t.check&&De&&o`<${re} title=${e.none}>${e.noneHint}<//>`}
        ${!t.check&&g&&o`<div class=${G?"group stale":"group"}>
          <div class="position">
            <h2>${e.position(p.group+1,x.total)}</h2>
            <span class="acts">
              <${w} aria-label=${e.previous} disabled=${!p.group&&!p.member} onClick=${X}>←<//>
              <${w} aria-label=${e.next} disabled=${p.group===O.length-1&&p.member>=L.length-1} onClick=${H}>→<//>
              <${w} aria-keyshortcuts="u" onClick=${me}>${e.undo} <kbd aria-hidden="true">U</kbd><//>
            </span>
          </div>
          <article class="kept">
            <div class="state"><span class="what">${e.states.kept}</span><span class="soft">${g.id}</span></div>
            <${ie} key=${g.row} text=${g.text} marks=${F?.differences.kept??[]} length=${g.length} />
          </article>
          <ol class="members" ref=${$e} aria-label=${e.membersOf(g.id,g.size)}>
            ${L.map((s,y)=>o`<${Te} key=${s.row} member=${s} current=${y===p.member} decision=${W(s)}
              onSelect=${()=>y!==p.member&&z({...p,member:y})}
              onUndo=${()=>de(g.row,s.row)}
              onDecide=${A=>(i(null),z({...p,member:y}),le(g.row,s.row,A,W(s)))} />`)}
          </ol>
          ${L.length<g.size&&o`<${w} onClick=${Oe}>${e.moreMembers(g.size-L.length)}<//>`}
        </div>`}
        <${we}>${!t.check&&g&&F?e.announced(p.group+1,x.total,p.member+1,g.size,W(F)):""}<//>
        <${Be} again=${m} onUndo=${de} />
      </section>
    </div>`}export{We as Duplicates,Re as numberOf};
