import { lastBoxed } from './last-boxed.js';

/** Lower-case Greek letters with one LaTeX name each that are no units, by themselves: in words they are letters like others. */
const greekLetters = new Map(
  Object.entries({
    α: 'alpha',
    β: 'beta',
    γ: 'gamma',
    δ: 'delta',
    ζ: 'zeta',
    η: 'eta',
    θ: 'theta',
    ι: 'iota',
    κ: 'kappa',
    λ: 'lambda',
    ν: 'nu',
    ξ: 'xi',
    ρ: 'rho',
    σ: 'sigma',
    τ: 'tau',
    υ: 'upsilon',
    χ: 'chi',
    ψ: 'psi',
    ω: 'omega',
  }),
);

/** Signs and spellings that stand for others. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/[\u00a0\u2009\u202f\n\r\t]/g, ' '],
  [/[−–—]/g, '-'],
  [/×/g, '\\times '],
  [/÷/g, '\\div '],
  [/[·⋅∙]/g, '\\cdot '],
  [/\*\*/g, '^'],
  [/π/g, '\\pi '],
  [/√/g, '\\sqrt '],
  [/∞/g, '\\infty '],
  [/≤|<=/g, '\\le '],
  [/≥|>=/g, '\\ge '],
  [/≠|\\neq(?![a-zA-Z])/g, '\\ne '],
  [/∅|\\varnothing(?![a-zA-Z])/g, '\\emptyset '],
  [/∪/g, '\\cup '],
  [/∈/g, '\\in '],
  [/±|\+\/-/g, '\\pm '],
  [/°/g, '^\\circ '],
  [/²/g, '^2'],
  [/³/g, '^3'],
  [/½/g, '\\frac{1}{2}'],
  [/¼/g, '\\frac{1}{4}'],
  [/¾/g, '\\frac{3}{4}'],
  [/\\leq(?![a-z])/g, '\\le '],
  [/\\geq(?![a-z])/g, '\\ge '],
  [/\\lt(?![a-z])/g, '<'],
  [/\\gt(?![a-z])/g, '>'],
  [/\\(?:left|right|big|Big|bigg|Bigg)[lr]?(?=[^a-zA-Z])/g, ''],
  [/\\(?:displaystyle|limits|quad|qquad)(?![a-zA-Z])/g, ' '],
  [/\\[dtc]frac/g, '\\frac'],
  [/\\dbinom/g, '\\binom'],
  [/\\langle/g, '('],
  [/\\rangle/g, ')'],
  [/\\[lr]vert/g, '|'],
  [/\\lbrace/g, '\\{'],
  [/\\rbrace/g, '\\}'],
  [/\\lbrack/g, '['],
  [/\\rbrack/g, ']'],
  [/\{,\}/g, ','],
  [/\\! ?/g, ''],
  // A thin space groups digits; elsewhere it is just space.
  [/(\d)\\,(?=\d{3}(?!\d))/g, '$1'],
  [/(?<!\\)\\[,;: ]|~/g, ' '],
  [/\\%/g, '%'],
  [/\\operatorname ?\{([a-z]{1,10})\}/g, '\\$1 '],
  [/\\(?:mathbf|mathit|mathsf|boldsymbol|ensuremath) ?/g, ''],
  [/\\(?:textbf|textit|textrm|textsf|textnormal|mathrm|mbox|hbox) ?\{/g, '\\text{'],
  [/\\text ?\{/g, '\\text{'],
  [/\\text\{ *percent *\}|(?<=[\d)}] ?)percent(?![a-z])/g, '%'],
  [/\\dots|\\ldots|\\cdots|…/g, '...'],
  [/\\?\$|[€£]|(?<![A-Za-z])USD(?![A-Za-z])/g, ''],
  [/\^ ?(?:\{ ?\\circ ?\}|\\circ(?![a-zA-Z])) ?/g, '\\degree '],
  // A ratio or a time.
  [/(?<=\d) *(?:\\colon|:) *(?=\d)/g, ':'],
  [/ {2,}/g, ' '],
];

/** Takes wrappers off that only set mathematics: `$…$`, `\(…\)`, `\[…\]` and `\boxed{…}`. */
function unwrap(text: string): string {
  const trimmed = text.trim();
  const inner = /^\\\(([\s\S]*)\\\)$|^\\\[([\s\S]*)\\\]$/.exec(trimmed);
  if (inner !== null) return unwrap(inner[1] ?? inner[2] ?? '');
  const boxed = lastBoxed(trimmed);
  return boxed !== null && /^\\(?:boxed|fbox) ?\{/.test(trimmed) && trimmed.endsWith(`${boxed}}`)
    ? unwrap(boxed)
    : trimmed;
}

/** Takes the commas out of `1,234` outside of brackets; inside, a comma separates. */
function joinThousands(text: string): string {
  return text.replaceAll(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, (digits, at: number) => {
    const before = text.slice(0, at);
    const isInside = (before.match(/[([]|\\\{/g) ?? []).length > (before.match(/[)\]]|\\\}/g) ?? []).length;
    return isInside ? digits : digits.replaceAll(',', '');
  });
}

/**
 * One spelling for what is written in many: LaTeX spacing, sizes and font commands, Unicode signs, currency signs, closing full stops and
 * the commas of thousands (`1,234`, never inside brackets, where a comma separates).
 */
export function cleanAnswer(text: string): string {
  let clean = unwrap(text);
  for (const [pattern, replacement] of replacements) clean = clean.replaceAll(pattern, replacement);
  clean = clean
    .replaceAll(/(?<!\p{L})[α-ω](?!\p{L})/gu, (letter) => `\\${greekLetters.get(letter) ?? letter} `)
    .trim()
    .replace(/(?<!\.)[.,;]$/, '')
    .trim();
  return joinThousands(clean);
}
