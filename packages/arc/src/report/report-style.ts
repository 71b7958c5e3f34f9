/** The style sheet of a report; it must not contain `<`, and it loads nothing. */
export const reportStyle = `
:root{color-scheme:light dark;--page:#f6f5f2;--card:#fff;--ink:#1d1f23;--soft:#60646c;--line:#e3e1dc;--grid:#e9e7e2;--base:#9a9da3;
--s1:#2563c9;--s2:#d9720b;--s3:#1c8a5b;--s4:#b0357f;--s5:#6d5bd0;--s6:#8a6d1a;--s7:#4b5563;
--think:#6d5bd0;--search:#2563c9;--information:#1c8a5b;--answer:#c2620a;--plain:#7b7f87;--right:#14774b;--wrong:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#131417;--card:#1b1d21;--ink:#e8e8e6;--soft:#a0a4ad;--line:#30333a;--grid:#2a2d33;--base:#6d717a;
--s1:#6ea8ff;--s2:#ffab5c;--s3:#5fd0a0;--s4:#f48cc6;--s5:#b3a6ff;--s6:#dcc26b;--s7:#b5bac4;
--think:#b3a6ff;--search:#7db1ff;--information:#5fd0a0;--answer:#ffab5c;--plain:#9a9ea7;--right:#5fd0a0;--wrong:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:clamp(1.5rem,4vw,2.1rem);line-height:1.2;letter-spacing:-.015em;margin:0 0 6px;overflow-wrap:anywhere}
.subtitle{color:var(--soft);margin:0 0 28px;max-width:72ch;overflow-wrap:anywhere}
h2{font-size:1.15rem;letter-spacing:-.005em;margin:40px 0 12px}
h3{font-size:.95rem;font-weight:600;margin:0 0 8px;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin:0;min-width:0}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:16px}
.stack{display:grid;gap:16px;grid-template-columns:minmax(0,1fr)}
.highlights{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,165px),1fr));gap:12px;margin:0 0 16px;padding:0;list-style:none}
.highlights li{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px}
.highlights span{display:block;color:var(--soft);font-size:.82rem}
.highlights strong{display:block;font-size:1.75rem;line-height:1.25;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;margin:0 -20px;padding:0 20px}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--s1);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:7px 14px 7px 0;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:baseline}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-weight:500;font-size:.82rem;border-bottom-color:var(--base)}
tbody th{font-weight:500}
tbody tr:last-child>*{border-bottom:0}
.number{text-align:right}
small{color:var(--soft);font-size:.82em;font-weight:400}
.dense td small{display:block}
.dense th,.dense td{padding-right:12px}
.dense thead th{white-space:normal;vertical-align:bottom}
figcaption{color:var(--soft);font-size:.84rem;margin-top:10px;max-width:80ch}
svg{display:block;width:100%;max-width:600px;height:auto;margin:0 auto;overflow:visible}
svg text{font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .axis{fill:var(--ink)}
svg .ring{font-size:9.5px;opacity:.85}
svg .value{font-size:10px;fill:var(--ink)}
.rule{stroke:var(--grid);fill:none}
line.base{stroke:var(--base)}
.line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.dashed.line{stroke-dasharray:5 4}
.band{fill:currentColor;opacity:.15}
.area{fill:currentColor;fill-opacity:.1;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.dot{fill:currentColor;stroke:var(--card);stroke-width:1}
.quiet{opacity:0;stroke:none}.quiet:hover{opacity:1}
rect{fill:currentColor}
.error{stroke:var(--ink);stroke-width:1.2;fill:none;opacity:.75}
.s1{color:var(--s1)}.s2{color:var(--s2)}.s3{color:var(--s3)}.s4{color:var(--s4)}.s5{color:var(--s5)}.s6{color:var(--s6)}.s7{color:var(--s7)}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 8px;padding:0;list-style:none;font-size:.84rem;color:var(--soft)}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;background:currentColor;margin-right:6px;vertical-align:-1px}
.legend i.dashed{background:none;border:2px dashed currentColor}
.transcript{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.transcript>summary{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline;padding:12px 20px;cursor:pointer;list-style:none}
.transcript>summary::-webkit-details-marker{display:none}
.transcript[open]>summary{border-bottom:1px solid var(--line)}
.transcript>:not(summary){margin-left:20px;margin-right:20px}
.transcript>:last-child{margin-bottom:20px}
.verdict{font-size:.8rem;font-weight:600;white-space:nowrap}
.right{color:var(--right)}.wrong{color:var(--wrong)}
.who{font-size:.84rem;color:var(--soft)}
.question{font-weight:550;flex:1 1 20ch;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px;margin:14px 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}dd em{color:var(--soft)}
.part{border-left:3px solid var(--c,var(--plain));padding:2px 0 4px 14px;margin-top:12px;font-size:.92rem}
.part b,.part>summary{display:block;color:var(--c,var(--plain));font-size:.74rem;font-weight:650;letter-spacing:.05em;text-transform:uppercase}
.part>summary{cursor:pointer}
.part div{white-space:pre-wrap;overflow-wrap:anywhere;max-height:22em;overflow-y:auto}
.think{--c:var(--think)}.search{--c:var(--search)}.information{--c:var(--information)}.answer{--c:var(--answer)}
.think div{font-style:italic}
.search div,.answer div{font-weight:600}
.information div{color:var(--soft)}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,240px),1fr));gap:20px 28px}
.sides section{min-width:0}.sides h3{margin:0}.sides dl{margin:6px 0 0}
.breakdown{display:grid;gap:14px;margin:0;padding:0;list-style:none;font-size:.9rem}
.breakdown li{display:grid;grid-template-columns:minmax(0,1fr) max-content;gap:2px 14px;align-items:baseline}
.breakdown li>*{min-width:0}
.breakdown strong{font-weight:550}
.breakdown .number{font-variant-numeric:tabular-nums}
.breakdown svg,.breakdown p{grid-column:1/-1}
.breakdown svg{max-width:none;height:10px;margin:2px 0}
.breakdown p{margin:0;color:var(--soft);font-size:.84rem;overflow-wrap:anywhere}
.track{color:var(--grid)}.span{color:var(--ink);opacity:.6}
a{color:var(--s1);text-underline-offset:2px}
a:focus-visible{outline:2px solid var(--s1);outline-offset:2px}
[id]{scroll-margin-top:5em}
.transcript:has(:target){border-color:var(--s1)}
.notes{color:var(--soft);max-width:80ch;font-size:.92rem;overflow-wrap:anywhere}
@media (max-width:560px){main{padding:24px 14px 40px}.card{padding:14px}.scroll{margin:0 -14px;padding:0 14px}svg text{font-size:13.5px}svg .value{font-size:11px}svg .ring{font-size:11px}td small{display:block}
.transcript>summary{padding:12px 14px}.transcript>:not(summary){margin-left:14px;margin-right:14px}}
@media print{body{background:#fff}.card,.transcript{break-inside:avoid}}
`;
